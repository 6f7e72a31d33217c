//! What can go wrong between us and a token, and what to do about it.

use std::path::{Path, PathBuf};

use chancery_keys::{Curve, KeyFailure};
use cryptoki::error::{Error, RvError};

/// Why a token does not do what is asked. It never holds a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No library is named.
    #[error(
        "which library speaks to the token? Name it with ?module-path=FILE, or in CHANCERY_PKCS11_MODULE (SoftHSM: /usr/lib/softhsm/libsofthsm2.so)"
    )]
    NoModule,
    /// The library does not load.
    #[error("the token's library {} cannot be loaded ({reason}): install the token's software, or correct module-path", .path.display())]
    ModuleNotFound {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No such token, or more than one.
    #[error("{found} of the tokens that {} shows are meant by `{wanted}`, not one; it shows: {shown}", .module.display())]
    TokenNotFound {
        /// What was asked for.
        wanted: String,
        /// How many fit.
        found: usize,
        /// Those that are there.
        shown: String,
        /// The library.
        module: PathBuf,
    },
    /// The token has no PIN yet.
    #[error(
        "token `{token}` has no user PIN yet: set one with the tool of its maker (SoftHSM: softhsm2-util --init-token)"
    )]
    NoPinSet {
        /// The token.
        token: String,
    },
    /// The PIN is not known.
    #[error("token `{token}` wants a PIN: name a file that holds it with pin-source=file:PATH, or set CHANCERY_PIN")]
    NoPin {
        /// The token.
        token: String,
    },
    /// The file of the PIN.
    #[error("the PIN file {} cannot be used: {reason}", .path.display())]
    PinFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// Wrong PIN.
    #[error("token `{token}` refuses the PIN; {}. Correct the PIN before you try again", tries(.nearly_locked))]
    WrongPin {
        /// The token.
        token: String,
        /// Whether the token says that the next wrong one locks it.
        nearly_locked: bool,
    },
    /// Not tried.
    #[error(
        "one more wrong PIN locks token `{token}`, so none is given: log in once with the tool of its maker, with the right one, and try again"
    )]
    LastTry {
        /// The token.
        token: String,
    },
    /// Not tried: it has counted a wrong one since the last good log-in.
    #[error(
        "somebody has given token `{token}` a wrong PIN, and it counts, so none is given: see that the PIN file is right, and give it once with `chancery key show --pin-again`"
    )]
    WrongPinBefore {
        /// The token.
        token: String,
    },
    /// The log-in failed in another way.
    #[error(
        "token `{token}` does not log in ({reason}). It may have counted the PIN, so it is not given again: see to the token with the tool of its maker, and start anew"
    )]
    NotLoggedIn {
        /// The token.
        token: String,
        /// In its words.
        reason: String,
    },
    /// Locked.
    #[error(
        "token `{token}` is locked after too many wrong PINs: its security officer unlocks it with the tool of its maker"
    )]
    Locked {
        /// The token.
        token: String,
    },
    /// No such key.
    #[error("there is no {curve} {key}: `chancery key new` with this name makes one; check token, object and id")]
    KeyNotFound {
        /// Which.
        key: String,
        /// Of which curve.
        curve: String,
    },
    /// More than one.
    #[error("{found} private keys of {curve} are the {key}: say which with id=")]
    Ambiguous {
        /// Which.
        key: String,
        /// Of which curve.
        curve: String,
        /// How many.
        found: usize,
    },
    /// There is one already.
    #[error("there is a {curve} {key} already: it is not made anew; choose another name")]
    Exists {
        /// Which.
        key: String,
        /// Of which curve.
        curve: Curve,
    },
    /// No public half.
    #[error(
        "the public half of the {key} is not in the token, or of another form: have the tool of its maker write it there"
    )]
    NoPublicKey {
        /// Which.
        key: String,
    },
    /// The public half is of another private key (KEY-1).
    #[error(
        "the public half of the {key} is of another key: the two objects in the token are no pair. Public objects can be replaced without a PIN: find out who did, and make a new key"
    )]
    NoPair {
        /// Which.
        key: String,
    },
    /// Not made by this token.
    #[error("token `{token}` does not do {what} ({reason}): it cannot keep this kind of key")]
    NotSupported {
        /// The token.
        token: String,
        /// What.
        what: String,
        /// In its words.
        reason: String,
    },
    /// The key may not do it.
    #[error(
        "the token does not let the key do this ({reason}): it was made for another use; make it with `chancery key new`"
    )]
    NotPermitted {
        /// In its words.
        reason: String,
    },
    /// Gone.
    #[error("the token is gone ({reason}): put it back, or start its service, and try again")]
    Lost {
        /// In its words.
        reason: String,
    },
    /// Not in time.
    #[error("the token does not answer ({reason}): see to the device, its connection and its service, and try again")]
    NoAnswer {
        /// For how long, or why not.
        reason: String,
    },
    /// Anything else.
    #[error("the token fails at {doing}: {reason}")]
    Failed {
        /// At what.
        doing: &'static str,
        /// In its words.
        reason: String,
    },
}

const fn tries(nearly_locked: &bool) -> &'static str {
    if *nearly_locked { "one more wrong one locks it" } else { "it counts wrong ones, and locks itself after a few" }
}

impl TokenError {
    /// What a library's answer means.
    pub(crate) fn of(doing: &'static str, token: &str, error: &Error) -> Self {
        let reason = error.to_string();
        let Error::Pkcs11(code, _) = error else { return Self::Failed { doing, reason } };
        match code {
            RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::DeviceError
            | RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::UserNotLoggedIn
            | RvError::ObjectHandleInvalid
            | RvError::KeyHandleInvalid
            | RvError::CryptokiNotInitialized
            // What SoftHSM says of a token whose folder is gone.
            | RvError::GeneralError => Self::Lost { reason },
            RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::CurveNotSupported
            | RvError::DomainParamsInvalid
            | RvError::FunctionNotSupported => {
                Self::NotSupported { token: token.to_owned(), what: doing.to_owned(), reason }
            }
            RvError::KeyFunctionNotPermitted
            | RvError::KeyTypeInconsistent
            | RvError::ActionProhibited
            | RvError::AttributeSensitive => Self::NotPermitted { reason },
            RvError::PinLocked => Self::Locked { token: token.to_owned() },
            _ => Self::Failed { doing, reason },
        }
    }

    /// Whether a new session may help.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    /// Whether the same may succeed later, with nothing changed but the token's being there.
    const fn is_temporary(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::NoAnswer { .. })
    }

    pub(crate) fn module(path: &Path, reason: impl ToString) -> Self {
        Self::ModuleNotFound { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl From<TokenError> for KeyFailure {
    fn from(error: TokenError) -> Self {
        let text = error.to_string();
        if error.is_temporary() { Self::Unavailable(text) } else { Self::Refused(text) }
    }
}
