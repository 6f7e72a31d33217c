//! What stands in the journal of the owner's service, handed over to supervision (M-MON-2, S-ASSET): who came for which key or file of the asset, and who was refused.
//!
//! The journal itself is the queue: a line is on disk before anything leaves, so that neither an end of this process nor a city that does not answer loses one. What was handed over last stands in
//! `fetches-handed.json`, and is written after the city has said that it has it; what is sent twice therefore is kept there once. Lines name one another by hash, and the owner signs the last of
//! those that it sends: nobody, the owner neither, changes afterwards what it has said.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, Signature};
use async_trait::async_trait;
use chancery_ledger::SubmitterKey;
use serde::{Deserialize, Serialize};

use super::{
    Department, DepartmentError, Fetch,
    fetches::{Line, after, parse},
    folder::state,
};
use crate::{private_folder::replace, sealing::KeyError};

/// Most lines that are handed over at once.
pub const MAX_HANDED_LINES: usize = 100;
/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 1024;
/// Where it stands what was handed over.
const HANDED: &str = "fetches-handed.json";
/// Least time between two looks at the journal.
const PACE: Duration = Duration::from_secs(1);
/// Longest time without a look: another process may serve from the same folder.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Longest time between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(300);

/// Lines of an owner's journal, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedLines {
    /// Exactly as they stand there, oldest first; 1 to [`MAX_HANDED_LINES`].
    pub lines: Vec<String>,
    /// The owner's, over what the last line says (EIP-191, version 0x45), 65 bytes.
    pub signature: Bytes,
}

/// A line as whoever takes it over reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedLine {
    /// What it says.
    pub fetch: Fetch,
    /// Exactly as it came.
    pub text: String,
    /// SHA-256 of it.
    pub hash: B256,
}

/// Why lines are not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// Too few or too many.
    #[error("lines: send 1 to {MAX_HANDED_LINES} of them")]
    Count,
    /// Not a line of a journal.
    #[error("lines: number {0} of those that were sent is no line of a journal of fetches")]
    Line(usize),
    /// One does not follow the one before it.
    #[error("lines: number {0} of those that were sent does not name the one before it")]
    Unchained(usize),
    /// Not signed by whoever sends them.
    #[error("signature: it is not the sender's, over number and SHA-256 of the last line")]
    Signature,
}

/// Where lines go: supervision of the city.
#[async_trait]
pub trait Supervision: Send + Sync {
    /// Hands lines over; they are kept there when this returns, each once.
    ///
    /// # Errors
    /// In words, for whoever runs the service. They are handed over again later.
    async fn hand_over(&self, lines: &HandedLines) -> Result<(), NotHandedOver>;
}

/// Why lines wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotHandedOver(pub String);

impl From<DepartmentError> for NotHandedOver {
    fn from(error: DepartmentError) -> Self {
        Self(error.to_string())
    }
}

impl HandedLines {
    /// What an owner signs of its journal: number and SHA-256 of a line. By the hash all lines before it are meant.
    #[must_use]
    pub fn statement(asset: Address, number: u64, hash: B256) -> String {
        format!(
            "Chancery: who came for this asset, as my journal has it.\nasset: {asset}\nthrough line: {number}\nSHA-256 of that line: {hash}"
        )
    }

    /// What the lines say, when they are lines of one journal, one after the other, and an account has signed the last of them.
    ///
    /// # Errors
    /// [`LinesError`].
    pub fn read(&self, asset: Address, owner: Address) -> Result<Vec<HandedLine>, LinesError> {
        if !(1..=MAX_HANDED_LINES).contains(&self.lines.len()) {
            return Err(LinesError::Count);
        }
        let mut read: Vec<HandedLine> = Vec::with_capacity(self.lines.len());
        for (place, text) in (1..).zip(&self.lines) {
            let is_text = text.len() <= MAX_LINE_BYTES && !text.contains(['\n', '\0']);
            let line = is_text.then(|| parse(text.as_bytes())).flatten().ok_or(LinesError::Line(place))?;
            if line.fetch.number == 0 || i64::try_from(line.fetch.number).is_err() {
                return Err(LinesError::Line(place));
            }
            if read.last().is_some_and(|before| !follows((before.fetch.number, before.hash), &line.fetch)) {
                return Err(LinesError::Unchained(place));
            }
            read.push(HandedLine { fetch: line.fetch, text: line.text, hash: line.hash });
        }
        let last = read.last().ok_or(LinesError::Count)?;
        let statement = Self::statement(asset, last.fetch.number, last.hash);
        let signer = Signature::from_raw(&self.signature)
            .and_then(|signature| signature.recover_address_from_msg(statement.as_bytes()))
            .map_err(|_| LinesError::Signature)?;
        if signer == owner { Ok(read) } else { Err(LinesError::Signature) }
    }
}

