//! A token that is logged in to, and what happens when it is lost in mid-use (TOKEN-2, TOKEN-3).

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chancery_keys::Curve;
use cryptoki::{
    context::Pkcs11,
    error::{Error, RvError},
    object::ObjectHandle,
    session::{Session, UserType},
    slot::TokenInfo,
    types::AuthPin,
};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::{KeyUri, TokenAgreementKey, TokenError, TokenSigningKey, finding, module, pin};

/// What a URI does not say, from the surroundings of the process.
#[derive(Clone, Default)]
pub struct Access {
    /// The token's library, when the URI has no `module-path`.
    pub module: Option<PathBuf>,
    /// The PIN, when the URI has no `pin-source`.
    pub pin: Option<Zeroizing<String>>,
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
    pub(crate) fn module_of(&self, uri: &KeyUri) -> Result<PathBuf, TokenError> {
        uri.module_path.clone().or_else(|| self.module.clone()).ok_or(TokenError::NoModule)
    }
}

/// A token, logged in to, and the name of the keys that are meant in it.
pub struct Token {
    pub(crate) uri: KeyUri,
    library: Pkcs11,
    module: PathBuf,
    pin: Option<AuthPin>,
    /// It was there before: when it is not found, it is gone.
    is_known: AtomicBool,
    /// A wrong PIN is not given again: the token counts.
    is_pin_refused: AtomicBool,
    open: Mutex<Option<Open>>,
}

/// A session, and the keys that were found in it.
pub(crate) struct Open {
    pub(crate) session: Session,
    pub(crate) label: String,
    found: BTreeMap<Curve, ObjectHandle>,
}

impl Token {
    /// Finds the token, and logs in.
    ///
    /// # Errors
    /// [`TokenError`]: which part of the name is wrong, or what the token wants.
    pub fn open(uri: &KeyUri, access: &Access) -> Result<Arc<Self>, TokenError> {
        let module = access.module_of(uri)?;
        let library = module::load(&module)?;
        let pin = match &uri.pin_source {
            Some(path) => Some(pin::from_file(path)?),
            None => access.pin.as_ref().map(|pin| pin::secret(pin)),
        };
        let [is_known, is_pin_refused] = [false, false].map(AtomicBool::new);
        let token = Self { uri: uri.clone(), library, module, pin, is_known, is_pin_refused, open: Mutex::new(None) };
        token.with(|_| Ok(()))?;
        token.is_known.store(true, Ordering::Release);
        Ok(Arc::new(token))
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
    /// As [`Self::signing_key`].
    pub fn agreement_key(self: &Arc<Self>) -> Result<TokenAgreementKey, TokenError> {
        TokenAgreementKey::find(self)
    }

    /// Works in the session, and once more in a new one if the session, the log-in or the object was lost.
    pub(crate) fn with<T>(&self, work: impl Fn(&mut Open) -> Result<T, TokenError>) -> Result<T, TokenError> {
        let mut held = self.open.lock();
        let was_open = held.is_some();
        let mut result = self.attempt(&mut held, &work);
        if was_open && result.as_ref().is_err_and(TokenError::is_lost) {
            *held = None;
            result = self.attempt(&mut held, &work);
        }
        if result.as_ref().is_err_and(TokenError::is_lost) {
            *held = None;
        }
        result
    }

    fn attempt<T>(
        &self,
        held: &mut Option<Open>,
        work: &impl Fn(&mut Open) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        if held.is_none() {
            *held = Some(self.begin(false).map_err(|error| self.gone(error))?);
        }
        match held.as_mut() {
            Some(open) => work(open),
            None => Err(TokenError::Lost { reason: "there is no session".to_owned() }),
        }
    }

    /// A token that was there before is no wrong name.
    fn gone(&self, error: TokenError) -> TokenError {
        match error {
            TokenError::TokenNotFound { .. } if self.is_known.load(Ordering::Acquire) => {
                TokenError::Lost { reason: "its library shows it no more".to_owned() }
            }
            other => other,
        }
    }

    /// A session that is logged in.
    pub(crate) fn begin(&self, writes: bool) -> Result<Open, TokenError> {
        let (slot, info) = module::find(&self.library, &self.uri, &self.module)?;
        let label = module::label(&info);
        let session = if writes { self.library.open_rw_session(slot) } else { self.library.open_ro_session(slot) };
        let session = session.map_err(|error| TokenError::of("opening a session", &label, &error))?;
        if info.login_required() {
            self.log_in(&session, &info, &label)?;
        }
        Ok(Open { session, label, found: BTreeMap::new() })
    }

    fn log_in(&self, session: &Session, info: &TokenInfo, label: &str) -> Result<(), TokenError> {
        let token = || label.to_owned();
        if !info.user_pin_initialized() {
            return Err(TokenError::NoPinSet { token: token() });
        }
        if info.user_pin_locked() {
            return Err(TokenError::Locked { token: token() });
        }
        // A reader with keys of its own asks for the PIN itself.
        let pin = if info.protected_authentication_path() { None } else { self.pin.as_ref() };
        if pin.is_none() && !info.protected_authentication_path() {
            return Err(TokenError::NoPin { token: token() });
        }
        if self.is_pin_refused.load(Ordering::Acquire) {
            return Err(TokenError::WrongPin { token: token(), nearly_locked: info.user_pin_final_try() });
        }
        if info.user_pin_final_try() {
            return Err(TokenError::LastTry { token: token() });
        }
        match session.login(UserType::User, pin) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                self.is_pin_refused.store(true, Ordering::Release);
                let now = module::find(&self.library, &self.uri, &self.module);
                let nearly_locked = now.is_ok_and(|(_, info)| info.user_pin_final_try());
                Err(TokenError::WrongPin { token: token(), nearly_locked })
            }
            Err(error) => Err(TokenError::of("logging in", label, &error)),
        }
    }

    /// What the token can do, by the mechanisms that it lists.
    pub(crate) fn mechanisms(&self) -> Result<Vec<cryptoki::mechanism::MechanismType>, TokenError> {
        let (slot, info) = module::find(&self.library, &self.uri, &self.module)?;
        let listed = self.library.get_mechanism_list(slot);
        listed.map_err(|error| TokenError::of("listing mechanisms", &module::label(&info), &error))
    }
}

impl Open {
    /// The private key of a curve, looked for once in a session.
    pub(crate) fn private_key(&mut self, uri: &KeyUri, curve: Curve) -> Result<ObjectHandle, TokenError> {
        if let Some(known) = self.found.get(&curve) {
            return Ok(*known);
        }
        let (_, handle) = finding::private_key(self, uri, &[curve])?;
        self.found.insert(curve, handle);
        Ok(handle)
    }

    /// What a library's answer means here.
    pub(crate) fn failed(&self, doing: &'static str) -> impl Fn(Error) -> TokenError + '_ {
        move |error| TokenError::of(doing, &self.label, &error)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("uri", &self.uri).finish_non_exhaustive()
    }
}
