//! Codes of organizations.

use crate::ascii32::{Alphabet, MAX_NAME_BYTES, ascii_name};

const CODE: Alphabet = Alphabet {
    what: "organization code",
    class: "[0-9A-Z-]",
    allows: |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'-',
};

/// Names an organization in every city: the unified social credit code (GB 32100, 18 characters) where there is one,
/// otherwise any 1 to 32 characters of `[0-9A-Z-]`. Its check digit is not enforced, other countries' codes have none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationCode([u8; MAX_NAME_BYTES]);

ascii_name!(OrganizationCode, crate::organization::CODE);
