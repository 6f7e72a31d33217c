//! S-COL, SHARE-2, SHARE-3: logs from files, syslog and HTTP, through the spool, into parts.

use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::StringArray;
use chancery_sharing::{
    collect::{Channel, CollectError, Collector, CollectorConfig, Encryption, TailedFile},
    extract::{ColumnType, Comparison, Condition, Declaration, DeclarationError, ExtractError, Literal, SpoolSource},
};
use chancery_testing::{
    left_out,
    process::{MOUNTING, SmallDisk},
};
use zeroize::Zeroizing;

use crate::support::{Desk, dataset, declared};

/// What would encrypt for whoever comes. Nothing comes in these tests.
#[derive(Debug)]
struct Unverified;

#[async_trait::async_trait]
impl Encryption for Unverified {
    async fn accept(&self, stream: tokio::net::TcpStream) -> std::io::Result<Box<dyn Channel>> {
        Ok(Box::new(stream))
    }

    fn verifies_senders(&self) -> bool {
        false
    }
}

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) fn config(desk: &Desk) -> CollectorConfig {
    CollectorConfig {
        spool: desk.directory.path().join("spool"),
        max_bytes: 1 << 24,
        tails: vec![TailedFile { path: log(desk), json: false }],
        syslog_udp: None,
        syslog_tcp: None,
        plain_senders: vec![],
        syslog_tls: None,
        http: None,
        http_encryption: None,
        syslog_encryption: None,
        token: None,
        http_senders: vec![],
        interval: Duration::from_millis(10),
    }
}

fn log(desk: &Desk) -> PathBuf {
    desk.directory.path().join("app.log")
}

fn lines() -> Declaration {
    Declaration {
        cursor: Some("_seq".to_owned()),
        ..declared(&[("_seq", ColumnType::Integer), ("line", ColumnType::Text), ("message", ColumnType::Text)])
    }
}

