//! `Link` (RFC 8288, section 3): where the next page is.

/// The target of the first link whose relation is `next`, as it stands there; none when there is none or the field is malformed.
pub(super) fn next(field: &str) -> Option<&str> {
    let mut rest = field.trim_start();
    while let Some(opened) = rest.strip_prefix('<') {
        let (target, behind) = opened.split_once('>')?;
        let (parameters, following) = one(behind);
        if parameters.iter().any(|(name, value)| is_next(name, value)) {
            return Some(target);
        }
        rest = following.trim_start();
    }
    None
}

fn is_next(name: &str, value: &str) -> bool {
    name.eq_ignore_ascii_case("rel") && value.split_ascii_whitespace().any(|kind| kind.eq_ignore_ascii_case("next"))
}

/// The parameters of a link, and what follows its comma.
fn one(text: &str) -> (Vec<(&str, &str)>, &str) {
    let (mut quoted, mut escaped, mut from) = (false, false, 0);
    let mut parameters = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' | b',' if !quoted => {
                parameters.extend(parameter(&text[from..at]));
                from = at + 1;
                if byte == b',' {
                    return (parameters, &text[from..]);
                }
            }
            _ => {}
        }
    }
    parameters.extend(parameter(&text[from..]));
    (parameters, "")
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Some((name.trim(), unquoted.unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // S-COL
    #[test]
    fn the_next_page_is_found_among_other_links() {
        assert_eq!(next(r#"<https://a/?page=2>; rel="next""#), Some("https://a/?page=2"));
        assert_eq!(next(r#"</a,b>; title="x, <y>; rel=next"; rel=prev , <?c>; REL="last Next""#), Some("?c"));
        assert_eq!(next("<a>;rel=next"), Some("a"));
        for none in ["", "a; rel=next", "<a>; rel=nexts", "<a; rel=next", r#"<a>; title="\"; rel=next"#, "<a>, <b>"] {
            assert_eq!(next(none), None, "{none}");
        }
    }

    proptest! {
        // S-COL
        #[test]
        fn no_field_makes_it_panic(field in "[<>a;,=\"\\\\ relnxt]{0,60}|\\PC*") {
            let _ = next(&field);
        }
    }
}
