//! Files of messages: read with a bound, written for their owner alone.

use std::{
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::NamedTempFile;

use crate::commands::read_bounded;

/// A file, or standard input, of at most so many bytes.
pub(super) fn read(path: &Path, max_bytes: usize) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return read_bounded(path, max_bytes as u64);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(max_bytes as u64 + 1).read_to_end(&mut bytes).context("cannot read standard input")?;
    ensure!(bytes.len() <= max_bytes, "standard input is longer than {max_bytes} bytes");
    Ok(bytes)
}

/// Refuses a name that is taken, before anything is asked of anybody.
pub(super) fn ensure_free(path: &Path) -> Result<()> {
    ensure!(!path.exists(), "{} exists: choose another name", path.display());
    Ok(())
}

/// Writes a new file of mode 0600, whole or not at all.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write into {}: make the folder first", folder.display()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