fn write(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Extracts until so many texts of a column are there; those texts, in their order.
pub(crate) async fn extracted(desk: &Desk, column: usize, count: usize) -> Vec<String> {
    let source = SpoolSource::new(&desk.directory.path().join("spool"));
    let (since, mut texts) = (Instant::now(), Vec::new());
    while texts.len() < count {
        assert!(since.elapsed() < Duration::from_secs(60), "only {texts:?}");
        match desk.extract(&source, &lines()).await.unwrap() {
            None => tokio::time::sleep(Duration::from_millis(10)).await,
            Some(part) => {
                for batch in desk.read(&part).await {
                    let column = batch.column(column).as_any().downcast_ref::<StringArray>().unwrap();
                    texts.extend(column.iter().flatten().map(str::to_owned));
                }
            }
        }
    }
    texts
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_over_rotation_and_restart_and_each_line_is_extracted_once() {
    let desk = Desk::new();
    write(&log(&desk), "1\n2\n");
    let collector = Collector::start(config(&desk)).await.unwrap();
    let busy = Collector::start(config(&desk)).await.err();
    assert!(matches!(busy, Some(CollectError::Busy(_))), "{busy:?}");
    assert_eq!(extracted(&desk, 1, 2).await, ["1", "2"]);
    write(&log(&desk), "3\n");
    assert_eq!(extracted(&desk, 1, 1).await, ["3"]);
    collector.stop().await;

    // While nobody reads it is written, renamed, and begun anew.
    write(&log(&desk), "4\n");
    fs::rename(log(&desk), desk.directory.path().join("app.log.1")).unwrap();
    write(&log(&desk), "5\n");
    let collector = Collector::start(config(&desk)).await.unwrap();
    assert_eq!(extracted(&desk, 1, 2).await, ["4", "5"]);
    // Truncated, and written again.
    fs::write(log(&desk), "").unwrap();
    tokio::time::timeout(Duration::from_secs(60), async {
        write(&log(&desk), "6\n");
        assert_eq!(extracted(&desk, 1, 1).await, ["6"]);
    })
    .await
    .unwrap();
    collector.stop().await;

    let wrong = Declaration { cursor: Some("_sequence".to_owned()), ..declared(&[("_sequence", ColumnType::Integer)]) };
    let source = SpoolSource::new(&config(&desk).spool);
    let refused = desk.extract(&source, &wrong).await;
    assert!(matches!(refused, Err(ExtractError::Declaration(DeclarationError::Cursor(_)))), "{refused:?}");
    // A record that changed under the cursor, and another spool in its place.
    let segment = config(&desk).spool.join(format!("{:020}.ndjson", 1));
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replace("\"line\":\"6\"", "\"line\":\"7\"")).unwrap();
    let refused = desk.extract(&source, &lines()).await;
    assert!(matches!(refused, Err(ExtractError::SourceReplaced(_))), "{refused:?}");
    fs::remove_dir_all(config(&desk).spool).unwrap();
    let missing = desk.extract(&source, &lines()).await;
    assert!(matches!(missing, Err(ExtractError::SourceLost(_))), "{missing:?}");
    let collector = Collector::start(config(&desk)).await.unwrap();
    let refused = desk.extract(&source, &lines()).await;
    assert!(matches!(&refused, Err(ExtractError::SourceReplaced(said)) if said.contains("spool")), "{refused:?}");
    collector.stop().await;
}

// S-COL, SHARE-3: a real register (strikes of birds, as they were reported), which is written in pieces that end anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_register_is_followed_while_it_is_written_and_each_line_comes_once() {
    let desk = Desk::new();
    let register = fs::read_to_string(dataset("birdstrikes.csv")).unwrap();
    let reports: Vec<&str> = register.lines().take(1000).collect();
    let length: usize = register.split_inclusive('\n').take(1000).map(str::len).sum();
    write(&log(&desk), "");
    let collector = Collector::start(config(&desk)).await.unwrap();
    for piece in register.as_bytes()[..length].chunks(4999) {
        OpenOptions::new().append(true).open(log(&desk)).unwrap().write_all(piece).unwrap();
    }
    let lines = extracted(&desk, 1, reports.len()).await;
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end_matches('\r')).collect();
    assert_eq!(lines, reports);
    collector.stop().await;
}

