#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::*;
use crate::department::{
    Fetched,
    fetches::{self, FetchJournal},
};

const ASSET: Address = Address::repeat_byte(0xa5);
const READER: Address = Address::repeat_byte(7);

/// How the city behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    /// It cannot be reached.
    IsAway,
    /// It keeps what comes, and its answer is lost.
    LosesAnswers,
}

/// A city that keeps each line once, of whom it can verify.
struct City {
    owner: Address,
    mood: Mutex<Mood>,
    kept: Mutex<BTreeMap<u64, HandedLine>>,
    times: Mutex<usize>,
}

impl City {
    fn new(owner: Address) -> Self {
        Self { owner, mood: Mutex::new(Mood::Answers), kept: Mutex::default(), times: Mutex::default() }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    fn numbers(&self) -> Vec<u64> {
        self.kept.lock().unwrap().keys().copied().collect()
    }
}

#[async_trait]
impl Supervision for City {
    async fn hand_over(&self, lines: &HandedLines) -> Result<(), NotHandedOver> {
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::IsAway {
            return Err(NotHandedOver("the city does not answer".to_owned()));
        }
        *self.times.lock().unwrap() += 1;
        for line in lines.read(ASSET, self.owner).map_err(|error| NotHandedOver(error.to_string()))? {
            let known = self.kept.lock().unwrap().insert(line.fetch.number, line.clone());
            assert!(known.is_none_or(|known| known == line), "what was said before was changed");
        }
        match mood {
            Mood::LosesAnswers => Err(NotHandedOver("the answer was lost".to_owned())),
            _ => Ok(()),
        }
    }
}

fn journal(folder: &Path) -> FetchJournal {
    FetchJournal::new(folder.to_owned())
}

fn key() -> Arc<SubmitterKey> {
    Arc::new(SubmitterKey::random())
}

// M-MON-2, S-ASSET, SHARE-19: whatever ends in between, what stands in the journal comes to supervision, once and in order.
#[tokio::test]
async fn what_waits_survives_restarts_and_a_city_that_is_away_and_comes_once() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, key) = (scratch.path(), key());
    let city = City::new(key.address());
    // As after a start, each time: nothing is known but what is on disk.
    let waiting = || Waiting::new(folder.to_owned(), ASSET, Arc::clone(&key));

    city.is(Mood::IsAway);
    journal(folder).add(100, READER, (1, 1), Fetched::Key).unwrap();
    waiting().hand_over(&city).await.unwrap_err();
    assert!(journal(folder).refuse(101, READER, 2, Fetched::File, "not-granted").unwrap());
    waiting().hand_over(&city).await.unwrap_err();
    assert!(city.numbers().is_empty() && !folder.join(HANDED).exists());

    // It has them, and this side does not know it: they are sent again.
    city.is(Mood::LosesAnswers);
    waiting().hand_over(&city).await.unwrap_err();
    city.is(Mood::Answers);
    journal(folder).add(102, READER, (1, 1), Fetched::File).unwrap();
    assert_eq!(waiting().hand_over(&city).await.unwrap(), 3);
    assert_eq!((city.numbers(), *city.times.lock().unwrap()), (vec![1, 2, 3], 2));
    assert_eq!(waiting().hand_over(&city).await.unwrap(), 0, "nothing is sent for nothing");
    let refused = city.kept.lock().unwrap()[&2].fetch.clone();
    assert_eq!((refused.refused.as_deref(), refused.version, refused.reader), (Some("not-granted"), 0, READER));

    // What says how far it is was cut short: all is sent once more, and kept once.
    fs::write(folder.join(HANDED), "{\"thro").unwrap();
    journal(folder).add(103, READER, (1, 1), Fetched::File).unwrap();
    assert_eq!(waiting().hand_over(&city).await.unwrap(), 4);
    assert_eq!(city.numbers(), [1, 2, 3, 4]);

    // More than go at once.
    let mut more = journal(folder);
    for at in 0..MAX_HANDED_LINES as u64 + 1 {
        more.add(200 + at, READER, (1, 1), Fetched::File).unwrap();
    }
    let times = *city.times.lock().unwrap();
    assert_eq!(waiting().hand_over(&city).await.unwrap(), MAX_HANDED_LINES + 1);
    assert_eq!((*city.times.lock().unwrap(), city.numbers().len()), (times + 2, MAX_HANDED_LINES + 5));
}

