//! S-COL, SHARE-3: of a file that is there again, what is new in it is taken, and nothing twice.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, SystemTime},
};

use arrow_array::StringArray;
use chancery_sharing::extract::{ColumnType, Declaration, FileFormat, FileSource, PublishedPart};

use crate::support::{Desk, dataset, declared, rejects};

fn weather() -> Declaration {
    declared(&[("date", ColumnType::Text), ("temp_max", ColumnType::Float), ("weather", ColumnType::Text)])
}

fn append(path: &Path, bytes: impl AsRef<[u8]>) {
    File::options().append(true).open(path).unwrap().write_all(bytes.as_ref()).unwrap();
}

async fn days(desk: &Desk, part: &PublishedPart) -> Vec<String> {
    let batches = desk.read(part).await;
    let days = batches.iter().flat_map(|batch| {
        let days = batch.column(0).as_any().downcast_ref::<StringArray>().unwrap();
        days.iter().map(|day| day.unwrap().to_owned()).collect::<Vec<_>>()
    });
    days.collect()
}

// The days of a real table, as if a service wrote them into its file.
#[tokio::test]
async fn rows_that_are_appended_to_csv_come_alone_and_an_unchanged_file_makes_no_part() {
    let desk = Desk::new();
    let table = fs::read_to_string(dataset("seattle-weather.csv")).unwrap();
    let written = |day: &str| table.find(day).unwrap();
    let (first, second) = (written("2013-01-01"), written("2014-01-01"));
    let path = desk.write("weather.csv", &table[..first]);
    let source = FileSource::new(&path, FileFormat::Csv);
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    let mut all = days(&desk, &part).await;
    assert_eq!(desk.extract(&source, &weather()).await.unwrap(), None, "unchanged");

    append(&path, &table[first..second]);
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    assert_eq!(part.rows, 365, "of one year");
    all.extend(days(&desk, &part).await);
    append(&path, &table[second..]);
    append(&path, "2016-01-01,1,warm,1,1,sun\n");
    let part = desk.extract(&source, &weather()).await.unwrap().unwrap();
    all.extend(days(&desk, &part).await);
    let expected: Vec<_> = table.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    let spoilt = rejects(&part).pop().unwrap();
    assert_eq!(spoilt.position, table.lines().count() as u64, "counted in the whole file");
    // Written anew with the same bytes, under the same name.
    fs::rename(desk.write("again", fs::read(&path).unwrap()), &path).unwrap();
    assert_eq!(desk.extract(&source, &weather()).await.unwrap(), None, "the same bytes");
    assert_eq!((all.len(), desk.published()), (expected.len(), 3));
    assert!(all.iter().zip(&expected).all(|(one, other)| one == other), "every day once and in order");
}

#[tokio::test]
async fn what_was_written_anew_is_taken_whole() {
    let desk = Desk::new();
    let path = desk.write("weather.csv", "date,temp_max,weather\na,1,sun\nb,2,\"fog\n");
    let source = FileSource::new(&path, FileFormat::Csv);
    let extract = async || desk.extract(&source, &weather()).await.unwrap().map(|part| part.rows);
    assert_eq!(extract().await, Some(1), "the last text goes on");
    // These are no rows of their own.
    append(&path, "c,3,sun\"\nd,4,sun\n");
    assert_eq!(extract().await, Some(2));
    append(&path, "e,5,sun\n");
    assert_eq!(extract().await, Some(1));
    // What was read has changed.
    fs::write(&path, "date,temp_max,weather\na,9,sun\nb,2,fog\nc,3,sun\nd,4,sun\ne,5,sun\nf,6,sun\n").unwrap();
    assert_eq!(extract().await, Some(6));
    fs::write(&path, "date,temp_max,weather\na,9,sun\n").unwrap();
    assert_eq!(extract().await, Some(1), "shorter");
    let other = declared(&[("date", ColumnType::Text), ("weather", ColumnType::Text)]);
    assert_eq!(desk.extract(&source, &other).await.unwrap().unwrap().rows, 1, "other columns are another extract");
    assert_eq!(desk.extract(&source, &other).await.unwrap(), None);
}

