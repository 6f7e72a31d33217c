//! The key of a source, or of a journal that gives receipts: in a file that `chancery source key` makes, or in a token.

use std::path::Path;

use anyhow::{Context as _, Result};
use chancery_data::{Algorithm, Signer};
use zeroize::Zeroizing;

use super::token;
use crate::city::secrets::read_private;

/// As a file names how its key signs.
pub(crate) const SOURCE_ALGORITHMS: [(&str, Algorithm); 3] =
    [("EdDSA", Algorithm::EdDsa), ("ES256", Algorithm::Es256), ("ES256K", Algorithm::Es256K)];

/// The key in a file, or in the token that a `pkcs11:` URI names. It waits for a token.
pub(crate) fn source_in_file(path: &Path) -> Result<Signer> {
    if token::is_in_token(path) {
        return token::source_key(path);
    }
    let text = read_private(path).with_context(|| format!("cannot read the key file {}", path.display()))?;
    let parts = text.trim().split_once(' ').and_then(|(name, secret)| {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret, bytes.as_mut_slice()).ok()?;
        Some((SOURCE_ALGORITHMS.iter().find(|(known, _)| *known == name)?.1, bytes))
    });
    let (algorithm, secret) = parts
        .with_context(|| format!("{} holds no key of a source (made by `chancery source key`)", path.display()))?;
    Ok(Signer::from_bytes(algorithm, &secret)?)
}
