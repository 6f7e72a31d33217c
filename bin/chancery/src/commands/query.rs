//! What a query over the data of registered sources says on the command line, and a file that its answer is written into.

use std::{collections::BTreeMap, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use chancery_client::{
    DataFile,
    rest::{
        types::data::{FieldRange, FieldValue, Member, OperationPlace, PageFormat, SearchData, SearchPlace},
        values::HexAddress,
    },
};
use futures::TryStreamExt as _;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::{arguments::Which, output::Output};

/// Which operations, without anything about a page.
pub(super) fn which(which: Which) -> Result<SearchData> {
    let field = |text: &String| {
        let (path, value) = text.split_once('=').context("--field is written PATH=VALUE")?;
        anyhow::Ok(FieldValue { path: path.to_owned(), value: value.to_owned() })
    };
    Ok(SearchData {
        sources: which.source.into_iter().map(HexAddress).collect(),
        formats: which.format,
        subject: which.subject,
        fields: which.field.iter().map(field).collect::<Result<_>>()?,
        ranges: which.range.iter().map(|text| range(text)).collect::<Result<_>>()?,
        text: which.text,
        from: which.from,
        to: which.to,
        time: which.accepted.then(|| "accepted".to_owned()),
        ..SearchData::default()
    })
}

/// `PATH>=VALUE`, and so on. A path has neither `<` nor `>` in it here.
fn range(text: &str) -> Result<FieldRange> {
    let wrong = "--range is written PATH>=VALUE, PATH>VALUE, PATH<=VALUE or PATH<VALUE";
    let at = text.find(['<', '>']).context(wrong)?;
    let (path, condition) = text.split_at(at);
    let of = |bound: &str| Some(bound.to_owned());
    let range = FieldRange { path: path.to_owned(), ..FieldRange::default() };
    Ok(match (condition.strip_prefix(">="), condition.strip_prefix("<=")) {
        (Some(bound), _) => FieldRange { at_least: of(bound), ..range },
        (_, Some(bound)) => FieldRange { at_most: of(bound), ..range },
        _ => match (condition.strip_prefix('>'), condition.strip_prefix('<')) {
            (Some(bound), _) => FieldRange { above: of(bound), ..range },
            (_, Some(bound)) => FieldRange { below: of(bound), ..range },
            _ => bail!(wrong),
        },
    })
}

/// `PATH[,FORMAT=PATH...]`.
pub(super) fn member(text: &str) -> Result<Member> {
    let mut parts = text.split(',');
    let path = parts.next().unwrap_or_default().to_owned();
    let named = |part: &str| {
        let (format, path) = part.split_once('=').context("a member is written PATH[,FORMAT=PATH...]")?;
        anyhow::Ok((format.to_owned(), path.to_owned()))
    };
    Ok(Member { path, in_formats: parts.map(named).collect::<Result<BTreeMap<_, _>>>()? })
}

/// An operation by its name on the command line.
pub(super) fn place(text: &str) -> Result<OperationPlace> {
    let (place, index) = text.split_once('.').context("an operation is written PLACE.INDEX")?;
    Ok(OperationPlace { place: place.parse()?, index: index.parse()? })
}

/// `--after`: `PLACE.INDEX`.
pub(super) fn after(text: Option<&str>) -> Result<Option<OperationPlace>> {
    text.map(|text| place(text).context("--after")).transpose()
}

/// `--after` of a search: `PLACE.INDEX`, and of a sorted one `:KEY`, which may be anything.
pub(super) fn after_page(text: Option<&str>) -> Result<Option<SearchPlace>> {
    let read = |text: &str| {
        let (at, key) = text.split_once(':').map_or((text, None), |(at, key)| (at, Some(key.to_owned())));
        let at = place(at).context("--after")?;
        anyhow::Ok(SearchPlace { key, ..at.into() })
    };
    text.map(read).transpose()
}

/// How the next page is asked for, in words that a shell takes for one.
pub(super) fn more(next: SearchPlace) -> String {
    let SearchPlace { place, index, key } = next;
    match key {
        None => format!("More: --after {place}.{index}"),
        Some(key) => format!("More: --after '{place}.{index}:{}'", key.replace('\'', r"'\''")),
    }
}

/// How an answer is written: as CSV, into a file, or as JSON.
pub(super) const fn page_format(csv: bool, parquet: Option<&Path>, arrow: Option<&Path>) -> PageFormat {
    match (csv, parquet, arrow) {
        (true, ..) => PageFormat::Csv,
        (_, Some(_), _) => PageFormat::Parquet,
        (.., Some(_)) => PageFormat::Arrow,
        _ => PageFormat::Json,
    }
}

/// That a file may be made: what is there is never written over.
pub(super) fn absent(path: &Path) -> Result<()> {
    ensure!(!path.exists(), "{} exists: choose another name", path.display());
    Ok(())
}

/// Writes a file that is whole or not there. What offices see is in nobody else's hands: mode 0600.
pub(super) async fn write(mut page: DataFile, path: &Path, output: &Output) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write into {}: make the folder first", folder.display()))?;
    let mut bytes = 0;
    while let Some(chunk) = page.bytes.try_next().await? {
        bytes += chunk.len();
        file.write_all(&chunk)?;
    }
    file.as_file().sync_all()?;
    file.persist_noclobber(path).with_context(|| format!("cannot write {}", path.display()))?;
    let written = [format!("{}: {bytes} bytes", path.display())];
    let lines: Vec<_> = written.into_iter().chain(page.next.clone().map(more)).collect();
    output.answer(&json!({"file": path, "bytes": bytes, "next": page.next}), lines.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SER-2
    #[test]
    fn ranges_and_members_are_read_as_they_are_written() {
        let bounds = |text: &str| {
            let FieldRange { path, at_least, above, at_most, below } = range(text).unwrap();
            (path, [at_least, above, at_most, below].map(|bound| bound.unwrap_or_default()))
        };
        for (text, expected) in [
            ("a.b>=1", ["1", "", "", ""]),
            ("a.b>-1", ["", "-1", "", ""]),
            ("a.b<=2012-01-31", ["", "", "2012-01-31", ""]),
            ("a.b<1e3", ["", "", "", "1e3"]),
        ] {
            assert_eq!(bounds(text), ("a.b".to_owned(), expected.map(str::to_owned)), "{text}");
        }
        assert!(range("a=1").is_err());
        let known = member("temp_max,reading/climate=warmest").unwrap();
        assert_eq!((known.path.as_str(), known.in_formats["reading/climate"].as_str()), ("temp_max", "warmest"));
        assert!(member("a,b").is_err());
    }

    // SEARCH-7: what says where a page goes on is what the next one takes.
    #[test]
    fn the_next_page_is_asked_for_as_the_one_before_says() {
        let key = |text: &str| Some(text.to_owned());
        for (next, said) in [
            (SearchPlace { place: 5, index: 1, key: None }, "5.1"),
            (SearchPlace { place: 5, index: 1, key: key("") }, "5.1:"),
            (SearchPlace { place: 5, index: 1, key: key("\"a:b\"") }, "5.1:\"a:b\""),
        ] {
            assert_eq!(after_page(Some(said)).unwrap(), Some(next.clone()));
            assert!(more(next).contains(said), "{said}");
        }
        let quoted = more(SearchPlace { place: 5, index: 1, key: key("\"it's\"") });
        assert_eq!(quoted, r#"More: --after '5.1:"it'\''s"'"#);
        assert!(after_page(Some("5")).is_err());
    }
}
