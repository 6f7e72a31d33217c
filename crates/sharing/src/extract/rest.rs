//! REST sources: rows of JSON, a page after the other, from one origin.

mod link;
mod page;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, Url, redirect::Policy};
use serde_json::{Map, Value as Json};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::{
    Cursor, Declaration, DeclarationError, ExtractError, Source, Stage, Staged, file::record::take, staging::StagedRows,
};
use crate::{
    sealing::DataKey,
    this_machine::{client_builder, is_this_machine},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the service.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time for a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(300);
/// Most pages of a run.
const MAX_PAGES: u32 = 100_000;

/// A service of the owner, or of somebody who lets it read.
#[derive(Clone)]
pub struct RestConfig {
    /// Of the first page: `https`, or `http` on this machine.
    pub url: String,
    /// JSON pointer (RFC 6901) to the array of rows in a page; empty when the page is the array.
    pub rows: String,
    /// JSON pointer to the next page's address in a page; without it that is in the field `Link` (RFC 8288, `rel="next"`).
    pub next: Option<String>,
    /// The parameter of the query that asks for the rows after a cursor's value. Needed when the declaration has a cursor.
    pub cursor_parameter: Option<String>,
    /// Sent as a bearer token (RFC 6750).
    pub token: Option<Zeroizing<String>>,
}

/// Reads a service.
pub struct RestSource {
    client: Client,
    url: Url,
    config: RestConfig,
}

impl RestSource {
    /// Prepares the client; nothing is sent.
    ///
    /// # Errors
    /// [`ExtractError::SourceRefused`] for an address that cannot be used.
    pub fn new(config: RestConfig) -> Result<Self, ExtractError> {
        let refused = |what: &str| Err(ExtractError::SourceRefused(what.to_owned()));
        let Ok(url) = Url::parse(&config.url) else { return refused("its address is no URL") };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return refused("its address is no URL of http or https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("a password is not written into an address: use a token");
        }
        if url.scheme() == "http" && !is_this_machine(&url) {
            return refused(
                "it is reached over https, or is on this machine: rows and token would be read and changed on the way",
            );
        }
        for pointer in [Some(&config.rows), config.next.as_ref()].into_iter().flatten() {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return refused("a JSON pointer is empty or begins with a slash");
            }
        }
        let client = client_builder(&url)
            // A token goes where it was declared to, and nowhere else.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(PAGE_TIMEOUT)
            .build()
            .map_err(|error| ExtractError::SourceRefused(error.to_string()))?;
        Ok(Self { client, url, config })
    }
}

#[async_trait]
impl Source for RestSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        if let (Some(cursor), None) = (&declaration.cursor, &self.config.cursor_parameter) {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let after = after.filter(|_| declaration.cursor.is_some()).map(|after| after.value);
        let (client, config, declaration) = (self.client.clone(), self.config.clone(), declaration.clone());
        let first = self.url.clone();
        let (directory, key) = (directory.to_owned(), key.clone());
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let rows = Stage { directory: &directory, key: &key }.rows(&declaration)?;
            let run = Run { first, config, declaration, after, last: after, position: 0 };
            runtime.block_on(run.read(&client, rows))
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

/// A run through pages, of which one is in memory.
struct Run {
    /// The first page.
    first: Url,
    config: RestConfig,
    declaration: Declaration,
    /// Where the last run ended.
    after: Option<i64>,
    /// The cursor's value in the last row.
    last: Option<i64>,
    position: u64,
}

impl Run {
    async fn read(mut self, client: &Client, mut rows: StagedRows) -> Result<Staged, ExtractError> {
        let mut url = self.first.clone();
        if let (Some(parameter), Some(after)) = (&self.config.cursor_parameter, self.after) {
            url.query_pairs_mut().append_pair(parameter, &after.to_string());
        }
        for _ in 0..MAX_PAGES {
            let token = self.config.token.as_ref().map(|token| token.as_str());
            let mut page = page::fetch(client, &url, token).await?;
            let next = self.next(&page)?;
            let full = self.take_page(&mut page.body, &mut rows)?;
            let Some(next) = next.filter(|_| !full) else { return rows.finish(self.cursor()) };
            let following =
                url.join(&next).map_err(|_| ExtractError::SourceMalformed("the next page has no address"))?;
            if following.origin() != self.first.origin() {
                return Err(ExtractError::SourceMalformed("the next page is at another origin"));
            }
            if following == url {
                return Err(ExtractError::SourceMalformed("a page is its own next page"));
            }
            url = following;
        }
        Err(ExtractError::SourceMalformed("there are more pages than a run takes"))
    }

    fn cursor(&self) -> Option<i64> {
        self.declaration.cursor.as_ref().and(self.last)
    }

    fn next(&self, page: &page::Page) -> Result<Option<String>, ExtractError> {
        let Some(pointer) = &self.config.next else { return Ok(page.next.clone()) };
        match page.body.pointer(pointer) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(next)) if next.is_empty() => Ok(None),
            Some(Json::String(next)) => Ok(Some(next.clone())),
            Some(_) => Err(ExtractError::SourceMalformed("the next page has no address")),
        }
    }

    /// Takes the rows of a page; true when the part is full.
    fn take_page(&mut self, body: &mut Json, rows: &mut StagedRows) -> Result<bool, ExtractError> {
        let Some(Json::Array(found)) = body.pointer_mut(&self.config.rows) else {
            return Err(ExtractError::SourceMalformed("a page has no array of rows where it is declared"));
        };
        for row in std::mem::take(found) {
            self.position += 1;
            let Json::Object(fields) = row else {
                let fields = Map::from_iter([("row".to_owned(), row)]);
                rows.reject(self.position, None, "not a JSON object as expected", fields)?;
                continue;
            };
            if let Some(cursor) = &self.declaration.cursor {
                let Some(value) = fields.get(cursor).and_then(Json::as_i64) else {
                    rows.reject(self.position, Some(cursor), "a cursor that is no integer", fields)?;
                    // It has no place among the others, so no part ends with it.
                    continue;
                };
                // Some services begin with the row that is asked after.
                if self.after.is_some_and(|after| value <= after) {
                    continue;
                }
                if self.last.is_some_and(|last| value <= last) {
                    return Err(ExtractError::SourceMalformed(
                        "rows do not come in the order of the cursor: ask for that order in the address, or declare no cursor",
                    ));
                }
                self.last = Some(value);
            }
            take(self.position, fields, &self.declaration, rows)?;
            if self.declaration.cursor.is_some() && rows.is_full(self.declaration.part_rows) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
