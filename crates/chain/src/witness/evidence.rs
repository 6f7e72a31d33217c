//! The file in which a node keeps evidence: one record a line, a checksum before each, appended and synced, never rewritten.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::keccak256;
use chancery_light::{ConflictingVotes, Misconduct, ValidatorKey};
use chancery_rpc::EvidenceRecord;
use tracing::warn;

/// Name of the file in a chain's data directory.
const FILE_NAME: &str = "evidence";
/// Records of one validator: one is proof enough, several show a habit, and a liar must not fill the disk.
pub(crate) const MAX_RECORDS_PER_VALIDATOR: usize = 16;
/// Records of all validators.
pub(crate) const MAX_RECORDS: usize = 1024;
/// A record is two votes, two hashes and a name.
const MAX_LINE_BYTES: usize = 4096;
/// Hexadecimal digits of a checksum.
const CHECKSUM_DIGITS: usize = 16;

/// Evidence of one kind in one round against one validator is kept once.
type Identity = (ValidatorKey, u64, u64, Misconduct);

fn identity(record: &EvidenceRecord) -> Identity {
    let ConflictingVotes { validator, epoch, view, .. } = record.evidence;
    (validator, epoch, view, record.misconduct)
}

/// The records, in memory and in their file.
#[derive(Debug)]
pub(crate) struct EvidenceFile {
    path: PathBuf,
    records: Vec<EvidenceRecord>,
    /// The file ends in the middle of a line: the process was killed while it wrote.
    is_torn: bool,
}

impl EvidenceFile {
    /// Reads what is there. A damaged line is left out and named in the log; the others count.
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE_NAME);
        let (records, is_torn) = match File::open(&path) {
            Ok(file) => read(&path, file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), false),
            Err(error) => return Err(error),
        };
        Ok(Self { path, records, is_torn })
    }

    pub(crate) fn records(&self) -> &[EvidenceRecord] {
        &self.records
    }

    /// Whether a record would be kept: it is new, and there is room for it.
    pub(crate) fn wants(&self, record: &EvidenceRecord) -> bool {
        let same = |kept: &&EvidenceRecord| kept.evidence.validator == record.evidence.validator;
        self.records.len() < MAX_RECORDS
            && self.records.iter().filter(same).count() < MAX_RECORDS_PER_VALIDATOR
            && !self.records.iter().any(|kept| identity(kept) == identity(record))
    }

    /// Keeps a record, durable when this returns. If the file cannot be written it is kept in memory alone.
    pub(crate) fn keep(&mut self, record: EvidenceRecord) -> io::Result<()> {
        if !self.wants(&record) {
            return Ok(());
        }
        let written = self.append(&record);
        self.records.push(record);
        written
    }

    fn append(&mut self, record: &EvidenceRecord) -> io::Result<()> {
        let json = serde_json::to_string(record)?;
        let end = if self.is_torn { "\n" } else { "" };
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        // Until all of it is there the line counts as torn.
        self.is_torn = true;
        file.write_all(format!("{end}{} {json}\n", checksum(&json)).as_bytes())?;
        file.sync_data()?;
        self.is_torn = false;
        Ok(())
    }
}

/// What the file in a data directory holds, read only.
///
/// # Errors
/// When it cannot be read. One that does not exist holds nothing.
pub fn read_evidence(data_dir: &Path) -> io::Result<Vec<EvidenceRecord>> {
    EvidenceFile::open(data_dir).map(|file| file.records)
}

fn read(path: &Path, mut file: File) -> io::Result<(Vec<EvidenceRecord>, bool)> {
    let is_torn = match file.seek(SeekFrom::End(-1)) {
        Ok(_) => {
            let mut last = [0];
            file.read_exact(&mut last)?;
            last != *b"\n"
        }
        // Empty.
        Err(_) => false,
    };
    file.rewind()?;
    let mut reader = BufReader::new(file).take((MAX_RECORDS * 2 * MAX_LINE_BYTES) as u64);
    let mut records = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 || records.len() == MAX_RECORDS {
            break;
        }
        match parse(&line) {
            Some(record) => records.push(record),
            None => warn!(path = %path.display(), line = number, "evidence that is damaged is left out"),
        }
    }
    Ok((records, is_torn))
}

/// Reads a line with its end. `None`: it is damaged.
pub(crate) fn parse(line: &[u8]) -> Option<EvidenceRecord> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (found, json) = line.split_once(' ')?;
    (found == checksum(json)).then(|| serde_json::from_str(json).ok())?
}

fn checksum(json: &str) -> String {
    let mut digits = hex::encode(keccak256(json));
    digits.truncate(CHECKSUM_DIGITS);
    digits
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
