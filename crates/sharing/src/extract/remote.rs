//! Files of a directory on a server: fetched into a spool, then read as files, in the order of their fetching.
//!
//! The position of an extract is the number of the last file that was read, and it is kept without a cursor in the declaration: a part holds whole files, as
//! many as fill it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use ring::digest::{Context, SHA256};
use tokio::runtime::Handle;

use super::{Cursor, Declaration, DeclarationError, ExtractError, FileFormat, Source, Stage, Staged, file};
use crate::{
    remote::{Kept, RemoteConfig, RemoteError, Spool, update},
    sealing::DataKey,
};

/// Reads a directory of a server of FTP, FTPS or SFTP.
#[derive(Clone, Debug)]
pub struct RemoteSource {
    config: Arc<RemoteConfig>,
    format: FileFormat,
}

impl RemoteSource {
    /// Names the directory, and how its files are read. Nothing is asked yet.
    #[must_use]
    pub fn new(config: RemoteConfig, format: FileFormat) -> Self {
        Self { config: Arc::new(config), format }
    }
}

#[async_trait]
impl Source for RemoteSource {
    fn keeps_position(&self) -> bool {
        true
    }

    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        if let Some(cursor) = &declaration.cursor {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let (source, declaration, after) = (self.clone(), declaration.clone(), after.cloned());
        let (directory, key) = (directory.to_owned(), key.clone());
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let position = after.as_ref().map(|after| (after.value, after.mark.as_deref()));
            let mut spool = Spool::open(&source.config, position)?;
            runtime.block_on(update(&source.config, &mut spool))?;
            source.read(&spool.waiting(), &declaration, &Stage { directory: &directory, key: &key })
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

impl RemoteSource {
    /// Reads files into a part. When one cannot be read, those before it are a part of their own, and it is the first of the next.
    fn read(&self, waiting: &[Kept], declaration: &Declaration, stage: &Stage<'_>) -> Result<Staged, ExtractError> {
        let mut files = waiting;
        loop {
            let (index, error) = match self.part(files, declaration, stage) {
                Ok(staged) => return Ok(staged),
                Err(Failed { index: Some(index), error }) if is_about_a_file(&error) => (index, error),
                Err(Failed { error, .. }) => return Err(error),
            };
            let name = &files[index].taken.name;
            if index == 0 {
                return Err(ExtractError::File { file: name.clone(), error: Box::new(error) });
            }
            tracing::warn!(file = name, %error, "it is left for the next part");
            files = &files[..index];
        }
    }

    fn part(&self, files: &[Kept], declaration: &Declaration, stage: &Stage<'_>) -> Result<Staged, Failed> {
        let mut rows = stage.rows(declaration).map_err(Failed::as_a_whole)?;
        let mut last = None;
        for (index, kept) in files.iter().enumerate() {
            if let Some(path) = &kept.path {
                rows.begin_file(&kept.taken.name);
                let read = self.verify(kept, path).and_then(|()| file::read(path, self.format, declaration, &mut rows));
                read.map_err(|error| Failed { index: Some(index), error })?;
            }
            last = Some(kept);
            if rows.is_full(declaration.part_rows) {
                break;
            }
        }
        let number = last.map(|kept| i64::try_from(kept.taken.number).unwrap_or(i64::MAX));
        let staged = rows.finish(number).map_err(Failed::as_a_whole)?;
        Ok(Staged { mark: last.map(|kept| kept.mark.clone()), ..staged })
    }

    /// What lies in the spool is what was fetched.
    fn verify(&self, kept: &Kept, path: &Path) -> Result<(), ExtractError> {
        let hashing = || -> io::Result<Context> {
            let (mut hash, mut file, mut block) = (Context::new(&SHA256), File::open(path)?, vec![0; 64 * 1024]);
            loop {
                match file.read(&mut block)? {
                    0 => return Ok(hash),
                    count => hash.update(&block[..count]),
                }
            }
        };
        let hash = hashing().map_err(|error| ExtractError::SourceLost(error.to_string()))?;
        if hash.finish().as_ref() == kept.taken.sha256.0 {
            return Ok(());
        }
        Err(RemoteError::SpoolReplaced(self.config.spool.clone()).into())
    }
}

/// Why there is no part, and at which file.
struct Failed {
    index: Option<usize>,
    error: ExtractError,
}

impl Failed {
    const fn as_a_whole(error: ExtractError) -> Self {
        Self { index: None, error }
    }
}

/// Whether others can be read without it.
const fn is_about_a_file(error: &ExtractError) -> bool {
    matches!(
        error,
        ExtractError::SourceMalformed(_)
            | ExtractError::Declaration(_)
            | ExtractError::TooManyRejects
            | ExtractError::TooManyRows
    )
}
