//! The tokens that a library shows, and the one that is meant.

use std::path::Path;

use cryptoki::{
    context::Pkcs11,
    error::Error,
    slot::{Slot, TokenInfo},
};

use crate::{KeyUri, TokenError};

/// Every token that is there and has been set up.
pub(crate) fn present(library: &Pkcs11) -> Result<Vec<(Slot, TokenInfo)>, TokenError> {
    let failed = |error: &Error| TokenError::of("listing tokens", "", error);
    let slots = library.get_slots_with_token().map_err(|error| failed(&error))?;
    // A reader that fails does not hide the others.
    let infos = slots.into_iter().filter_map(|slot| library.get_token_info(slot).ok().map(|info| (slot, info)));
    Ok(infos.filter(|(_, info)| info.token_initialized()).collect())
}

/// The one token that a name means.
pub(crate) fn find(library: &Pkcs11, uri: &KeyUri, module: &Path) -> Result<(Slot, TokenInfo), TokenError> {
    let present = present(library)?;
    let shown = match present.as_slice() {
        [] => "none".to_owned(),
        some => some.iter().map(|(_, info)| format!("`{}`", label(info))).collect::<Vec<_>>().join(", "),
    };
    let mut meant: Vec<_> = present.into_iter().filter(|(_, info)| is_meant(uri, info)).collect();
    let found = meant.len();
    match (meant.pop(), found) {
        (Some(one), 1) => Ok(one),
        _ => Err(TokenError::TokenNotFound { wanted: uri.to_string(), found, shown, module: module.to_owned() }),
    }
}

fn is_meant(uri: &KeyUri, info: &TokenInfo) -> bool {
    let fits = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found.trim_end());
    fits(&uri.token, info.label())
        && fits(&uri.serial, info.serial_number())
        && fits(&uri.manufacturer, info.manufacturer_id())
        && fits(&uri.model, info.model())
}

/// A token's label, to be shown.
pub(crate) fn label(info: &TokenInfo) -> String {
    printable(info.label())
}

/// A text of a token without the blanks that fill it, to be shown. Whoever sets up a token writes it: what steers a terminal or turns a line around becomes U+FFFD.
pub(crate) fn printable(text: &str) -> String {
    text.trim_end().chars().map(|one| if steers(one) { char::REPLACEMENT_CHARACTER } else { one }).collect()
}

/// Control characters, separators of lines, and those of bidirectional text (Unicode Standard Annex 9, 2).
fn steers(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    // TOKEN-6
    #[test]
    fn what_a_token_says_steers_no_terminal() {
        assert_eq!(
            printable("city\u{1b}[2J\u{202e}llah\u{2066}\u{7}\u{9b}  "),
            "city\u{fffd}[2J\u{fffd}llah\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(printable("市政厅 Küste 1 "), "市政厅 Küste 1");
    }
}
