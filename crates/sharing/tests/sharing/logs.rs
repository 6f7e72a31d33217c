//! S-COL, SHARE-2, SHARE-3: logs from files, syslog and HTTP, through the spool, into parts.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use arrow_array::StringArray;
use chancery_sharing::{
    collect::{CollectError, Collector, CollectorConfig, TailedFile},
    extract::{ColumnType, Declaration, DeclarationError, ExtractError, SpoolSource},
};
use zeroize::Zeroizing;

use crate::support::{Desk, declared};

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn config(desk: &Desk) -> CollectorConfig {
    CollectorConfig {
        spool: desk.directory.path().join("spool"),
        max_bytes: 1 << 24,
        tails: vec![TailedFile { path: log(desk), json: false }],
        syslog_udp: None,
        syslog_tcp: None,
        http: None,
        token: None,
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
async fn extracted(desk: &Desk, column: usize, count: usize) -> Vec<String> {
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
    drop(stream);
    collector.stop().await;
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn records_over_http_are_on_disk_when_they_are_acknowledged() {
    let desk = Desk::new();
    let open = CollectorConfig { http: Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)), ..config(&desk) };
    let refused = Collector::start(open).await.err();
    assert!(matches!(refused, Some(CollectError::Open(_))), "{refused:?}");
    let token = Some(Zeroizing::new("secret".to_owned()));
    let config = CollectorConfig { tails: vec![], http: Some(HERE), token, max_bytes: 2000, ..config(&desk) };
    let collector = Collector::start(config.clone()).await.unwrap();
    let client = reqwest::Client::new();
    let url = format!("http://{}/records", collector.http().unwrap());
    let send = |body: String| client.post(&url).bearer_auth("secret").body(body).send();
    let accepted = send("{\"line\":\"a\"}\n\n{\"line\":\"b\"}\n".to_owned()).await.unwrap();
    assert_eq!(accepted.status(), 200);
    assert_eq!(client.post(&url).bearer_auth("other").body("{}").send().await.unwrap().status(), 401);
    for wrong in ["", "[]", "{\"line\":\"c\"}\n{", "{\"_seq\":1}"] {
        assert_eq!(send(wrong.to_owned()).await.unwrap().status(), 400, "{wrong}");
    }
    assert_eq!(send("x".repeat(9 << 20)).await.map_or(413, |answer| answer.status().as_u16()), 413);
    let full = send(format!("{{\"line\":\"{}\"}}", "x".repeat(3000))).await.unwrap();
    assert_eq!((full.status().as_u16(), full.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    // As a crash leaves it: nothing is closed in order.
    drop(collector);
    assert_eq!(extracted(&desk, 1, 2).await, ["a", "b"], "of what was refused nothing was taken");
}
