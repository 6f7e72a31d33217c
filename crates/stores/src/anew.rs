//! Writing a file anew, so that what is read of it is on the disk (STORE-2).

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

const BLOCK_BYTES: u64 = 64 * 1024;

/// Writes a file anew, byte for byte, syncs it, and puts it in its own place: what can be read of it afterwards is on the disk, whatever an earlier sync has said of the same bytes.
/// Blocks of zeros stay holes. Nobody else may have it open.
///
/// # Errors
/// Whatever reading or writing gives; the file is as it was then.
pub fn write_anew(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let aside = path.with_extension("anew");
    let written = copy(path, &aside).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // What is left of it is no file of the store, and the next try writes over it.
        fs::remove_file(&aside).ok();
    }
    written?;
    File::open(folder)?.sync_all()
}

fn copy(path: &Path, aside: &Path) -> io::Result<()> {
    let mut from = File::open(path)?;
    let found = from.metadata()?;
    let mut to = File::create(aside)?;
    to.set_permissions(found.permissions())?;
    let mut block = Vec::new();
    loop {
        block.clear();
        let read = (&mut from).take(BLOCK_BYTES).read_to_end(&mut block)?;
        if read == 0 {
            break;
        }
        if block.iter().all(|byte| *byte == 0) {
            to.seek(SeekFrom::Current(i64::try_from(read).map_err(io::Error::other)?))?;
        } else {
            to.write_all(&block)?;
        }
    }
    to.set_len(found.len())?;
    to.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // STORE-2
    #[test]
    fn a_file_that_is_written_anew_is_another_file_with_the_same_bytes() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.jnl");
        let mut bytes = vec![7; 100_000];
        bytes.extend(vec![0; 200_000]);
        bytes.extend(b"end");
        bytes.extend(vec![0; 300_000]);
        fs::write(&path, &bytes).unwrap();
        let before = fs::metadata(&path).unwrap();
        write_anew(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let after = fs::metadata(&path).unwrap();
        assert_ne!(after.ino(), before.ino());
        assert_eq!(after.mode(), before.mode());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_anew(&folder.path().join("gone")).is_err());
    }
}