#[tokio::test]
async fn lines_of_ndjson_come_alone_and_arrays_come_whole() {
    let desk = Desk::new();
    let path = desk.write("in.ndjson", "{\"date\":\"a\"}\n{\"date\":\"b\"}\n");
    let source = FileSource::new(&path, FileFormat::Ndjson);
    let rows = async |source: &FileSource| desk.extract(source, &weather()).await.unwrap().map(|part| part.rows);
    assert_eq!(rows(&source).await, Some(2));
    append(&path, "{\"date\":\"c\"}\n{\"da");
    assert_eq!(rows(&source).await, Some(1));
    assert_eq!(rows(&source).await, None, "a line that somebody is writing waits for its end");
    append(&path, "te\":\"d\"}\n");
    assert_eq!(rows(&source).await, Some(1));
    assert_eq!(rows(&source).await, None);

    let path = desk.write("in.json", "[{\"date\":\"a\"}]");
    let source = FileSource::new(&path, FileFormat::Json);
    assert_eq!(rows(&source).await, Some(1));
    assert_eq!(rows(&source).await, None);
    fs::write(&path, "[{\"date\":\"a\"},{\"date\":\"b\"}]").unwrap();
    assert_eq!(rows(&source).await, Some(2));

    let touched = |text: &str| {
        fs::write(&path, text).unwrap();
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    };
    touched("[{\"date\":\"c\"}]");
    assert_eq!(rows(&source).await, Some(1));
    touched("[{\"date\":\"d\"}]");
    assert_eq!(rows(&source).await, Some(1), "the same size, time and inode: the file system knows of the change");
}

#[tokio::test]
async fn a_row_that_is_half_written_comes_once_and_whole() {
    let desk = Desk::new();
    let path = desk.write("weather.csv", "date,temp_max,weather\r\na,1,sun\r\nb,2,\"fo");
    let source = FileSource::new(&path, FileFormat::Csv);
    let extract = async |source: &FileSource| {
        let part = desk.extract(source, &weather()).await.unwrap()?;
        assert_eq!(part.rejected, 0);
        Some(days(&desk, &part).await)
    };
    let told = |days: &[&str]| Some(days.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>());
    assert_eq!(extract(&source).await, told(&["a"]));
    let position = desk.state().file.unwrap().value;
    assert_eq!(position, 32, "the end of the last whole line");
    // Half a line end is none, and one in quotes is none.
    append(&path, "g\nc\"\r");
    assert_eq!(extract(&source).await, None);
    append(&path, "\nc,3,sun\r\nd,4");
    assert_eq!(extract(&source).await, told(&["b", "c"]));
    append(&path, ",sun");
    assert_eq!(extract(&source).await, None);
    // Nothing more comes, as its owner says.
    let source = source.finished();
    assert_eq!(extract(&source).await, told(&["d"]));
    assert_eq!(extract(&source).await, None);
}

// What an earlier version recorded of a file that it knew by fewer of its marks.
#[tokio::test]
async fn the_state_of_an_earlier_version_goes_on() {
    let desk = Desk::new();
    let path = desk.write("in.ndjson", "{\"date\":\"a\"}\n");
    let source = FileSource::new(&path, FileFormat::Ndjson);
    let rows = async || desk.extract(&source, &weather()).await.unwrap().map(|part| part.rows);
    assert_eq!(rows().await, Some(1));
    let mut state: serde_json::Value = serde_json::from_slice(&fs::read(desk.state_path()).unwrap()).unwrap();
    let mut mark: serde_json::Value = serde_json::from_str(state["file"]["mark"].as_str().unwrap()).unwrap();
    mark["seen"] = serde_json::json!({ "device": 1, "inode": 2, "modified_s": 3, "modified_ns": 4 });
    state["file"]["mark"] = mark.to_string().into();
    fs::write(desk.state_path(), state.to_string()).unwrap();
    assert_eq!(rows().await, None);
    append(&path, "{\"date\":\"b\"}\n");
    assert_eq!(rows().await, Some(1));
}
