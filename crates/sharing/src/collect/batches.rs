//! Batches that a sender numbers (`Idempotency-Key`), so that one whose answer was lost can be sent again: what is there already is not taken twice. It is
//! there when number and SHA-256 of the body are those of the sender's last batch; anything else is new, or refused, and never acknowledged unread. Number and digest of a sender's last batch are in
//! the spool itself, with the records of that batch, so the two are kept or lost together; what earlier segments had is in a file beside them.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{CollectError, Record};
use crate::private_folder::replace;

/// Member of a record with the batch in which it came.
pub(super) const BATCH: &str = "_batch";
const NAME: &str = "batches.json";
/// Most senders that are remembered, or named.
pub(super) const MAX_SENDERS: usize = 4096;
/// Hexadecimal digits of a sender's name.
const SENDER_DIGITS: usize = 32;
const NUMBER_DIGITS: usize = 20;
/// Of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// A batch by its sender, who drew a name, and its number, which rises; and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    sender: String,
    number: u64,
    /// SHA-256 of its body, hexadecimal digits; absent of one that a collector took before there were digests.
    digest: Option<String>,
}

impl Batch {
    /// What a request says of itself, `SENDER-NUMBER` in quotes or not, with the digest of its body; none for anything else.
    pub(super) fn of_request(text: &str, body: &[u8]) -> Option<Self> {
        let found = Self::parse(text.trim_matches('"')).filter(|found| found.digest.is_none())?;
        Some(Self { digest: Some(hex::encode(digest(&SHA256, body))), ..found })
    }

    /// Reads what a record has of it, `SENDER-NUMBER-DIGEST`, or `SENDER-NUMBER`; none for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sender, rest) = text.split_once('-')?;
        let (number, digest) = rest.split_once('-').map_or((rest, None), |(number, digest)| (number, Some(digest)));
        let is_number = !number.is_empty()
            && number.len() <= NUMBER_DIGITS
            && number.bytes().all(|digit| digit.is_ascii_digit())
            && (number == "0" || !number.starts_with('0'));
        if !is_sender(sender) || !is_number || !digest.is_none_or(|digest| is_hexadecimal(digest, DIGEST_DIGITS)) {
            return None;
        }
        let digest = digest.map(str::to_owned);
        Some(Self { sender: sender.to_owned(), number: number.parse().ok()?, digest })
    }

    /// Without the digest.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.sender, self.number)
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.sender, self.number)?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(formatter, "-{digest}"))
    }
}

/// Whether this is the name of a sender: 32 hexadecimal digits.
pub(super) fn is_sender(text: &str) -> bool {
    is_hexadecimal(text, SENDER_DIGITS)
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

/// Whether a batch is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    New,
    /// On disk: the last of its sender, once more.
    There,
    /// Its number is that of the last, and what is in it is something else.
    Changed,
    /// Its number is below that of the last, which is this one: what is there under it is not remembered.
    Passed(u64),
    /// Of one sender too many.
    TooMany,
    /// Of a sender that is not named, where some are.
    Unnamed,
}

/// The last batch of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Last {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// As it was, and as it is kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Number(u64),
    Last {
        number: u64,
        #[serde(default)]
        digest: Option<String>,
    },
}

impl From<Kept> for Last {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Number(number) => Self { number, digest: None },
            Kept::Last { number, digest } => Self { number, digest },
        }
    }
}

/// The last batch of each sender, and who may be one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batches {
    last: BTreeMap<String, Last>,
    /// Nobody else is remembered; none: whoever comes, up to [`MAX_SENDERS`].
    named: Option<BTreeSet<String>>,
}

impl Batches {
    pub(super) fn load(folder: &Path) -> Result<Self, CollectError> {
        let path = folder.join(NAME);
        let kept: BTreeMap<String, Kept> = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(CollectError::spool(&path, &error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| CollectError::spool(&path, &error))?,
        };
        let last = kept.into_iter().map(|(sender, kept)| (sender, kept.into())).collect();
        Ok(Self { last, named: None })
    }

    pub(super) fn save(&self, folder: &Path) -> std::io::Result<()> {
        if self.last.is_empty() {
            return Ok(());
        }
        replace(folder, NAME, &serde_json::to_vec(&self.last)?)
    }

    /// From now on these senders alone; with none named, whoever comes. What others had sent is forgotten, and makes room.
    pub(super) fn take_only(&mut self, senders: &[String]) {
        if !senders.is_empty() {
            let named: BTreeSet<String> = senders.iter().cloned().collect();
            self.last.retain(|sender, _| named.contains(sender));
            self.named = Some(named);
        }
    }

    /// Takes over what a record says.
    pub(super) fn note(&mut self, record: &Record) {
        if let Some(batch) = record.get(BATCH).and_then(|batch| batch.as_str()).and_then(Batch::parse) {
            self.add(batch);
        }
    }

    /// A batch that is taken.
    pub(super) fn add(&mut self, batch: Batch) {
        let Batch { sender, number, digest } = batch;
        if self.last.get(&sender).is_none_or(|last| last.number <= number) {
            self.last.insert(sender, Last { number, digest });
        }
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        self.last.append(&mut other.last);
    }

