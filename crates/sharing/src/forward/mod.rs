//! Forward exchange (S-COL): what is new in a source is pushed on to the collector of the next department, in its names and formats.
//!
//! ```text
//! source --stage--> part --rows--> batch file --send, numbered--> POST /records of the next collector
//!    ^ cursor                          |                                 | 200: on its disk
//!    +------------- recorded when all of it is there <-------------------+
//! ```
//!
//! A part that was read is sent as it was read, however often that takes: its file stays until the other side has all of it, and each batch has a number by which the other side
//! knows one that comes again. So nothing is lost, and nothing is there twice. Rows that break the declaration are kept with the reason,
//! and so are rows that no collector takes as they are: with a value that JSON does not say, or too large.

mod rows;
mod state;
mod target;

use std::{
    fs::File,
    path::{Path, PathBuf},
};

pub use self::{
    rows::Names,
    target::{Target, TargetConfig},
};
use self::{
    rows::{Batch, next_batch},
    state::{ForwardState, Pending},
};
use crate::{
    extract::{Declaration, ExtractError, Source, Staged},
    private_folder::{FolderLock, is_exposed, make_private},
    sealing::DataKey,
};

/// Most parts of a run.
const MAX_RUN_PARTS: usize = 10_000;

/// Why nothing more is pushed on. What was taken on the other side is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// Reading failed.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// The address, the certificates or the names cannot be used.
    #[error("this cannot be forwarded to: {0}")]
    Target(String),
    /// Another command works in the folder.
    #[error("another command works in {0:?}: wait for it")]
    Busy(PathBuf),
    /// Others may enter the folder.
    #[error("others may enter the folder {0:?}, and rows wait in it: chmod 700 it, or name another one")]
    Exposed(PathBuf),
    /// Nobody takes it now.
    #[error("{url} does not take it now ({reason}): run again, and it goes on where it ended")]
    Away {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// Nobody will.
    #[error("{url} refuses what it is sent: {reason}; correct the token, the address or the names in the declaration")]
    Refused {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// What was kept between runs.
    #[error("the state of the forward exchange cannot be used: {0}")]
    State(String),
}

impl From<std::io::Error> for ForwardError {
    fn from(error: std::io::Error) -> Self {
        Self::Extract(error.into())
    }
}

/// What a run pushed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Rows that are on the disk of the other side.
    pub rows: u64,
    /// Rows that were kept aside.
    pub rejected: u64,
    /// The files of those.
    pub rejects: Vec<PathBuf>,
}

/// A source, what of it is pushed on, and where to.
pub struct Exchange<'a> {
    /// Where rows come from.
    pub source: &'a dyn Source,
    /// Which.
    pub declaration: &'a Declaration,
    /// What columns are called on the other side.
    pub names: &'a Names,
    /// The other side.
    pub target: &'a Target,
    /// Folder of the state, of mode 0700; made when it is not there.
    pub folder: &'a Path,
}

impl Exchange<'_> {
    /// Pushes on what is new, part after part, what an earlier run could not bring to its end first.
    ///
    /// # Errors
    /// [`ForwardError`]; the next run goes on where this one ended.
    pub async fn run(&self) -> Result<Forwarded, ForwardError> {
        self.names.check(self.declaration)?;
        make_private(self.folder)?;
        if is_exposed(self.folder)? {
            return Err(ForwardError::Exposed(self.folder.to_owned()));
        }
        let lock = FolderLock::try_take(&self.folder.join("lock"))?;
        let _alone = lock.ok_or_else(|| ForwardError::Busy(self.folder.to_owned()))?;
        let mut state = ForwardState::load(self.folder)?;
        let mut done = Forwarded::default();
        let was_waiting = state.pending.is_some();
        if !was_waiting {
            // A run that was killed between its last two steps has left it.
            std::fs::remove_file(self.folder.join(batch_file(state.part))).ok();
        }
        self.send(&mut state, &mut done).await?;
        if was_waiting && self.declaration.cursor.is_none() && !self.source.keeps_position() {
            // The run that read it had all of the source, and is at its end now.
            return Ok(done);
        }
        self.source.begin(state.after(self.source.is_file()).as_ref()).await?;
        self.source.gather().await?;
        for _ in 0..MAX_RUN_PARTS {
            let Some(rows) = self.stage(&mut state, &mut done).await? else { break };
            self.send(&mut state, &mut done).await?;
            // Without a cursor a part is the whole source; with one, a part that is not full ends the run, so that a source that always has a little more has an end too.
            let is_whole = self.declaration.cursor.is_none() || rows < self.declaration.part_rows;
            if is_whole && !self.source.keeps_position() {
                break;
            }
        }
        Ok(done)
    }

    /// Reads the next part into a file that waits to be sent; how many rows it has, rejects among them. None when there is nothing new.
    async fn stage(&self, state: &mut ForwardState, done: &mut Forwarded) -> Result<Option<u64>, ForwardError> {
        let key = DataKey::random().map_err(|error| ForwardError::State(error.to_string()))?;
        let is_file = self.source.is_file();
        let staged = self.source.stage(self.declaration, state.after(is_file).as_ref(), self.folder, &key).await?;
        let Staged { file, rows, cursor, mark, rejects, .. } = staged;
        let part = state.part + 1;
        if rows == 0 && rejects.count == 0 {
            return if state.moved(is_file, cursor, mark) {
                state.save(self.folder).map(|()| self.goes_on())
            } else {
                Ok(None)
            };
        }
        // What the source gave: rejects that are found below are among its rows.
        let (read, own) = (rows + rejects.count, format!("{part:08}.rejects.ndjson"));
        // Of a run that was killed before it had recorded the part: they come again.
        std::fs::remove_file(self.folder.join(&own)).ok();
        let (folder, names, sealed) = (self.folder.to_owned(), self.names.clone(), file);
        let name = batch_file(part);
        let target = self.folder.join(&name);
        let written =
            tokio::task::spawn_blocking(move || rows::write(sealed.path(), &key, &names, &folder, &target, rejects));
        let rejects = written.await.map_err(|error| ForwardError::State(error.to_string()))??;
        let rejected = rejects.count;
        if let Some(kept) = rejects.keep(&own)? {
            done.rejects.push(kept);
        }
        (state.part, state.pending) = (part, Some(Pending { file: name, cursor, mark, is_file, offset: 0 }));
        state.save(self.folder)?;
        done.rejected += rejected;
        Ok(Some(read))
    }

    /// Behind files without rows others may wait.
    fn goes_on(&self) -> Option<u64> {
        self.source.keeps_position().then_some(0)
    }

    /// Sends what waits, and records that it is there.
    async fn send(&self, state: &mut ForwardState, done: &mut Forwarded) -> Result<(), ForwardError> {
        let Some(pending) = state.pending.clone() else { return Ok(()) };
        let path = self.folder.join(&pending.file);
        let mut offset = pending.offset;
        loop {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || next_batch(File::open(path)?, offset)).await;
            let Some(Batch { body, rows }) = read.map_err(|error| ForwardError::State(error.to_string()))?? else {
                break;
            };
            offset += body.len() as u64;
            self.target.send(&state.batch(), body, rows).await?;
            done.rows += rows;
            state.advance(offset);
            state.save(self.folder)?;
        }
        state.finish();
        state.save(self.folder)?;
        std::fs::remove_file(&path)?;
        Ok(())
    }
}

/// Where the rows of a part wait.
fn batch_file(part: u64) -> String {
    format!("{part:08}.batch.ndjson")
}
