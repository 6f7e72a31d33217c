//! SHARE-2, SHARE-10: a bucket behind a line on which things happen once: errors of the service, connections that are cut, answers that are lost.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use chancery_sharing::{
    name::ObjectName,
    storage::{FetchError, FileStore, Location, S3Store, StoreError, check_verified, fetch_verified},
};
use chancery_testing::process::S3Server;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::storage::{bucket_at, described};

/// Longest head of a message.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// What happens to a request.
#[derive(Clone, Copy)]
enum Fault {
    /// The service answers with an error, and has done nothing.
    Answer(u16, &'static str),
    /// The connection is cut while the request's body is sent.
    CutRequest,
    /// The service has done it, and nobody hears so.
    LoseAnswer,
    /// The connection is cut in the middle of the answer's body.
    CutAnswer,
    /// Half the answer's body comes, and is said to be all of it.
    Shorten,
}

/// To which requests: method, a part of the path with its query, how often.
struct Planned(&'static str, &'static str, Fault, usize);

type Plan = Arc<Mutex<Vec<Planned>>>;

struct Line {
    endpoint: String,
    plan: Plan,
}

impl Line {
    async fn to(server: &S3Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (plan, upstream) = (Plan::default(), server.endpoint().trim_start_matches("http://").to_owned());
        let planned = Arc::clone(&plan);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, planned) = (upstream.clone(), Arc::clone(&planned));
                // Ends with its connection, however that ends.
                tokio::spawn(async move { carry(client, &upstream, &planned).await.ok() });
            }
        });
        Self { endpoint, plan }
    }

    fn plan(&self, planned: Planned) {
        self.plan.lock().unwrap().push(planned);
    }

    /// Whether everything that was planned has happened.
    fn is_quiet(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }
}

fn next_fault(plan: &Plan, method: &str, target: &str) -> Option<Fault> {
    let mut plan = plan.lock().unwrap();
    let found = plan.iter().position(|Planned(of, part, ..)| *of == method && target.contains(part))?;
    let Planned(_, _, fault, times) = &mut plan[found];
    let fault = *fault;
    *times -= 1;
    if *times == 0 {
        plan.remove(found);
    }
    Some(fault)
}

/// The head of a message, with the length of its body.
async fn head(stream: &mut TcpStream) -> io::Result<Option<(String, usize)>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if bytes.len() > MAX_HEAD_BYTES || stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(Some((head, length.unwrap_or(0))))
}