// S-ASSET: a journal that was put back from a copy says again what it said, and what it says otherwise is sent too.
#[tokio::test]
async fn a_journal_that_is_not_the_one_that_was_handed_over_is_handed_over_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, key) = (scratch.path(), key());
    journal(folder).add(100, READER, (1, 1), Fetched::Key).unwrap();
    let copy = fs::read(folder.join("fetches.ndjson")).unwrap();
    journal(folder).add(101, READER, (1, 1), Fetched::File).unwrap();
    let waiting = Waiting::new(folder.to_owned(), ASSET, Arc::clone(&key));
    assert_eq!(waiting.hand_over(&City::new(key.address())).await.unwrap(), 2);
    fs::write(folder.join("fetches.ndjson"), copy).unwrap();
    journal(folder).add(109, READER, (5, 1), Fetched::File).unwrap();
    let other = City::new(key.address());
    assert_eq!(waiting.hand_over(&other).await.unwrap(), 2);
    assert_eq!(other.kept.lock().unwrap()[&2].fetch.at, 109);

    // A line that was taken out of the middle keeps none of the others back.
    for at in 110..=112 {
        journal(folder).add(at, READER, (5, 1), Fetched::File).unwrap();
    }
    let text = fs::read_to_string(folder.join("fetches.ndjson")).unwrap();
    let without: String =
        text.lines().filter(|line| !line.contains("\"at\":111")).map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("fetches.ndjson"), without).unwrap();
    let another = City::new(key.address());
    let waiting = Waiting::new(folder.to_owned(), ASSET, Arc::clone(&key));
    waiting.hand_over(&another).await.unwrap();
    assert_eq!((another.numbers(), *another.times.lock().unwrap()), (vec![3, 5], 2));
}

// S-ASSET: supervision takes lines of one journal, unaltered, in order, of whom they are.
#[tokio::test]
async fn altered_missing_and_foreign_lines_are_not_taken() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, key) = (scratch.path(), key());
    for at in 1..=3 {
        journal(folder).add(at, READER, (at, 1), Fetched::Key).unwrap();
    }
    let lines: Vec<Line> = fetches::after(folder, (0, B256::ZERO)).unwrap();
    let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    let waiting = Waiting::new(folder.to_owned(), ASSET, Arc::clone(&key));
    let signature = waiting.sign(lines.last().unwrap()).await.unwrap();
    let of = |lines: Vec<String>| HandedLines { lines, signature: signature.clone() };
    let owner = key.address();
    assert_eq!(of(texts.clone()).read(ASSET, owner).unwrap().len(), 3);
    assert_eq!(of(texts[1..].to_vec()).read(ASSET, owner).unwrap().len(), 2, "what came before is meant by its hash");

    let altered = |place: usize| {
        let mut texts = texts.clone();
        texts[place] = texts[place].replace("\"version\":1", "\"version\":2");
        of(texts).read(ASSET, owner)
    };
    assert_eq!(altered(0), Err(LinesError::Unchained(2)));
    assert_eq!(altered(2), Err(LinesError::Signature));
    let without = vec![texts[0].clone(), texts[2].clone()];
    assert_eq!(of(without).read(ASSET, owner), Err(LinesError::Unchained(2)));
    assert_eq!(of(texts.clone()).read(Address::ZERO, owner), Err(LinesError::Signature), "another asset");
    assert_eq!(of(texts.clone()).read(ASSET, READER), Err(LinesError::Signature), "another sender");
    assert_eq!(of(Vec::new()).read(ASSET, owner), Err(LinesError::Count));
    assert_eq!(of(vec![texts[0].clone(); MAX_HANDED_LINES + 1]).read(ASSET, owner), Err(LinesError::Count));
    for none in ["{}", "", "\u{0}"] {
        assert_eq!(of(vec![none.to_owned()]).read(ASSET, owner), Err(LinesError::Line(1)), "{none:?}");
    }
}
