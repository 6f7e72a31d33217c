//! A session with a token, and what happens when it is lost in mid-use (TOKEN-3). Used by one thread.

use std::{collections::BTreeMap, mem, path::PathBuf};

use chancery_keys::Curve;
use cryptoki::{error::Error, mechanism::MechanismType, object::ObjectHandle, session::Session, types::AuthPin};

use crate::{KeyUri, TokenError, finding, library, log_in::LogIn, module};

/// What is needed to speak to a token, and its session when there is one.
pub(crate) struct Connection {
    pub(crate) uri: KeyUri,
    module: PathBuf,
    log_in: LogIn,
    /// It was there before: when it is not found, it is gone.
    is_known: bool,
    /// The start of the library in which the session began.
    start: u64,
    open: Option<Open>,
}

/// A session, and the keys that were found in it.
pub(crate) struct Open {
    pub(crate) session: Session,
    pub(crate) label: String,
    found: BTreeMap<Curve, ObjectHandle>,
}

impl Connection {
    pub(crate) fn new(uri: KeyUri, module: PathBuf, pin: Option<AuthPin>, pin_again: bool) -> Self {
        Self { uri, module, log_in: LogIn::new(pin, pin_again), is_known: false, start: 0, open: None }
    }

    /// Finds the token for the first time, and logs in.
    pub(crate) fn open(&mut self) -> Result<(), TokenError> {
        self.with(&|_: &mut Open, _: &KeyUri| Ok(()))?;
        self.is_known = true;
        Ok(())
    }

    /// Works in the session, and once more in a new one if the session, the log-in or the object was lost; and if the token was there before and stays lost, in a library
    /// that is started anew.
    pub(crate) fn with<T>(
        &mut self,
        work: &impl Fn(&mut Open, &KeyUri) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let result = self.called(|connection| connection.with_session(work));
        let is_gone = self.is_known && result.as_ref().is_err_and(TokenError::is_lost);
        if is_gone && library::load(&self.module)?.start_anew(self.start) {
            return self.called(|connection| connection.with_session(work));
        }
        result
    }

    /// Calls the library, which is not started anew meanwhile. Of a session from before its newest start nothing is left but a number, which may be another's.
    pub(crate) fn called<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, TokenError>) -> Result<T, TokenError> {
        library::load(&self.module)?.called(|start| {
            if self.start != start {
                self.start = start;
                if let Some(open) = self.open.take() {
                    // To be dropped is to be closed, and with it another session of this number.
                    mem::forget(open.session);
                }
            }
            work(self)
        })
    }

    fn with_session<T>(
        &mut self,
        work: &impl Fn(&mut Open, &KeyUri) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let was_open = self.open.is_some();
        let mut result = self.attempt(work);
        if was_open && result.as_ref().is_err_and(TokenError::is_lost) {
            self.open = None;
            result = self.attempt(work);
        }
        if result.as_ref().is_err_and(TokenError::is_lost) {
            self.open = None;
        }
        result
    }

    fn attempt<T>(&mut self, work: &impl Fn(&mut Open, &KeyUri) -> Result<T, TokenError>) -> Result<T, TokenError> {
        if self.open.is_none() {
            let begun = self.begin(false);
            self.open = Some(begun.map_err(|error| self.gone(error))?);
        }
        match self.open.as_mut() {
            Some(open) => work(open, &self.uri),
            None => Err(TokenError::Lost { reason: "there is no session".to_owned() }),
        }
    }

    /// A token that was there before is no wrong name.
    fn gone(&self, error: TokenError) -> TokenError {
        match error {
            TokenError::TokenNotFound { .. } if self.is_known => {
                TokenError::Lost { reason: "its library shows it no more".to_owned() }
            }
            other => other,
        }
    }

    /// A session that is logged in.
    pub(crate) fn begin(&mut self, writes: bool) -> Result<Open, TokenError> {
        let library = library::load(&self.module)?.context;
        let (slot, info) = module::find(&library, &self.uri, &self.module)?;
        let label = module::label(&info);
        let session = if writes { library.open_rw_session(slot) } else { library.open_ro_session(slot) };
        let session = session.map_err(|error| TokenError::of("opening a session", &label, &error))?;
        if info.login_required() {
            let now = || module::find(&library, &self.uri, &self.module).ok().map(|(_, info)| info);
            self.log_in.run(&session, &info, now)?;
        }
        Ok(Open { session, label, found: BTreeMap::new() })
    }

    /// What the token can do, by the mechanisms that it lists.
    pub(crate) fn mechanisms(&self) -> Result<Vec<MechanismType>, TokenError> {
        let library = library::load(&self.module)?.context;
        let (slot, info) = module::find(&library, &self.uri, &self.module)?;
        let listed = library.get_mechanism_list(slot);
        listed.map_err(|error| TokenError::of("listing mechanisms", &module::label(&info), &error))
    }
}

/// A session that is still there is closed while nobody starts the library anew.
impl Drop for Connection {
    fn drop(&mut self) {
        if self.open.is_some() {
            let _ = self.called(|connection| {
                connection.open = None;
                Ok(())
            });
        }
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
