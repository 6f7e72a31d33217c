//! Files of messages: read with a bound, written for their owner alone.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// A file, or standard input, of at most so many bytes. It is what nobody else shall read: it is wiped when it is dropped, and has its room from the
/// beginning, because a vector that grows leaves what it held before behind.
pub(super) fn read(path: &Path, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(max_bytes + 64));
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let most = max_bytes as u64 + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        file.take(most).read_to_end(&mut bytes)
    };
    read.with_context(|| format!("cannot read {name}"))?;
    ensure!(bytes.len() <= max_bytes, "{name} is longer than {max_bytes} bytes");
    Ok(bytes)
}

/// Refuses a name that is taken, before anything is asked of anybody.
pub(in crate::commands) fn ensure_free(path: &Path) -> Result<()> {
    ensure!(!path.exists(), "{} exists: choose another name", path.display());
    Ok(())
}

/// Writes a new file of mode 0600, whole or not at all.
pub(in crate::commands) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write into {}: make the folder first", folder.display()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
