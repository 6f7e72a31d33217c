use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use alloy_primitives::FixedBytes;
use chancery_execution::ValidatorConfig;
use chancery_light::ValidatorKey;
use commonware_codec::{DecodeExt, Encode};
use commonware_cryptography::{
    Signer as _,
    bls12381::primitives::{
        group::Private,
        ops,
        variant::{MinPk, Variant},
    },
    ed25519,
};
use commonware_math::algebra::Random as _;
use commonware_utils::sys_rng;
use zeroize::Zeroizing;

use crate::{PeerKey, error::KeyError};

/// What proofs of possession are bound to (`docs/specs/finality.md`, FINALITY-8).
const POSSESSION_NAMESPACE: &[u8] = b"chancery-validator";
/// First line of a key file.
const KEY_FILE_HEADER: &str = "chancery validator key 1";
/// Only the owner may read or write a key file.
const KEY_FILE_MODE: u32 = 0o600;
/// A key file has three short lines.
const MAX_KEY_FILE_BYTES: u64 = 512;

/// A validator's secrets: the BLS key that votes and the Ed25519 key that authenticates its connections. Both are erased
/// from memory when the last copy is dropped, and never shown.
#[derive(Clone)]
pub struct ValidatorKeys {
    bls: Private,
    peer: ed25519::PrivateKey,
}

impl fmt::Debug for ValidatorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidatorKeys")
            .field("bls_public_key", &self.bls_public_key())
            .field("peer_public_key", &self.peer_public_key_bytes())
            .finish_non_exhaustive()
    }
}

impl ValidatorKeys {
    /// New keys from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut rng = sys_rng();
        Self { bls: Private::random(&mut rng), peer: ed25519::PrivateKey::random(&mut rng) }
    }

    /// Keys that follow from a seed: for tests and simulations alone, since everybody can compute them.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        use rand::SeedableRng as _;
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        Self { bls: Private::random(&mut rng), peer: ed25519::PrivateKey::random(&mut rng) }
    }

    /// Reads the keys from a file, or makes new ones and writes them there (mode 0600, durable before this returns).
    ///
    /// # Errors
    /// [`KeyError`]; a file that others may read is refused, not repaired.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(source) => Err(KeyError::Io { path: path.into(), action: "read", source }),
        }
    }

    /// Reads the keys from a file that must exist.
    ///
    /// # Errors
    /// [`KeyError`]; a file that others may read is refused, not repaired.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path).map_err(|source| KeyError::Io { path: path.into(), action: "read", source })?;
        Self::read(path, file)
    }

    /// The key that finality certificates are verified with.
    #[must_use]
    pub fn bls_public_key(&self) -> ValidatorKey {
        ValidatorKey::from_slice(&ops::compute_public::<MinPk>(&self.bls).encode())
    }

    /// The key that peers know this validator by, as the genesis file has it.
    #[must_use]
    pub fn peer_public_key_bytes(&self) -> FixedBytes<32> {
        FixedBytes::from_slice(self.peer_public_key().as_ref())
    }

    /// The key that peers know this validator by.
    #[must_use]
    pub fn peer_public_key(&self) -> PeerKey {
        self.peer.public_key()
    }

    /// The proof that whoever shows the BLS public key knows its secret (FINALITY-8): what a member sends, with both public keys, to
    /// whoever makes the genesis file. It depends on nothing but the key, so it can be made before the chain has a name.
    #[must_use]
    pub fn proof_of_possession(&self) -> FixedBytes<96> {
        FixedBytes::from_slice(&ops::sign_proof_of_possession::<MinPk>(&self.bls, POSSESSION_NAMESPACE).encode())
    }

    /// How the genesis file names this validator.
    #[must_use]
    pub fn public(&self, name: &str) -> ValidatorConfig {
        ValidatorConfig {
            name: name.to_owned(),
            bls_public_key: self.bls_public_key(),
            peer_public_key: self.peer_public_key_bytes(),
            proof_of_possession: self.proof_of_possession(),
            voting_account: None,
        }
    }

    pub(crate) const fn bls(&self) -> &Private {
        &self.bls
    }

    pub(crate) const fn peer(&self) -> &ed25519::PrivateKey {
        &self.peer
    }

    fn read(path: &Path, file: File) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Io { path: path.into(), action: "read", source };
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Permission { path: path.into(), mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_KEY_FILE_BYTES as usize));
        file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|reason| KeyError::Malformed { path: path.into(), reason })
    }

    fn create(path: &Path) -> Result<Self, KeyError> {
        let keys = Self::generate();
        let failed = |source| KeyError::Io { path: path.into(), action: "written", source };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(directory).map_err(failed)?;
        // Written aside and renamed, so that a crash never leaves half a key.
        let aside = path.with_extension("new");
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(KEY_FILE_MODE).open(&aside).map_err(failed)?;
        file.write_all(keys.format().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&aside, path).map_err(failed)?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        Ok(keys)
    }

    fn format(&self) -> Zeroizing<String> {
        let bls = Zeroizing::new(hex::encode(Zeroizing::new(self.bls.encode().to_vec())));
        let peer = Zeroizing::new(hex::encode(Zeroizing::new(self.peer.encode().to_vec())));
        Zeroizing::new(format!("{KEY_FILE_HEADER}\nbls {}\npeer {}\n", *bls, *peer))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.lines();
        if lines.next() != Some(KEY_FILE_HEADER) {
            return Err("it does not begin with the line of a key file");
        }
        let mut secret = |name: &str, reason| {
            let digits = lines.next().and_then(|line| line.strip_prefix(name)).ok_or(reason)?;
            hex::decode(digits).map(Zeroizing::new).map_err(|_| reason)
        };
        let bls = secret("bls ", "its BLS key cannot be read")?;
        let peer = secret("peer ", "its peer key cannot be read")?;
        if lines.next().is_some() {
            return Err("it has more lines than a key file");
        }
        Ok(Self {
            bls: Private::decode(bls.to_vec()).map_err(|_| "its BLS key cannot be read")?,
            peer: ed25519::PrivateKey::decode(peer.to_vec()).map_err(|_| "its peer key cannot be read")?,
        })
    }
}

/// A public BLS key as the consensus library has it.
pub(crate) type BlsPublicKey = <MinPk as Variant>::Public;

/// Whether a proof of possession belongs to a BLS public key.
pub(crate) fn possessed(key: &BlsPublicKey, proof: &FixedBytes<96>) -> bool {
    <MinPk as Variant>::Signature::decode(proof.to_vec())
        .is_ok_and(|proof| ops::verify_proof_of_possession::<MinPk>(key, POSSESSION_NAMESPACE, &proof).is_ok())
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