async fn carry(mut client: TcpStream, upstream: &str, plan: &Plan) -> io::Result<()> {
    while let Some((asked, length)) = head(&mut client).await? {
        let mut words = asked.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let fault = next_fault(plan, method, target);
        if matches!(fault, Some(Fault::CutRequest)) {
            client.read_exact(&mut vec![0; length / 2]).await?;
            return Ok(());
        }
        let mut body = vec![0; length];
        client.read_exact(&mut body).await?;
        if let Some(Fault::Answer(status, code)) = fault {
            let body = format!("<Error><Code>{code}</Code><Message>once</Message></Error>");
            let answer = format!("HTTP/1.1 {status} Once\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            client.write_all(answer.as_bytes()).await?;
            continue;
        }
        // A connection for each, so that the end of an answer without a length is seen.
        let mut service = TcpStream::connect(upstream).await?;
        service.write_all(&[asked.as_bytes(), &body].concat()).await?;
        let Some((said, length)) = head(&mut service).await? else { return Ok(()) };
        let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
        service.read_exact(&mut body).await?;
        let half = body.len() / 2;
        match fault {
            Some(Fault::LoseAnswer) => return Ok(()),
            Some(Fault::CutAnswer) => {
                client.write_all(&[said.as_bytes(), &body[..half]].concat()).await?;
                return Ok(());
            }
            Some(Fault::Shorten) => {
                let is_length = |line: &str| line.to_ascii_lowercase().starts_with("content-length:");
                let line = |line: &str| {
                    if is_length(line) { format!("content-length: {half}\r\n") } else { format!("{line}\r\n") }
                };
                let shorter: String = said.lines().map(line).collect();
                client.write_all(&[shorter.as_bytes(), &body[..half]].concat()).await?;
            }
            _ => client.write_all(&[said.as_bytes(), &body].concat()).await?,
        }
        if said.to_ascii_lowercase().contains("connection: close") {
            return Ok(());
        }
    }
    Ok(())
}

/// A bucket behind a line, beside itself; and a file of three parts of an upload.
struct Bucket {
    line: Line,
    behind: S3Store,
    itself: S3Store,
    bytes: Vec<u8>,
    staged: PathBuf,
    folder: tempfile::TempDir,
    _server: S3Server,
}

impl Bucket {
    async fn start() -> Self {
        let server = S3Server::start(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        server.make_bucket("ods").unwrap();
        let line = Line::to(&server).await;
        let store = |endpoint: &str| bucket_at(endpoint, "ods", None, server.key());
        let (behind, itself) = (store(&line.endpoint), store(server.endpoint()));
        let bytes: Vec<u8> = (0..17_000_000_u32).map(|index| (index % 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let staged = folder.path().join("staged");
        std::fs::write(&staged, &bytes).unwrap();
        Self { line, behind, itself, bytes, staged, folder, _server: server }
    }

    async fn publish(&self, name: &str) -> Result<Location, StoreError> {
        self.behind.publish(&name.parse::<ObjectName>().unwrap(), &self.staged).await
    }

    /// Whether the whole file has a name, or nothing has.
    async fn has(&self, name: &str) -> bool {
        let location = Location::Name(name.parse().unwrap());
        match self.itself.open(&location).await {
            Err(StoreError::NotFound(_)) => false,
            Err(error) => panic!("{error}"),
            Ok(_) => {
                check_verified(&self.itself, &location, &described(&self.bytes)).await.unwrap();
                true
            }
        }
    }
}

// SHARE-2, SHARE-10, S-ODS
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_on_a_bad_line_has_whole_files_or_none_and_gives_whole_ones_or_none() {
    let bucket = Bucket::start().await;
    what_passes_is_made_up_for(&bucket).await;
    what_lasts_leaves_nothing_under_the_name(&bucket).await;
    what_came_short_is_refused_and_asked_for_again(&bucket).await;
}

async fn what_passes_is_made_up_for(bucket: &Bucket) {
    // Each on its way through one publication: the claim, the beginning, parts, the end.
    for planned in [
        Planned("PUT", "/.claims/", Fault::Answer(503, "SlowDown"), 1),
        Planned("POST", "uploads", Fault::Answer(500, "InternalError"), 1),
        Planned("PUT", "partNumber=1", Fault::Answer(503, "SlowDown"), 2),
        Planned("PUT", "partNumber=2", Fault::CutRequest, 1),
        Planned("PUT", "partNumber=3", Fault::LoseAnswer, 1),
        Planned("POST", "uploadId=", Fault::Answer(500, "InternalError"), 1),
    ] {
        bucket.line.plan(planned);
    }
    bucket.publish("a").await.unwrap();
    assert!(bucket.line.is_quiet(), "everything has happened");
    assert!(bucket.has("a").await);

    // What was done, and whose answer was lost, is found to be done: the claim is its own, the object is there.
    bucket.line.plan(Planned("PUT", "/.claims/", Fault::LoseAnswer, 1));
    bucket.line.plan(Planned("POST", "uploadId=", Fault::LoseAnswer, 1));
    bucket.publish("b").await.unwrap();
    assert!(bucket.line.is_quiet() && bucket.has("b").await);
    let again = bucket.publish("b").await;
    assert!(matches!(again, Err(StoreError::Exists(_))), "{again:?}");
}

async fn what_lasts_leaves_nothing_under_the_name(bucket: &Bucket) {
    bucket.line.plan(Planned("PUT", "partNumber=2", Fault::Answer(503, "SlowDown"), 5));
    let refused = bucket.publish("c").await;
    assert!(matches!(&refused, Err(StoreError::Temporary(said)) if said.contains("SlowDown")), "{refused:?}");
    assert!(bucket.line.is_quiet(), "it was tried so often");
    assert!(!bucket.has("c").await, "nothing is half published");
    bucket.line.plan(Planned("POST", "uploadId=", Fault::Answer(403, "RequestTimeTooSkewed"), 1));
    let refused = bucket.publish("c").await;
    let Err(StoreError::Misconfigured { look_at, .. }) = &refused else { panic!("{refused:?}") };
    assert!(look_at.contains("clock"), "{look_at}");
    assert!(!bucket.has("c").await);
    bucket.publish("c").await.unwrap();
    assert!(bucket.has("c").await, "the name was given back");
}

async fn what_came_short_is_refused_and_asked_for_again(bucket: &Bucket) {
    let location = Location::Name("a".parse().unwrap());
    let (expected, target) = (described(&bucket.bytes), bucket.folder.path().join("fetched"));
    for fault in [Fault::Answer(503, "SlowDown"), Fault::CutAnswer, Fault::Shorten] {
        bucket.line.plan(Planned("GET", "/a", fault, 1));
        fetch_verified(&bucket.behind, &location, &expected, &target).await.unwrap();
        assert!(bucket.line.is_quiet());
        assert_eq!(std::fs::read(&target).unwrap(), bucket.bytes);
        std::fs::remove_file(&target).unwrap();
    }
    bucket.line.plan(Planned("GET", "/a", Fault::Shorten, 2));
    let refused = fetch_verified(&bucket.behind, &location, &expected, &target).await;
    assert!(matches!(refused, Err(FetchError::Length { longer: false, .. })), "{refused:?}");
    assert_eq!(std::fs::read_dir(bucket.folder.path()).unwrap().count(), 1, "only the staged file is left");
}
