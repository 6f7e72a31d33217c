//! Batches that a sender numbers (`Idempotency-Key`), so that one whose answer was lost can be sent again: what is there already is not taken twice. The number of a sender's last batch is in
//! the spool itself, with the records of that batch, so the two are kept or lost together; what earlier segments had is in a file beside them.

use std::{collections::BTreeMap, fmt, path::Path};

use super::{CollectError, Record};
use crate::private_folder::replace;

/// Member of a record with the batch in which it came.
pub(super) const BATCH: &str = "_batch";
const NAME: &str = "batches.json";
/// Most senders that are remembered.
pub(super) const MAX_SENDERS: usize = 4096;
/// Hexadecimal digits of a sender's name.
const SENDER_DIGITS: usize = 32;
const NUMBER_DIGITS: usize = 20;

/// A batch by its sender, who drew a name, and its number, which rises.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Batch {
    sender: String,
    number: u64,
}

impl Batch {
    /// Reads `SENDER-NUMBER`, in quotes or not; none for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sender, number) = text.trim_matches('"').split_once('-')?;
        let is_hexadecimal = sender.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
        let is_number = !number.is_empty()
            && number.len() <= NUMBER_DIGITS
            && number.bytes().all(|digit| digit.is_ascii_digit())
            && (number == "0" || !number.starts_with('0'));
        if sender.len() != SENDER_DIGITS || !is_hexadecimal || !is_number {
            return None;
        }
        Some(Self { sender: sender.to_owned(), number: number.parse().ok()? })
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.sender, self.number)
    }
}

/// Whether a batch is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    New,
    /// On disk.
    There,
    /// Of one sender too many.
    TooMany,
}

/// The last batch of each sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batches(BTreeMap<String, u64>);

impl Batches {
    pub(super) fn load(folder: &Path) -> Result<Self, CollectError> {
        let path = folder.join(NAME);
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(CollectError::spool(&path, &error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map(Self).map_err(|error| CollectError::spool(&path, &error)),
        }
    }

    pub(super) fn save(&self, folder: &Path) -> std::io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        replace(folder, NAME, &serde_json::to_vec(&self.0)?)
    }

    /// Takes over what a record says.
    pub(super) fn note(&mut self, record: &Record) {
        if let Some(batch) = record.get(BATCH).and_then(|batch| batch.as_str()).and_then(Batch::parse) {
            let last = self.0.entry(batch.sender).or_default();
            *last = batch.number.max(*last);
        }
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    pub(super) fn knows(&self, batch: &Batch) -> Known {
        match self.0.get(&batch.sender) {
            Some(last) if *last >= batch.number => Known::There,
            None if self.0.len() >= MAX_SENDERS => Known::TooMany,
            _ => Known::New,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    // S-COL
    #[test]
    fn a_batch_is_a_name_and_a_number_in_one_form() {
        let name = "0123456789abcdef".repeat(2);
        for text in [format!("{name}-0"), format!("\"{name}-17\"")] {
            assert_eq!(Batch::parse(&text).unwrap().to_string(), text.trim_matches('"'));
        }
        let wrong = [String::new(), name.clone(), format!("{name}-"), format!("{name}-01"), format!("{name}-1-2")];
        let more = [format!("{}-1", name.to_uppercase()), format!("{name}0-1"), format!("{name}-{}", "9".repeat(20))];
        for text in wrong.iter().chain(&more) {
            assert_eq!(Batch::parse(text), None, "{text}");
        }
    }

    // S-COL
    #[test]
    fn only_what_is_newer_than_the_last_is_new_and_senders_are_bounded() {
        let batch = |sender: usize, number: u64| Batch { sender: format!("{sender:032x}"), number };
        let mut batches = Batches::default();
        let note = |batches: &mut Batches, batch: &Batch| {
            batches.note(&Record::from_iter([(BATCH.to_owned(), json!(batch.to_string()))]));
        };
        assert_eq!(batches.knows(&batch(0, 0)), Known::New);
        note(&mut batches, &batch(0, 5));
        note(&mut batches, &batch(0, 4));
        assert_eq!([4, 5, 6].map(|number| batches.knows(&batch(0, number))), [Known::There, Known::There, Known::New]);
        (1..MAX_SENDERS).for_each(|sender| note(&mut batches, &batch(sender, 0)));
        assert_eq!(batches.knows(&batch(MAX_SENDERS, 0)), Known::TooMany);
        assert_eq!(batches.knows(&batch(0, 6)), Known::New);
        let folder = tempfile::tempdir().unwrap();
        batches.save(folder.path()).unwrap();
        assert_eq!(Batches::load(folder.path()).unwrap(), batches);
    }
}