// S-COL
#[tokio::test(flavor = "multi_thread")]
async fn syslog_comes_in_datagrams_and_over_connections() {
    let desk = Desk::new();
    let collector = Collector::start(CollectorConfig {
        tails: vec![],
        syslog_udp: Some(HERE),
        syslog_tcp: Some(HERE),
        ..config(&desk)
    })
    .await
    .unwrap();
    let socket = UdpSocket::bind(HERE).unwrap();
    socket.send_to(b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - one", collector.syslog_udp().unwrap()).unwrap();
    assert_eq!(extracted(&desk, 2, 1).await, ["one"]);
    let mut stream = TcpStream::connect(collector.syslog_tcp().unwrap()).unwrap();
    stream.write_all(b"<13>Oct 11 22:14:15 host app: two\n8 <13>four<13>Oct 11 22:14:15 host app[1]: three\n").unwrap();
    assert_eq!(extracted(&desk, 2, 3).await, ["two", "four", "three"]);
    assert_eq!(collector.dropped(), 0);
    // A connection that sends something else is closed, and the others are not.
    let mut other = TcpStream::connect(collector.syslog_tcp().unwrap()).unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    stream.write_all(b"<13>five\n").unwrap();
    assert_eq!(extracted(&desk, 2, 1).await, ["five"]);
    // One address does not take all places: of so many, the last is closed.
    let mut many: Vec<_> = (0..65).map(|_| TcpStream::connect(collector.syslog_tcp().unwrap()).unwrap()).collect();
    let last = many.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(last.read(&mut [0]).unwrap(), 0);
    drop(many);
    drop(stream);
    collector.stop().await;
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn records_over_http_are_on_disk_when_they_are_acknowledged() {
    let desk = Desk::new();
    let token = Some(Zeroizing::new("secret".to_owned()));
    // Beyond this machine the token itself would be heard (M-SEC).
    for token in [None, token.clone()] {
        let everywhere = Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0));
        let open = CollectorConfig { http: everywhere, token, ..config(&desk) };
        let refused = Collector::start(open).await.err();
        assert!(matches!(refused, Some(CollectError::Open(_))), "{refused:?}");
    }
    // M-SEC: nor does everybody write there who can reach it.
    let everywhere = Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0));
    let encrypted = || -> Option<Arc<dyn Encryption>> { Some(Arc::new(Unverified)) };
    let anybody = CollectorConfig { http: everywhere, http_encryption: encrypted(), ..config(&desk) };
    let refused = Collector::start(anybody).await.err();
    assert!(matches!(refused, Some(CollectError::NoToken(_))), "{refused:?}");
    let anybody =
        CollectorConfig { tails: vec![], syslog_tls: everywhere, syslog_encryption: encrypted(), ..config(&desk) };
    let refused = Collector::start(anybody.clone()).await.err();
    assert!(matches!(refused, Some(CollectError::UnverifiedSenders(_))), "{refused:?}");
    Collector::start(CollectorConfig { syslog_tls: Some(HERE), ..anybody }).await.unwrap().stop().await;
    let uncertified = CollectorConfig { syslog_tls: Some(HERE), ..config(&desk) };
    let refused = Collector::start(uncertified).await.err();
    assert!(matches!(refused, Some(CollectError::NoCertificate(_))), "{refused:?}");
    let config = CollectorConfig { tails: vec![], http: Some(HERE), token, max_bytes: 2000, ..config(&desk) };
    let empty = CollectorConfig { token: Some(Zeroizing::new(" ".to_owned())), ..config.clone() };
    let refused = Collector::start(empty).await.err();
    assert!(matches!(refused, Some(CollectError::EmptyToken)), "{refused:?}");
    let collector = Collector::start(config.clone()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/records", collector.http().unwrap());
    let send = |body: String| client.post(&url).bearer_auth("secret").body(body).send();
    let accepted = send("{\"line\":\"a\"}\n\n{\"line\":\"b\"}\n".to_owned()).await.unwrap();
    assert_eq!(accepted.status(), 200);
    assert_eq!(client.post(&url).bearer_auth("other").body("{}").send().await.unwrap().status(), 401);
    assert_eq!(client.post(&url).body("{}").send().await.unwrap().status(), 401);
    for wrong in ["", "[]", "{\"line\":\"c\"}\n{", "{\"_seq\":1}"] {
        assert_eq!(send(wrong.to_owned()).await.unwrap().status(), 400, "{wrong}");
    }
    // Whoever is refused loses its place, so that nobody keeps one without the token.
    for request in [
        "POST /records HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}",
        "GET /records HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(collector.http().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.replacen("\r\n", "\r\nhost: here\r\n", 1).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // A body that says that it is too long is not waited for.
    let mut stream = TcpStream::connect(collector.http().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head =
        "POST /records HTTP/1.1\r\nhost: here\r\nauthorization: Bearer secret\r\ncontent-length: 9000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let full = send(format!("{{\"line\":\"{}\"}}", "x".repeat(3000))).await.unwrap();
    assert_eq!((full.status().as_u16(), full.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    // As a crash leaves it: nothing is closed in order.
    drop(collector);
    assert_eq!(extracted(&desk, 1, 2).await, ["a", "b"], "of what was refused nothing was taken");
}

// S-COL, SHARE-3, STORE-1
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_whose_disk_is_full_takes_records_again_when_there_is_room() {
    let desk = Desk::new();
    let Some(disk) = SmallDisk::mount(&desk.directory.path().join("small"), 8).unwrap() else {
        return left_out("a collector whose disk is full", MOUNTING);
    };
    let spool = disk.path().join("spool");
    let config = CollectorConfig { spool: spool.clone(), tails: vec![], http: Some(HERE), ..config(&desk) };
    let collector = Collector::start(config).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/records", collector.http().unwrap());
    let send = |text: &str| client.post(&url).body(format!("{{\"line\":\"{text}\"}}\n")).send();
    assert_eq!(send("before").await.unwrap().status(), 200);
    disk.fill_up().unwrap();
    let refused = send(&"x".repeat(100_000)).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    disk.free().unwrap();
    assert_eq!(send("after").await.unwrap().status(), 200, "without being started again");
    collector.stop().await;
    let files = fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    let text: String = segments.map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("before") && lines[1].contains("after"), "{text}");
}

/// A spool of texts, and nobody who writes it any more.
async fn collected(desk: &Desk, texts: &[&str]) -> SpoolSource {
    let config = CollectorConfig { tails: vec![], http: Some(HERE), ..config(desk) };
    let collector = Collector::start(config.clone()).await.unwrap();
    let body: String = texts.iter().map(|text| format!("{{\"line\":\"{text}\"}}\n")).collect();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/records", collector.http().unwrap());
    assert_eq!(client.post(url).body(body).send().await.unwrap().status(), 200);
    drop(client);
    collector.stop().await;
    SpoolSource::new(&config.spool)
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_not_shared_are_read_once() {
    let desk = Desk::new();
    let source = collected(&desk, &["a", "b", "c"]).await;
    let condition =
        Condition { column: "line".to_owned(), comparison: Comparison::Eq, value: Literal::Text("d".to_owned()) };
    let declaration = Declaration { conditions: vec![condition], ..lines() };
    assert_eq!(desk.extract(&source, &declaration).await.unwrap(), None);
    assert_eq!((desk.state().cursor, desk.published()), (Some(3), 0));
    assert!(desk.state().mark.is_some());
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn rejects_end_a_part_and_are_kept_once() {
    let desk = Desk::new();
    let source = collected(&desk, &["a", "b", "1", "c", "d"]).await;
    let numbers = declared(&[("_seq", ColumnType::Integer), ("line", ColumnType::Integer)]);
    let declaration = Declaration { cursor: Some("_seq".to_owned()), part_rows: 2, ..numbers };
    let mut kept = Vec::new();
    for (cursor, rejected) in [(2, 2), (4, 1), (5, 1)] {
        let path = match desk.extract(&source, &declaration).await {
            Err(ExtractError::AllRejected(path)) => path,
            Ok(Some(part)) => part.rejects.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), rejected);
        assert_eq!(desk.state().cursor, Some(cursor));
        assert!(!kept.contains(&path));
        kept.push(path);
    }
    assert_eq!(desk.extract(&source, &declaration).await.unwrap(), None);
    assert_eq!(desk.published(), 1);
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_not_whole_is_in_no_part() {
    let desk = Desk::new();
    let source = collected(&desk, &["a", "b"]).await;
    let segment = config(&desk).spool.join(format!("{:020}.ndjson", 1));
    let text = fs::read_to_string(&segment).unwrap();
    let first = text.split_inclusive('\n').next().unwrap();
    fs::write(&segment, first).unwrap();
    assert_eq!(desk.extract(&source, &lines()).await.unwrap(), None);
    fs::write(&segment, &text).unwrap();
    assert_eq!(desk.extract(&source, &lines()).await.unwrap().unwrap().rows, 2);
}

// S-COL
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_ends_although_a_request_is_half_sent() {
    let desk = Desk::new();
    let collector =
        Collector::start(CollectorConfig { tails: vec![], http: Some(HERE), ..config(&desk) }).await.unwrap();
    let mut stream = TcpStream::connect(collector.http().unwrap()).unwrap();
    stream.write_all(b"POST /records HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\n{\"line\":").unwrap();
    tokio::time::timeout(Duration::from_secs(20), collector.stop()).await.unwrap();
    // The spool is closed.
    let collector = Collector::start(config(&desk)).await.unwrap();
    collector.stop().await;
}
