//! From what a directory holds to what is new here.

use std::time::{Duration, Instant};

use super::{
    MAX_RUN_SPOOLS, RemoteConfig, RemoteError,
    connection::{Connection, Entry, Identity, check, connect},
    name::FileName,
    partial::Partial,
    patience::within,
    spool::Spool,
};

/// How often a file is fetched that changes meanwhile.
const MAX_ATTEMPTS: usize = 3;

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As many bytes as are listed.
    Whole,
    /// Fewer.
    Short(u64),
    /// One more at least.
    Longer,
    /// Other bytes than came before under the same size and time.
    Differs,
    /// The file is not there.
    Gone,
}

/// Fetches what the directory holds and is not known here, oldest first, until the spool is full; what does not fit comes when what waits was read. Answers
/// the first error after which what was fetched may still be read: of one file, beside which the others came, or of a server that is away.
///
/// # Errors
/// Any other [`RemoteError`]. What was fetched whole is kept in any case, and what is on its way goes on in the next run.
pub(crate) async fn update(config: &RemoteConfig, spool: &mut Spool) -> Result<Option<RemoteError>, RemoteError> {
    check(config)?;
    let mut first = None;
    match update_all(config, spool, &mut first).await {
        Err(error) if error.leaves_the_spool() => remember(error, &mut first),
        other => other?,
    }
    Ok(first)
}

fn remember(error: RemoteError, first: &mut Option<RemoteError>) {
    tracing::warn!(%error, "what waits in the spool is read all the same");
    first.get_or_insert(error);
}

async fn update_all(
    config: &RemoteConfig,
    spool: &mut Spool,
    first: &mut Option<RemoteError>,
) -> Result<(), RemoteError> {
    let ends = Instant::now() + config.deadlines.run;
    let listing = within("the listing", config.deadlines.listing.min(config.deadlines.run), async {
        let mut connection = connect(config).await?;
        let entries = connection.list(&config.pattern).await?;
        Ok((connection, entries))
    });
    let (connection, mut entries) = listing.await?;
    entries.sort_by(|a, b| (a.identity.modified_ms, &a.name).cmp(&(b.identity.modified_ms, &b.name)));
    if let Some(twice) = twice(&entries) {
        return Err(RemoteError::Name { name: twice, reason: "twice" });
    }
    let mut fetching = Fetching { config, connection, ends, received_bytes: 0 };
    for entry in entries {
        if spool.knows(&entry) {
            continue;
        }
        match fetching.file(&entry, spool).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(spool = %spool.folder().display(), "the spool is full, or a run's bytes are: further files come with the next run");
                return Ok(());
            }
            Err(error) if error.is_about_a_file() => {
                let is_refused = matches!(error, RemoteError::RefusedFile { .. });
                remember(error, first);
                if is_refused {
                    // In the middle of what it did.
                    fetching.reconnect().await?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A name that is listed twice is of two files, or of a server that is not to be believed.
fn twice(entries: &[Entry]) -> Option<String> {
    let mut names: Vec<&FileName> = entries.iter().map(|entry| &entry.name).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].as_str().to_owned())
}

/// A run that fetches.
struct Fetching<'a> {
    config: &'a RemoteConfig,
    connection: Box<dyn Connection>,
    ends: Instant,
    /// Of files, also of those that came in vain.
    received_bytes: u64,
}

