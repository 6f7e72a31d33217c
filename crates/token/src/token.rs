//! A token, as those who use its keys see it.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use chancery_keys::Curve;
use zeroize::Zeroizing;

use crate::{
    KeyUri, TokenAgreementKey, TokenError, TokenSigningKey, pin,
    session::{Connection, Open},
    worker::Worker,
};

/// Longest wait for one operation: less than what whoever has something signed waits for a chain or a gateway.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest wait for a library to start, or for a log-in at which somebody may type the PIN at the reader.
pub(crate) const OPENING_TIMEOUT: Duration = Duration::from_secs(120);

/// What a URI does not say, from the surroundings of the process.
#[derive(Clone, Default)]
pub struct Access {
    /// The token's library, when the URI has no `module-path`.
    pub module: Option<PathBuf>,
    /// The PIN, when the URI has no `pin-source`.
    pub pin: Option<Zeroizing<String>>,
    /// Gives the PIN once although the token has counted a wrong one before (TOKEN-2): a person has looked at it.
    pub pin_again: bool,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("module", &self.module).finish_non_exhaustive()
    }
}

impl Access {
    /// The library that a URI means.
    ///
    /// # Errors
    /// [`TokenError::NoModule`].
    fn module_of(&self, uri: &KeyUri) -> Result<PathBuf, TokenError> {
        uri.module_path.clone().or_else(|| self.module.clone()).ok_or(TokenError::NoModule)
    }
}

/// A token, logged in to, and the name of the keys that are meant in it. Its library is called by one thread of its own (TOKEN-5).
pub struct Token {
    pub(crate) uri: KeyUri,
    worker: Worker<Connection>,
}

impl Token {
    /// Finds the token, and logs in.
    ///
    /// # Errors
    /// [`TokenError`]: which part of the name is wrong, or what the token wants.
    pub fn open(uri: &KeyUri, access: &Access) -> Result<Arc<Self>, TokenError> {
        let module = access.module_of(uri)?;
        let pin = match &uri.pin_source {
            Some(path) => Some(pin::from_file(path)?),
            None => access.pin.as_ref().map(|pin| pin::secret(pin)),
        };
        let worker = Worker::start(Connection::new(uri.clone(), module, pin, access.pin_again))?;
        worker.ask(OPENING_TIMEOUT, Connection::open)?;
        Ok(Arc::new(Self { uri: uri.clone(), worker }))
    }

    /// The one key of this name that signs, of one of these curves.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::Ambiguous`], [`TokenError::NoPublicKey`], and those of a lost token.
    pub fn signing_key(self: &Arc<Self>, curves: &[Curve]) -> Result<TokenSigningKey, TokenError> {
        TokenSigningKey::find(self, curves)
    }

    /// The X25519 key of this name.
    ///
    /// # Errors
    /// As [`Self::signing_key`], and [`TokenError::NoPair`].
    pub fn agreement_key(self: &Arc<Self>) -> Result<TokenAgreementKey, TokenError> {
        TokenAgreementKey::find(self)
    }

    /// Makes the keys of a name, one of each curve, all with the same new identifier. The private halves never leave the token. What is only `wanted` may fail:
    /// why it did is returned.
    ///
    /// # Errors
    /// [`TokenError::Exists`] when there is one of the name and curve: nothing is made then; [`TokenError::NotSupported`] for a curve that is `needed` and that this
    /// token does not do.
    pub fn generate(&self, needed: &[Curve], wanted: &[Curve]) -> Result<Vec<(Curve, TokenError)>, TokenError> {
        let (needed, wanted) = (needed.to_vec(), wanted.to_vec());
        // A card makes a key in many seconds.
        self.worker.ask(OPENING_TIMEOUT, move |connection| {
            connection.called(|connection| connection.generate(&needed, &wanted))
        })
    }

    /// Works in the session, once more in a new one if the session, the log-in or the object was lost, and once more in a library that is started anew.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Open, &KeyUri) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        self.worker.ask(OPERATION_TIMEOUT, move |connection| connection.with(&work))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("uri", &self.uri).finish_non_exhaustive()
    }
}
