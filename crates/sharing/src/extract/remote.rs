//! Files of a directory on a server: fetched into a spool, then read as files, in the order of their fetching.
//!
//! The position of an extract is the number of the last file that was read, and it is kept without a cursor in the declaration: a part holds whole files, as
//! many as fill it. A run lists and fetches once, and its parts are read from what lies in the spool then: a server that always has a little more keeps none
//! from ending.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use ring::digest::{Context, SHA256};
use tokio::{runtime::Handle, sync::Mutex};

use super::{Cursor, Declaration, DeclarationError, ExtractError, FileFormat, Source, Stage, Staged, file};
use crate::{
    remote::{Kept, RemoteConfig, RemoteError, Spool, update},
    sealing::DataKey,
};

/// One run over a directory of a server of FTP, FTPS or SFTP. It holds the spool until it is dropped.
#[derive(Clone, Debug)]
pub struct RemoteSource {
    config: Arc<RemoteConfig>,
    format: FileFormat,
    run: Arc<Mutex<Option<Run>>>,
}

/// A run that has begun.
struct Run {
    spool: Spool,
    begun: Option<Cursor>,
    /// What is read in it; none before it was fetched.
    waiting: Option<Vec<Kept>>,
    /// What is said when nothing is left to read.
    error: Option<RemoteError>,
}

impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Run").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Run {
    fn gather(&mut self, config: &RemoteConfig, runtime: &Handle) -> Result<&[Kept], RemoteError> {
        let waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => {
                self.error = runtime.block_on(update(config, &mut self.spool))?;
                self.spool.waiting()
            }
        };
        Ok(self.waiting.insert(waiting))
    }

    /// What is read behind a position: the one that the run began with, or of a file that it has.
    fn behind(
        &mut self,
        after: Option<&Cursor>,
        config: &RemoteConfig,
        runtime: &Handle,
    ) -> Result<&[Kept], RemoteError> {
        let begun = self.begun.clone();
        let waiting = self.gather(config, runtime)?;
        let position = after.map_or(0, |after| u64::try_from(after.value).unwrap_or(0));
        let (read, left) = waiting.split_at(waiting.partition_point(|kept| kept.taken.number <= position));
        let is_known = match read.last() {
            None => after == begun.as_ref(),
            Some(kept) => {
                kept.taken.number == position && after.and_then(|after| after.mark.as_ref()) == Some(&kept.mark)
            }
        };
        if is_known { Ok(left) } else { Err(RemoteError::SpoolReplaced(config.spool.clone())) }
    }
}

impl RemoteSource {
    /// Names the directory, and how its files are read. Nothing is asked yet.
    #[must_use]
    pub fn new(config: RemoteConfig, format: FileFormat) -> Self {
        Self { config: Arc::new(config), format, run: Arc::default() }
    }

    /// Works on the run, begun behind a position when it is not yet.
    async fn with_run<T: Send + 'static>(
        &self,
        after: Option<Cursor>,
        work: impl FnOnce(&Self, &mut Run) -> Result<T, ExtractError> + Send + 'static,
    ) -> Result<T, ExtractError> {
        let (source, mut run) = (self.clone(), Arc::clone(&self.run).lock_owned().await);
        tokio::task::spawn_blocking(move || {
            let run = match &mut *run {
                Some(run) => run,
                none => {
                    let position = after.as_ref().map(|after| (after.value, after.mark.as_deref()));
                    let spool = Spool::open(&source.config, position)?;
                    none.insert(Run { spool, begun: after, waiting: None, error: None })
                }
            };
            work(&source, run)
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

#[async_trait]
impl Source for RemoteSource {
    fn keeps_position(&self) -> bool {
        true
    }

    async fn begin(&self, after: Option<&Cursor>) -> Result<(), ExtractError> {
        self.with_run(after.cloned(), |_, _| Ok(())).await
    }

    async fn gather(&self) -> Result<(), ExtractError> {
        if self.run.lock().await.is_none() {
            // The position is not known yet: the first part begins the run.
            return Ok(());
        }
        let runtime = Handle::current();
        self.with_run(None, move |source, run| Ok(run.gather(&source.config, &runtime).map(|_| ())?)).await
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
        let (declaration, after, runtime) = (declaration.clone(), after.cloned(), Handle::current());
        let (directory, key) = (directory.to_owned(), key.clone());
        self.with_run(after.clone(), move |source, run| {
            let waiting = run.behind(after.as_ref(), &source.config, &runtime)?;
            if !waiting.is_empty() {
                return source.read(waiting, &declaration, &Stage { directory: &directory, key: &key });
            }
            match run.error.take() {
                Some(error) => Err(error.into()),
                None => source.read(&[], &declaration, &Stage { directory: &directory, key: &key }),
            }
        })
        .await
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
