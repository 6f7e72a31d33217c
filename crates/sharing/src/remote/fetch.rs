//! From what a directory holds to what is new here.

use super::{
    RemoteConfig, RemoteError,
    connection::{Connection, Entry, Identity, check, connect},
    name::FileName,
    partial::Partial,
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

/// Fetches what the directory holds and is not known here, oldest first, until the spool is full; what does not fit comes when what waits was read.
///
/// # Errors
/// [`RemoteError`]. What was fetched whole is kept, and what is on its way goes on in the next run.
pub(crate) async fn update(config: &RemoteConfig, spool: &mut Spool) -> Result<(), RemoteError> {
    check(config)?;
    let mut connection = connect(config).await?;
    let mut entries = connection.list(&config.pattern).await?;
    entries.sort_by(|a, b| (a.identity.modified_ms, &a.name).cmp(&(b.identity.modified_ms, &b.name)));
    if let Some(twice) = twice(&entries) {
        return Err(RemoteError::Name { name: twice, reason: "twice" });
    }
    for entry in entries {
        if spool.knows(&entry) {
            continue;
        }
        if !fetch(config, &mut connection, &entry, spool).await? {
            tracing::info!(spool = %spool.folder().display(), "the spool is full: further files come when these are read");
            return Ok(());
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

/// Whether a file may come, and has room beside what waits.
fn fits(config: &RemoteConfig, name: &FileName, identity: Identity, spool: &Spool) -> Result<bool, RemoteError> {
    if identity.size > config.max_file_bytes {
        let (bytes, bound) = (identity.size, config.max_file_bytes);
        return Err(RemoteError::TooLarge { name: name.as_str().to_owned(), bytes, bound });
    }
    Ok(spool.waiting_bytes().saturating_add(identity.size) <= config.max_spool_bytes)
}

/// Fetches a file; false when the spool has no room for it.
async fn fetch(
    config: &RemoteConfig,
    connection: &mut Box<dyn Connection>,
    entry: &Entry,
    spool: &mut Spool,
) -> Result<bool, RemoteError> {
    let (name, mut identity) = (&entry.name, entry.identity);
    let text = || name.as_str().to_owned();
    for _ in 0..MAX_ATTEMPTS {
        if !fits(config, name, identity, spool)? {
            return Ok(false);
        }
        let mut partial = spool.partial(name, identity)?;
        let end = match transfer(connection.as_mut(), name, &mut partial, spool).await {
            Ok(end) => end,
            Err(error) => {
                partial.keep().map_err(|error| RemoteError::spool(spool.folder(), &error))?;
                return Err(error);
            }
        };
        if matches!(end, End::Longer | End::Differs) {
            // The transfer was broken off in its middle.
            *connection = connect(config).await?;
        }
        // What came is what is there only if that is still the same.
        let now = match connection.identify(name).await {
            Ok(now) => now,
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
                return Err(RemoteError::Refused(format!("it lists {:?} and does not let it be read", name.as_str())));
            }
            (Some(_), End::Short(sent)) if same => {
                return Err(RemoteError::WrongLength { name: text(), listed: identity.size, sent });
            }
            (Some(_), End::Longer) if same => {
                return Err(RemoteError::WrongLength { name: text(), listed: identity.size, sent: identity.size + 1 });
            }
            (Some(now), _) => {
                tracing::info!(file = name.as_str(), "it changed while it was fetched, and is fetched again");
                identity = now;
            }
        }
    }
    Err(RemoteError::Changing(text()))
}

async fn transfer(
    connection: &mut dyn Connection,
    name: &FileName,
    partial: &mut Partial,
    spool: &Spool,
) -> Result<End, RemoteError> {
    let failed = |error: std::io::Error| RemoteError::spool(spool.folder(), &error);
    let size = partial.identity().size;
    let Some(begins) = connection.open(name, partial.position()).await? else { return Ok(End::Gone) };
    if begins != partial.position() {
        partial.restart().map_err(failed)?;
    }
    loop {
        let left = size - partial.position();
        let block = connection.read(left).await?;
        if block.is_empty() {
            break;
        }
        if block.len() as u64 > left {
            return Ok(End::Longer);
        }
        if !partial.take(&block).map_err(failed)? {
            return Ok(End::Differs);
        }
    }
    connection.finish().await?;
    let sent = partial.position();
    Ok(if sent == size { End::Whole } else { End::Short(sent) })
}
