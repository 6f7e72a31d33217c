//! Whether a folder can be written again.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

/// What a store wants to be free before it is tried again, in bytes: an attempt on a disk that is full to the last block would fail on the way.
pub const ROOM_BYTES: u64 = 1024 * 1024;
/// What is written to find out, in bytes: what is free by the numbers may be refused all the same, by a quota or by a disk that fails.
const PROBE_BYTES: usize = 64 * 1024;
const PROBE: &str = ".room";

/// Writes and syncs a little in a folder, where so many bytes and [`ROOM_BYTES`] are free; nothing of it stays.
///
/// # Errors
/// `StorageFull` where there is less room, and whatever writing there gives.
pub fn check_room(folder: &Path, bytes: u64) -> io::Result<()> {
    let found = rustix::fs::statvfs(folder)?;
    if found.f_bavail.saturating_mul(found.f_frsize) < bytes.saturating_add(ROOM_BYTES) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let path = folder.join(PROBE);
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&[0x5A; PROBE_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // STORE-3
    #[test]
    fn room_is_found_by_writing_and_nothing_of_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        check_room(folder.path(), 0).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(check_room(folder.path(), u64::MAX).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(check_room(&folder.path().join("gone"), 0).is_err());
    }
}