/// Whether a line comes right after the one of a number and a hash.
fn follows((number, hash): (u64, B256), next: &Fetch) -> bool {
    next.previous == hash && number.checked_add(1) == Some(next.number)
}

/// The last line that was handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Handed {
    through: u64,
    hash: B256,
}

impl Handed {
    /// What cannot be read counts as nothing: all that is kept is handed over once more, and kept there once.
    fn load(folder: &Path) -> io::Result<Self> {
        match fs::read(folder.join(HANDED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            other => Ok(serde_json::from_slice(&other?).unwrap_or_default()),
        }
    }

    fn keep(self, folder: &Path) -> io::Result<()> {
        replace(folder, HANDED, &serde_json::to_vec(&self)?)
    }
}

/// Lines that wait, oldest first.
fn waiting(folder: &Path) -> Result<Vec<Line>, DepartmentError> {
    let handed = Handed::load(folder).map_err(|error| state(&folder.join(HANDED), &error))?;
    after(folder, (handed.through, handed.hash))
}

/// The journal of a folder, as what waits to be handed over.
#[derive(Debug)]
pub(super) struct Waiting {
    folder: PathBuf,
    asset: Address,
    key: Arc<SubmitterKey>,
}

impl Waiting {
    pub(super) const fn new(folder: PathBuf, asset: Address, key: Arc<SubmitterKey>) -> Self {
        Self { folder, asset, key }
    }

    async fn hand_over(&self, to: &dyn Supervision) -> Result<usize, NotHandedOver> {
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || waiting(&folder)).await;
        let lines = read.map_err(|error| NotHandedOver(error.to_string()))??;
        // Where the journal was altered, what follows is handed over all the same, by itself.
        let runs = lines.chunk_by(|before, line| follows((before.fetch.number, before.hash), &line.fetch));
        for batch in runs.flat_map(|run| run.chunks(MAX_HANDED_LINES)) {
            let Some(last) = batch.last() else { break };
            let signature = self.sign(last).await?;
            let lines = batch.iter().map(|line| line.text.clone()).collect();
            to.hand_over(&HandedLines { lines, signature }).await?;
            let handed = Handed { through: last.fetch.number, hash: last.hash };
            handed.keep(&self.folder).map_err(|error| state(&self.folder.join(HANDED), &error))?;
        }
        Ok(lines.len())
    }

    async fn sign(&self, line: &Line) -> Result<Bytes, DepartmentError> {
        let statement = HandedLines::statement(self.asset, line.fetch.number, line.hash);
        let key = Arc::clone(&self.key);
        // A token is waited for.
        let signed = tokio::task::spawn_blocking(move || key.sign_message(statement.as_bytes())).await;
        let signature = signed.map_err(|_| DepartmentError::Answer)?.map_err(KeyError::Kept)?;
        Ok(signature.as_bytes().to_vec().into())
    }
}

impl Department {
    /// Hands over what waits, in the order of the journal. How many lines were handed over.
    ///
    /// # Errors
    /// [`NotHandedOver`]; what was handed over before is noted as such.
    pub async fn hand_over(&self, to: &dyn Supervision) -> Result<usize, NotHandedOver> {
        self.waiting.lock().await.hand_over(to).await
    }

    /// Hands over what comes, as long as it is polled. Attempts that fail are made again, at longer and longer intervals.
    pub async fn hand_over_as_it_comes(&self, to: &dyn Supervision) {
        let mut delay = PACE;
        loop {
            match self.hand_over(to).await {
                Ok(_) => {
                    if delay > PACE {
                        tracing::info!("supervision has who came for the asset again");
                    }
                    delay = PACE;
                    tokio::time::sleep(PACE).await;
                    // What has come meanwhile is noticed at once.
                    tokio::time::timeout(LOOK_EVERY, self.came.notified()).await.ok();
                }
                Err(error) => {
                    if delay == PACE {
                        tracing::warn!(%error, "who came for the asset is not handed over to supervision yet: it waits in the journal");
                    } else {
                        tracing::debug!(%error, "who came for the asset still waits in the journal");
                    }
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(MAX_DELAY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
