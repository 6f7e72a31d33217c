//! Giving the PIN (TOKEN-2): a token counts wrong ones, over all processes, and locks itself.

use cryptoki::{
    error::{Error, RvError},
    session::{Session, UserType},
    slot::TokenInfo,
    types::AuthPin,
};

use crate::{TokenError, module};

/// The PIN, and what became of it.
pub(crate) struct LogIn {
    pin: Option<AuthPin>,
    /// It may be given once although the token has counted a wrong one.
    pin_again: bool,
    /// What was said when it was refused: it is not given again.
    refused: Option<TokenError>,
}

impl LogIn {
    pub(crate) const fn new(pin: Option<AuthPin>, pin_again: bool) -> Self {
        Self { pin, pin_again, refused: None }
    }

    /// Logs in, if that costs no more than one try. `now` asks the token for its state anew.
    pub(crate) fn run(
        &mut self,
        session: &Session,
        info: &TokenInfo,
        now: impl FnOnce() -> Option<TokenInfo>,
    ) -> Result<(), TokenError> {
        let token = || module::label(info);
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
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        if info.user_pin_final_try() {
            return Err(TokenError::LastTry { token: token() });
        }
        // Whoever starts a process again and again with a wrong PIN would lock the token.
        if info.user_pin_count_low() && !self.pin_again {
            return Err(TokenError::WrongPinBefore { token: token() });
        }
        self.pin_again = false;
        let error = match session.login(UserType::User, pin) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => return Ok(()),
            Err(error) => error,
        };
        let refused = match &error {
            Error::Pkcs11(code, _) if never_arrived(*code) => {
                return Err(TokenError::of("logging in", &token(), &error));
            }
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                let nearly_locked = now().is_some_and(|info| info.user_pin_final_try());
                TokenError::WrongPin { token: token(), nearly_locked }
            }
            Error::Pkcs11(RvError::PinLocked, _) => TokenError::Locked { token: token() },
            _ => TokenError::NotLoggedIn { token: token(), reason: error.to_string() },
        };
        self.refused = Some(refused.clone());
        Err(refused)
    }
}

/// Whether the PIN came to no token: session or device were gone. After any other answer it may have been counted.
const fn never_arrived(code: RvError) -> bool {
    matches!(
        code,
        RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::SlotIdInvalid
            | RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::CryptokiNotInitialized
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    // TOKEN-2: what may have cost a try is no lost session, which would be tried again.
    #[test]
    fn only_what_never_arrived_is_tried_again() {
        for code in [RvError::SessionHandleInvalid, RvError::SessionClosed, RvError::DeviceRemoved] {
            assert!(never_arrived(code), "{code}");
        }
        let counted = [
            RvError::GeneralError,
            RvError::DeviceError,
            RvError::FunctionFailed,
            RvError::PinIncorrect,
            RvError::UserNotLoggedIn,
        ];
        for code in counted {
            assert!(!never_arrived(code), "{code}");
        }
    }
}
