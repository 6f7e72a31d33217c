//! The same test again, in a process that finds a new token.

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use chancery_testing::process::SoftHsm;
use chancery_token::{Access, KeyUri, Token, TokenError};

const FOLDER: &str = "CHANCERY_TEST_TOKEN";
const LABEL: &str = "office";

/// Runs `body` with a new token; `test` is the full name of the calling test.
pub(crate) fn with_token(test: &str, body: impl FnOnce(&SoftHsm)) {
    if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
        body(&SoftHsm::at(&folder, LABEL));
        fs::write(folder.join("ran"), "").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let token = SoftHsm::init(folder.path(), LABEL).unwrap();
    let (name, value) = token.environment();
    let status = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(name, value)
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its process");
    assert!(folder.path().join("ran").exists(), "no test is called {test}");
}

/// Opens the token that a key's name means, although it has counted a wrong PIN.
pub(crate) fn open_again(name: &str) -> Result<Arc<Token>, TokenError> {
    Token::open(&name.parse::<KeyUri>().unwrap(), &Access { pin_again: true, ..Access::default() })
}

/// Opens the token that a key's name means.
pub(crate) fn open(name: &str) -> Result<Arc<Token>, TokenError> {
    Token::open(&name.parse::<KeyUri>().unwrap(), &Access::default())
}
