//! How a command on the same machine gets a snapshot of a node that runs: a socket in the chain's folder, which the folder's owner alone may use.
//!
//! ```text
//!   client --"export\n" or "export blocks\n"--> node --"ok\n" and the snapshot, or "no: why\n"--> client
//! ```

use std::{
    fs,
    io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use chancery_execution::{Blockchain, SnapshotError, SnapshotOptions, SnapshotSummary, check_snapshot};
use commonware_runtime::{Handle, Spawner};
use tokio::net::UnixListener;
use tracing::{info, warn};

use crate::application::run_blocking;

/// Name of the socket in the chain's folder.
const SOCKET: &str = "control";
/// Longest request, in bytes.
const MAX_REQUEST_BYTES: u64 = 64;
/// Longest answer that is no snapshot, in bytes.
const MAX_REFUSAL_BYTES: u64 = 4_096;
/// Whoever asks, says what within this time.
const MAX_REQUEST_TIME: Duration = Duration::from_secs(5);
/// Whoever gets a snapshot takes each part of it within this time: while it is written the store can forget nothing.
const MAX_STALL: Duration = Duration::from_secs(60);
/// Buffer of the stream, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// Why a running node gave no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Nobody answers at the socket.
    #[error("no running node answers at {path}: {source}")]
    NoNode {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The node cannot make a snapshot.
    #[error("the node makes no snapshot: {0}")]
    Refused(String),
    /// What came is no snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The stream or the file fails.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a snapshot of the node that runs on the chain in `data_dir` to `out`; what stands in it is checked for damage, not for truth.
///
/// # Errors
/// [`ControlError`].
pub fn running_export(
    data_dir: &Path,
    options: SnapshotOptions,
    out: &mut fs::File,
) -> Result<SnapshotSummary, ControlError> {
    let path = data_dir.join(SOCKET);
    let no_node = |source| ControlError::NoNode { path: path.clone(), source };
    let mut stream = UnixStream::connect(&path).map_err(no_node)?;
    stream.write_all(if options.with_blocks { b"export blocks\n" } else { b"export\n" })?;
    let mut stream = BufReader::with_capacity(BUFFER_BYTES, stream);
    let mut said = String::new();
    (&mut stream).take(MAX_REFUSAL_BYTES).read_line(&mut said)?;
    if said != "ok\n" {
        return Err(ControlError::Refused(said.trim_start_matches("no: ").trim_end().to_owned()));
    }
    Ok(check_snapshot(Copied { from: stream, to: out })?)
}

/// What is read is written too.
struct Copied<'a, R> {
    from: R,
    to: &'a mut fs::File,
}

impl<R: io::Read> io::Read for Copied<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.to.write_all(&buffer[..count])?;
        Ok(count)
    }
}

/// Answers at the socket until it is aborted. A node whose folder has no room for the socket's name goes without.
pub(crate) fn serve<E: Spawner>(context: E, chain: Blockchain, data_dir: &Path) -> Option<Handle<()>> {
    let path = data_dir.join(SOCKET);
    // Of a process that was killed.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).and_then(|listener| {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => {
            warn!(path = %path.display(), %error, "snapshots of this node can be made only while it is stopped: its socket cannot be made");
            return None;
        }
    };
    Some(context.spawn(move |context| async move {
        // One at a time: each holds the store back from forgetting.
        while let Ok((stream, _)) = listener.accept().await {
            let chain = chain.clone();
            let answered = async {
                let stream = stream.into_std()?;
                stream.set_nonblocking(false)?;
                run_blocking(&context, "export", move || answer(&chain, stream)).await.unwrap_or(Ok(()))
            };
            if let Err(error) = answered.await {
                warn!(%error, "a snapshot was not written to its end");
            }
        }
    }))
}

fn answer(chain: &Blockchain, stream: UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(MAX_REQUEST_TIME))?;
    stream.set_write_timeout(Some(MAX_STALL))?;
    let mut request = String::new();
    BufReader::new(&stream).take(MAX_REQUEST_BYTES).read_line(&mut request)?;
    let options = match request.as_str() {
        "export\n" => SnapshotOptions { with_blocks: false },
        "export blocks\n" => SnapshotOptions { with_blocks: true },
        _ => return (&stream).write_all(b"no: the request is unknown\n"),
    };
    let mut out = Answer { out: BufWriter::with_capacity(BUFFER_BYTES, &stream), has_begun: false };
    match chain.export_snapshot(&mut out, options) {
        Ok(summary) => {
            info!(height = summary.height, "a snapshot was given to a command on this machine");
            Ok(())
        }
        Err(error) if !out.has_begun => {
            let line = error.to_string().replace('\n', " ");
            (&stream).write_all(format!("no: {line}\n").as_bytes())
        }
        // Whoever reads finds that it is cut off.
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Says `ok` before the first byte, for until then it can still be refused.
struct Answer<W> {
    out: W,
    has_begun: bool,
}

impl<W: io::Write> io::Write for Answer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_begun {
            self.out.write_all(b"ok\n")?;
            self.has_begun = true;
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
