//! A real PKCS#11 token: SoftHSM, from Debian's packages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";
const SO_PIN: &str = "87654321";

/// A token that has been set up in a folder. Its library reads the folder's place from the environment of the process that loads it: [`SoftHsm::environment`].
#[derive(Clone, Debug)]
pub struct SoftHsm {
    folder: PathBuf,
    /// The token's label.
    pub label: String,
}

impl SoftHsm {
    /// The PIN of every token here.
    pub const PIN: &str = "246813";

    /// Sets up a token.
    ///
    /// # Errors
    /// When SoftHSM is not installed (`cargo xtask test` does it, or `apt-get install softhsm2`), or refuses.
    pub fn init(folder: &Path, label: &str) -> Result<Self> {
        let token = Self::at(folder, label);
        fs::create_dir_all(token.tokens())?;
        let configuration = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            token.tokens().display()
        );
        fs::write(folder.join("softhsm2.conf"), configuration)?;
        token.write_pin("pin", Self::PIN)?;
        let (name, value) = token.environment();
        let status = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", Self::PIN])
            .env(name, value)
            .stdout(Stdio::null())
            .status()
            .context("cannot start softhsm2-util: install softhsm2")?;
        ensure!(status.success(), "softhsm2-util makes no token");
        Ok(token)
    }

    /// A token that was set up before.
    #[must_use]
    pub fn at(folder: &Path, label: &str) -> Self {
        Self { folder: folder.to_path_buf(), label: label.to_owned() }
    }

    /// What a process needs in its environment to find the token.
    #[must_use]
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SOFTHSM2_CONF", self.folder.join("softhsm2.conf"))
    }

    /// Its library.
    #[must_use]
    pub fn library(&self) -> &'static Path {
        Path::new(LIBRARY)
    }

    /// Where the token is: moved away, it is gone.
    #[must_use]
    pub fn tokens(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    /// The name of a key in it (RFC 7512), with library and PIN.
    #[must_use]
    pub fn key(&self, object: &str) -> String {
        self.key_with_pin(object, "pin")
    }

    /// The same, with the PIN of another file of the folder.
    #[must_use]
    pub fn key_with_pin(&self, object: &str, file: &str) -> String {
        let pin = self.folder.join(file);
        format!("pkcs11:token={};object={object}?module-path={LIBRARY}&pin-source=file:{}", self.label, pin.display())
    }

    /// Writes a PIN to a file of the folder that its owner alone reads.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_pin(&self, file: &str, pin: &str) -> Result<()> {
        let path = self.folder.join(file);
        fs::write(&path, format!("{pin}\n"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }
}