impl Fetching<'_> {
    /// Whether a file may come, and has room beside what waits and what came.
    fn fits(&self, name: &FileName, identity: Identity, spool: &Spool) -> Result<bool, RemoteError> {
        let config = self.config;
        if identity.size > config.max_file_bytes {
            let (bytes, bound) = (identity.size, config.max_file_bytes);
            return Err(RemoteError::TooLarge { name: name.as_str().to_owned(), bytes, bound });
        }
        let most = config.max_spool_bytes.saturating_mul(MAX_RUN_SPOOLS);
        Ok(spool.waiting_bytes().saturating_add(identity.size) <= config.max_spool_bytes
            && self.received_bytes.saturating_add(identity.size) <= most)
    }

    /// Fetches a file; false when there is no room for it.
    async fn file(&mut self, entry: &Entry, spool: &mut Spool) -> Result<bool, RemoteError> {
        let (name, mut identity) = (&entry.name, entry.identity);
        let text = || name.as_str().to_owned();
        for _ in 0..MAX_ATTEMPTS {
            if !self.fits(name, identity, spool)? {
                return Ok(false);
            }
            let mut partial = spool.partial(name, identity)?;
            let (what, bound) = self.bound(identity.size);
            // What came is what is there only if that is still the same.
            let (end, now) = match within(what, bound, self.attempt(name, &mut partial, spool)).await {
                Ok(found) => found,
                Err(error) => {
                    partial.keep().map_err(|error| RemoteError::spool(spool.folder(), &error))?;
                    return Err(error);
                }
            };
            let same = now == Some(identity);
            if same && end == End::Whole {
                spool.complete(name, partial)?;
                return Ok(true);
            }
            partial.restart().map_err(|error| RemoteError::spool(spool.folder(), &error))?;
            match (now, end) {
                (None, _) => return Err(RemoteError::Disappeared(text())),
                (Some(now), _) if now.size < identity.size => {
                    return Err(RemoteError::Shrunk { name: text(), was: identity.size, is: now.size });
                }
                (Some(_), End::Gone) if same => {
                    let reason = "it lists it and does not let it be read".to_owned();
                    return Err(RemoteError::RefusedFile { name: text(), reason });
                }
                (Some(_), End::Short(sent)) if same => {
                    return Err(RemoteError::WrongLength { name: text(), listed: identity.size, sent });
                }
                (Some(_), End::Longer) if same => {
                    let sent = identity.size + 1;
                    return Err(RemoteError::WrongLength { name: text(), listed: identity.size, sent });
                }
                (Some(now), _) => {
                    tracing::info!(file = name.as_str(), "it changed while it was fetched, and is fetched again");
                    identity = now;
                }
            }
        }
        Err(RemoteError::Changing(text()))
    }

    /// How long a file of so many bytes may take, and what ends then.
    fn bound(&self, size: u64) -> (&'static str, Duration) {
        let deadlines = &self.config.deadlines;
        let of_the_file = deadlines.file_slack + Duration::from_secs(size / deadlines.min_bytes_per_s.max(1));
        let left = self.ends.saturating_duration_since(Instant::now());
        if left < of_the_file { ("the run", left) } else { ("the file", of_the_file) }
    }

    async fn reconnect(&mut self) -> Result<(), RemoteError> {
        let left = self.ends.saturating_duration_since(Instant::now());
        self.connection = within("the run", left, connect(self.config)).await?;
        Ok(())
    }

    /// Fetches a file once; how that ended, and what it is known by afterwards.
    async fn attempt(
        &mut self,
        name: &FileName,
        partial: &mut Partial,
        spool: &Spool,
    ) -> Result<(End, Option<Identity>), RemoteError> {
        let of_the_file = |error| match error {
            RemoteError::Refused(reason) => RemoteError::RefusedFile { name: name.as_str().to_owned(), reason },
            other => other,
        };
        let end = self.transfer(name, partial, spool).await.map_err(of_the_file)?;
        if matches!(end, End::Longer | End::Differs) {
            // The transfer was broken off in its middle.
            self.reconnect().await?;
        }
        Ok((end, self.connection.identify(name).await.map_err(of_the_file)?))
    }

    async fn transfer(&mut self, name: &FileName, partial: &mut Partial, spool: &Spool) -> Result<End, RemoteError> {
        let failed = |error: std::io::Error| RemoteError::spool(spool.folder(), &error);
        let size = partial.identity().size;
        let Some(begins) = self.connection.open(name, partial.position()).await? else { return Ok(End::Gone) };
        if begins != partial.position() {
            partial.restart().map_err(failed)?;
        }
        loop {
            let left = size - partial.position();
            let block = self.connection.read(left).await?;
            if block.is_empty() {
                break;
            }
            self.received_bytes = self.received_bytes.saturating_add(block.len() as u64);
            if block.len() as u64 > left {
                return Ok(End::Longer);
            }
            if !partial.take(&block).map_err(failed)? {
                return Ok(End::Differs);
            }
        }
        self.connection.finish().await?;
        let sent = partial.position();
        Ok(if sent == size { End::Whole } else { End::Short(sent) })
    }
}
