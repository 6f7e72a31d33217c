//! Content negotiation: in which of several media types an answer is written (RFC 9110, 12.5.1).
//!
//! What does not read as a media range counts as if it were not there, and a header of which nothing is left as if there were none:
//! the header is a wish, and clients in use write it wrongly.

use chancery_reference_points::Code;
use http::{HeaderMap, header};

use crate::problem::ApiError;

/// The quality of a range that names none, in thousandths.
const FULL_QUALITY: u16 = 1000;

/// A media range of the header.
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    /// Everything that is text is UTF-8 here; whoever wants another charset gets another type.
    other_charset: bool,
    /// In thousandths; 0 is "not this".
    quality: u16,
}

/// What the asker likes best of what is offered; of what is liked equally the first. Without a wish that is the first of all.
pub(crate) fn choose<T: Copy>(
    headers: &HeaderMap,
    offered: &[T],
    media_type: impl Fn(T) -> &'static str,
) -> Result<T, ApiError> {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = lines.flat_map(|line| unquoted_parts(line, ',')).filter_map(range).collect();
    let liked = offered
        .iter()
        .map(|one| (if ranges.is_empty() { FULL_QUALITY } else { quality(&ranges, media_type(*one)) }, *one));
    // Of equal ones `max_by_key` takes the last.
    let best = liked.rev().filter(|(quality, _)| *quality > 0).max_by_key(|(quality, _)| *quality);
    best.map(|(_, one)| one).ok_or_else(|| {
        let offered: Vec<_> = offered.iter().map(|one| media_type(*one)).collect();
        ApiError::new(Code::NotAcceptable, format!("accept: this is written as {}", offered.join(", ")))
            .with("offered", offered)
    })
}

/// The most specific range decides; of equally specific ones the most generous.
fn quality(ranges: &[Range<'_>], media_type: &str) -> u16 {
    let (main, sub) = media_type.split_once('/').unwrap_or((media_type, ""));
    let matching = ranges.iter().filter(|range| !range.other_charset).filter_map(|range| {
        let specificity = match (range.main, range.sub) {
            ("*", _) => 0,
            (wanted, "*") if wanted.eq_ignore_ascii_case(main) => 1,
            (wanted, exactly) if wanted.eq_ignore_ascii_case(main) && exactly.eq_ignore_ascii_case(sub) => 2,
            _ => return None,
        };
        Some((specificity, range.quality))
    });
    matching.max().map_or(0, |(_, quality)| quality)
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = unquoted_parts(text, ';');
    // A star alone is no media range, but java.net.HttpURLConnection sends it.
    let (main, sub) = match parts.next()? {
        "*" => ("*", "*"),
        essence => essence.split_once('/')?,
    };
    if !is_token(main) || !is_token(sub) || (main == "*" && sub != "*") {
        return None;
    }
    let mut range = Range { main, sub, other_charset: false, quality: FULL_QUALITY };
    for parameter in parts.filter(|part| !part.is_empty()) {
        let (name, value) = parameter.split_once('=')?;
        if name.eq_ignore_ascii_case("q") {
            range.quality = thousandths(value)?;
        } else if name.eq_ignore_ascii_case("charset") {
            range.other_charset = !value.trim_matches('"').eq_ignore_ascii_case("utf-8");
        }
    }
    Some(range)
}

/// A weight (RFC 9110, 12.4.2): 0 to 1 with at most three decimals, in thousandths. Its zero may be missing.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(decimals),
        "" if text.len() > 1 => Some(decimals),
        "1" if decimals == 0 => Some(FULL_QUALITY),
        _ => None,
    }
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The parts between separators outside of quoted strings (RFC 9110, 5.6.4), without the white space around them.
fn unquoted_parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let mut ends: Vec<usize> = Vec::new();
    for (position, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            other if other == separator && !quoted => ends.push(position),
            _ => {}
        }
    }
    ends.push(text.len());
    let mut begin = 0;
    ends.into_iter().filter_map(move |end| {
        let part = text.get(begin..end);
        begin = end + separator.len_utf8();
        part.map(str::trim)
    })
}

#[cfg(test)]
mod tests;
