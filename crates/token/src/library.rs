//! A token's library in this process: loaded and started once, and started anew when a token of it stays lost.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
};
use parking_lot::{Mutex, RwLock};

use crate::TokenError;

/// Shortest pause between two starts of one library: its other tokens log in anew after each.
const RESTART_PAUSE: Duration = Duration::from_secs(2);
/// Longest wait for calls that are under way to end. A call that hangs is not waited for: the library stays as it is.
const RESTART_WAIT: Duration = Duration::from_millis(100);

/// Libraries that were loaded. None is unloaded: some have threads of their own.
static LOADED: Mutex<BTreeMap<PathBuf, Library>> = Mutex::new(BTreeMap::new());

/// A library, and what is known of its starts.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) context: Pkcs11,
    starts: Arc<RwLock<Starts>>,
    /// Where it is, whatever it is called by.
    place: PathBuf,
}

/// Read as long as the library is called, and written when it is started anew: then no call is under way (PKCS#11 3.1, 5.4.2).
struct Starts {
    /// Counts them. What began before the newest is gone, and its handles may be those of something else.
    number: u64,
    last: Option<Instant>,
    /// Somebody else in this process has started it, and may use it.
    is_shared: bool,
}

/// Loads a library and starts it, once in a process.
pub(crate) fn load(path: &Path) -> Result<Library, TokenError> {
    let mut loaded = LOADED.lock();
    if let Some(known) = loaded.get(path) {
        return Ok(known.clone());
    }
    if !path.exists() {
        return Err(TokenError::module(path, "there is no such file"));
    }
    let place = path.canonicalize().map_err(|error| TokenError::module(path, error))?;
    let known = loaded.values().find(|known| known.place == place).cloned();
    let library = match known {
        Some(known) => known,
        None => first(path, place)?,
    };
    loaded.insert(path.to_owned(), library.clone());
    Ok(library)
}

fn first(path: &Path, place: PathBuf) -> Result<Library, TokenError> {
    let context = Pkcs11::new(path).map_err(|error| TokenError::module(path, error))?;
    let is_shared = match start(&context) {
        Ok(()) => false,
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => true,
        Err(error) => return Err(TokenError::module(path, error)),
    };
    let starts = Starts { number: 0, last: None, is_shared };
    Ok(Library { context, starts: Arc::new(RwLock::new(starts)), place })
}

fn start(context: &Pkcs11) -> Result<(), Error> {
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
}

impl Library {
    /// Calls it. It is not started anew meanwhile; `work` is told the number of its newest start.
    pub(crate) fn called<T>(&self, work: impl FnOnce(u64) -> T) -> T {
        let starts = self.starts.read();
        work(starts.number)
    }

    /// Starts it anew, for a token that is not found again although it may be there: SoftHSM does not look twice. Sessions of everybody in this process end, who make new
    /// ones (TOKEN-3). `seen`: the start in which the token was lost. Whether there is a newer one in which it may be found.
    pub(crate) fn start_anew(&self, seen: u64) -> bool {
        let Some(mut starts) = self.starts.try_write_for(RESTART_WAIT) else { return false };
        if starts.number != seen {
            return true;
        }
        if starts.is_shared || starts.last.is_some_and(|last| last.elapsed() < RESTART_PAUSE) {
            return false;
        }
        starts.number += 1;
        starts.last = Some(Instant::now());
        // It is stopped already if it could not be started the last time.
        let _ = self.context.clone().finalize();
        start(&self.context).is_ok()
    }
}
