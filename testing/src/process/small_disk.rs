//! A file system that is small enough to be filled.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};

/// What [`SmallDisk::mount`] needs.
pub const MOUNTING: &str = "a small disk needs a user that may mount file systems (`unshare --mount`): root";

/// What takes the room.
const FILLER: &str = "filler";

/// A file system of its own, in a mount namespace that ends with this.
#[derive(Debug)]
pub struct SmallDisk {
    holder: Child,
    mounted: PathBuf,
}

impl SmallDisk {
    /// `None` where this user may not mount.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn mount(at: &Path, mebibytes: u32) -> Result<Option<Self>> {
        fs::create_dir_all(at)?;
        let script =
            format!("mount -t tmpfs -o size={mebibytes}m small '{}' && echo mounted && exec cat", at.display());
        let started = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut holder) = started else { return Ok(None) };
        let mut line = [0; 8];
        let said = holder.stdout.as_mut().map(|said| said.read_exact(&mut line));
        if !matches!(said, Some(Ok(()))) {
            holder.wait().ok();
            return Ok(None);
        }
        let mounted = PathBuf::from(format!("/proc/{}/root{}", holder.id(), at.display()));
        Ok(Some(Self { holder, mounted }))
    }

    /// Where this process sees it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.mounted
    }

    /// What a program is started through to see it where it was mounted.
    #[must_use]
    pub fn enter(&self) -> Vec<String> {
        ["nsenter", "--target", &self.holder.id().to_string(), "--mount"].map(str::to_owned).to_vec()
    }

    /// Leaves at most this much room.
    ///
    /// # Errors
    /// When it cannot be looked at or written.
    pub fn fill(&self, leave_mebibytes: u64) -> Result<()> {
        let mut filler = File::create(self.filler())?;
        loop {
            // `df` would look at the mounts of this process.
            let room = Command::new("stat").args(["--file-system", "--format=%a %S"]).arg(&self.mounted).output()?;
            let room = String::from_utf8(room.stdout)?;
            let numbers: Vec<u64> = room.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
            let [blocks, block_bytes] = numbers[..] else { anyhow::bail!("stat says {room}") };
            if (blocks * block_bytes) >> 20 <= leave_mebibytes {
                return Ok(());
            }
            filler.write_all(&[1; 1 << 20])?;
        }
    }

    /// Leaves no room at all, down to the last block.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn fill_up(&self) -> Result<()> {
        fill_up(&self.mounted)
    }

    /// Takes away what filled it.
    ///
    /// # Errors
    /// When nothing did.
    pub fn free(&self) -> Result<()> {
        free(&self.mounted)
    }

    fn filler(&self) -> PathBuf {
        self.mounted.join(FILLER)
    }
}

/// Leaves no room at all on the disk of a folder, down to the last block. For a process that sees the disk where it was mounted.
///
/// # Errors
/// When it cannot be written.
pub fn fill_up(folder: &Path) -> Result<()> {
    let mut filler = File::options().create(true).append(true).open(folder.join(FILLER))?;
    for bytes in [1 << 20, 1 << 12] {
        loop {
            match filler.write(&vec![1; bytes]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => return Err(error).context("the small disk cannot be filled"),
            }
        }
    }
    Ok(())
}

/// Takes away what [`fill_up`] wrote.
///
/// # Errors
/// When nothing did.
pub fn free(folder: &Path) -> Result<()> {
    Ok(fs::remove_file(folder.join(FILLER))?)
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.holder.kill().ok();
        self.holder.wait().ok();
    }
}
