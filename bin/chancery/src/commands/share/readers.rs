//! `chancery share readers` (S-RULES).

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::{
    PageQuery,
    rest::types::resources::{AssetReader, ReaderGrant},
};

use crate::{
    arguments::{Connection, ShowReaders},
    keys,
    output::Output,
    party::Party,
    share::now_s,
};

pub(super) async fn show(which: ShowReaders, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let page = PageQuery { limit: which.limit, cursor: which.cursor };
    let found = party.client.readers(&which.resource, which.reader, &page).await?;
    let now = now_s();
    let mut lines: Vec<String> = found.items.iter().flat_map(|reader| describe(reader, now)).collect();
    if lines.is_empty() {
        lines.push("None that you may see is listed.".to_owned());
    }
    lines.extend(found.next_cursor.as_ref().map(|cursor| format!("More: --cursor {cursor}")));
    output.answer(&found, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(reader: &AssetReader, now_s: u64) -> Vec<String> {
    let until = reader.removed_at.map(|at| format!(", removed at {}", time(at))).unwrap_or_default();
    let since = reader.listed_at.map_or_else(|| "a time that could not be read".to_owned(), time);
    let cut = if reader.cut { "; there are more events than are read, and older ones may be missing" } else { "" };
    let mut lines = vec![format!("{}  listed since {since}{until}{cut}", reader.reader)];
    lines.extend(reader.grants.iter().map(|grant| {
        let ReaderGrant { request, version, granted_at, valid_until, ended_at, .. } = grant;
        let end = match (ended_at, valid_until) {
            (Some(at), _) => format!("ended at {}", time(*at)),
            (None, Some(last)) if !grant.is_valid(now_s) => format!("over since {}", time(*last)),
            (None, Some(last)) => format!("may read until {}", time(*last)),
            (None, None) => "may read".to_owned(),
        };
        format!(
            "    request {request}, version {version}, granted at {}, block {}: {end}",
            time(*granted_at),
            grant.block_number
        )
    }));
    lines
}

/// RFC 3339, UTC.
fn time(unix_s: u64) -> String {
    let known = i64::try_from(unix_s).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    known.map_or_else(|| unix_s.to_string(), |time| time.to_string())
}