    pub(super) fn knows(&self, batch: &Batch) -> Known {
        if self.named.as_ref().is_some_and(|named| !named.contains(&batch.sender)) {
            return Known::Unnamed;
        }
        let Some(last) = self.last.get(&batch.sender) else {
            let is_full = self.named.is_none() && self.last.len() >= MAX_SENDERS;
            return if is_full { Known::TooMany } else { Known::New };
        };
        match batch.number.cmp(&last.number) {
            Ordering::Greater => Known::New,
            Ordering::Less => Known::Passed(last.number),
            // Of one that was taken before there were digests its number is all that is known.
            Ordering::Equal if last.digest.is_none() || last.digest == batch.digest => Known::There,
            Ordering::Equal => Known::Changed,
        }
    }

    /// Whether a batch is on disk already.
    ///
    /// # Errors
    /// [`CollectError::BatchChanged`], [`CollectError::BatchPassed`], [`CollectError::TooManySenders`], [`CollectError::UnnamedSender`].
    pub(super) fn has(&self, batch: &Batch, folder: &Path) -> Result<bool, CollectError> {
        match self.knows(batch) {
            Known::New => Ok(false),
            Known::There => Ok(true),
            Known::Changed => Err(CollectError::BatchChanged(batch.name())),
            Known::Passed(last) => Err(CollectError::BatchPassed { batch: batch.name(), last }),
            Known::TooMany => Err(CollectError::TooManySenders(folder.to_owned())),
            Known::Unnamed => Err(CollectError::UnnamedSender(batch.sender.clone())),
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
            let batch = Batch::of_request(&text, b"{}").unwrap();
            assert_eq!(batch.name(), text.trim_matches('"'));
            assert_eq!(Batch::parse(&batch.to_string()), Some(batch), "as a record has it");
        }
        let wrong = [String::new(), name.clone(), format!("{name}-"), format!("{name}-01"), format!("{name}-1-2")];
        let more = [format!("{}-1", name.to_uppercase()), format!("{name}0-1"), format!("{name}-{}", "9".repeat(20))];
        let digest = [format!("{name}-1-{}", "a".repeat(64))];
        for text in wrong.iter().chain(&more).chain(&digest) {
            assert_eq!(Batch::of_request(text, b"{}"), None, "{text}");
        }
    }

    fn batch(sender: usize, number: u64, body: &str) -> Batch {
        Batch::of_request(&format!("{sender:032x}-{number}"), body.as_bytes()).unwrap()
    }

    fn note(batches: &mut Batches, batch: &Batch) {
        batches.note(&Record::from_iter([(BATCH.to_owned(), json!(batch.to_string()))]));
    }

    // S-COL, SHARE-3
    #[test]
    fn only_the_last_batch_with_the_same_content_is_there_and_senders_are_bounded() {
        let mut batches = Batches::default();
        assert_eq!(batches.knows(&batch(0, 0, "a")), Known::New);
        note(&mut batches, &batch(0, 5, "a"));
        note(&mut batches, &batch(0, 4, "a"));
        let known = |number: u64, body: &str| batches.knows(&batch(0, number, body));
        assert_eq!([known(4, "a"), known(5, "a"), known(6, "a")], [Known::Passed(5), Known::There, Known::New]);
        assert_eq!(known(5, "b"), Known::Changed);
        (1..MAX_SENDERS).for_each(|sender| note(&mut batches, &batch(sender, 0, "a")));
        assert_eq!(batches.knows(&batch(MAX_SENDERS, 0, "a")), Known::TooMany);
        assert_eq!(batches.knows(&batch(0, 6, "a")), Known::New);
        let folder = tempfile::tempdir().unwrap();
        batches.save(folder.path()).unwrap();
        assert_eq!(Batches::load(folder.path()).unwrap(), batches);
        // As it was kept before there were digests: the number is what is known.
        std::fs::write(folder.path().join(NAME), json!({format!("{:032x}", 7): 3}).to_string()).unwrap();
        let old = Batches::load(folder.path()).unwrap();
        assert_eq!(
            [2, 3, 4].map(|number| old.knows(&batch(7, number, "b"))),
            [Known::Passed(3), Known::There, Known::New]
        );
    }

    // S-COL, M-SEC: where senders are named, nobody else fills the table, and one that was full has room.
    #[test]
    fn named_senders_are_the_only_ones() {
        let mut batches = Batches::default();
        (0..MAX_SENDERS).for_each(|sender| note(&mut batches, &batch(sender, 1, "a")));
        let named = MAX_SENDERS + 1;
        assert_eq!(batches.knows(&batch(named, 0, "a")), Known::TooMany);
        batches.take_only(&[format!("{named:032x}"), format!("{:032x}", 2)]);
        assert_eq!(batches.knows(&batch(named, 0, "a")), Known::New);
        assert_eq!(batches.knows(&batch(2, 1, "a")), Known::There, "what it had sent is still known");
        assert_eq!(batches.knows(&batch(3, 2, "a")), Known::Unnamed);
    }
}
