//! S-COL, SHARE-3, SHARE-13, SHARE-14: a run over a directory of a server has an end, and what was fetched is read whatever the server does then.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use chancery_sharing::{
    extract::{Declaration, ExtractError, FileFormat, RemoteSource, Source as _},
    remote::{Access, Deadlines, FtpLogin, RemoteConfig, RemoteError},
};
use chancery_testing::process::{FtpOptions, FtpServer};

use crate::{
    desk,
    remote::{Served, table, weather},
};

const DAY: &str = "date,weather\n2024-01-01,sun\n";

fn serving(served: &Served) -> FtpOptions {
    FtpOptions {
        root: served.root.clone(),
        log: Some(served.desk.directory.path().join("log")),
        ..FtpOptions::default()
    }
}

fn of(served: &Served, server: &FtpServer) -> RemoteConfig {
    let anonymous = Access::Ftp(FtpLogin { user: "anonymous".to_owned(), password: None });
    served.config("127.0.0.1", server.port, anonymous, "/")
}

/// Each file is a part.
fn in_small_parts() -> Declaration {
    Declaration { part_rows: 1, ..weather() }
}

fn remote(error: Option<ExtractError>) -> RemoteError {
    match error {
        Some(ExtractError::Remote(error)) => error,
        other => panic!("{other:?}"),
    }
}

// S-COL, SHARE-3, SHARE-14
#[tokio::test]
async fn a_run_lists_once_and_ends_though_a_file_changes_with_every_listing() {
    let served = Served::new();
    for (minute, name) in ["a.csv", "b.csv", "c.csv"].into_iter().enumerate() {
        served.put(name, DAY, minute as u64);
    }
    let server = FtpServer::start(&FtpOptions { grows: Some("c.csv".to_owned()), ..serving(&served) }).unwrap();
    let config = of(&served, &server);
    let (rows, error) = served.run(&config, &in_small_parts()).await;
    assert_eq!((rows, served.logged("MLSD")), (vec![1, 1, 2], 1));
    assert!(error.is_none(), "{error:?}");
    // The next run takes the file as it is then.
    assert_eq!(served.run(&config, &in_small_parts()).await.0, [3]);
}

// S-COL, SHARE-3, SHARE-13
#[tokio::test]
async fn a_bad_file_or_a_server_that_is_away_keeps_nothing_that_was_fetched_from_being_read() {
    let served = Served::new();
    served.put("a.csv", table(500), 1);
    served.put("b.csv", DAY, 2);
    served.put("c.csv", DAY.replace("sun", "fog"), 3);
    let large = fs::metadata(served.root.join("a.csv")).unwrap().len();
    let server = FtpServer::start(&FtpOptions { locked: Some("b.csv".to_owned()), ..serving(&served) }).unwrap();
    let config = RemoteConfig { max_file_bytes: large - 1, ..of(&served, &server) };
    let (rows, error) = served.run(&config, &in_small_parts()).await;
    assert_eq!(rows, [1], "the one that can be had");
    let error = remote(error);
    assert!(matches!(&error, RemoteError::TooLarge { name, .. } if name == "a.csv"), "the first of them: {error}");
    let narrow =
        RemoteConfig { pattern: chancery_sharing::remote::Pattern::parse("b*.csv").unwrap(), ..config.clone() };
    let error = served.refusal(&narrow).await;
    assert!(
        matches!(&error, RemoteError::RefusedFile { name, reason } if name == "b.csv" && reason.contains("locked"))
    );
    drop(server);

    // Two are fetched, one is read; then the server is away.
    let server = FtpServer::start(&serving(&served)).unwrap();
    let config = of(&served, &server);
    let part = served.next(&config, &in_small_parts()).await.unwrap().unwrap();
    assert_eq!((part.rows, served.logged("RETR c.csv")), (500, 1));
    drop(server);
    let (rows, error) = served.run(&config, &in_small_parts()).await;
    assert_eq!(rows, [1], "b.csv waited");
    let error = remote(error);
    assert!(matches!(error, RemoteError::Lost(_)), "{error}");
}

// S-COL, SHARE-3: files whose rows are not among the chosen ones, or that repeat, hide no error behind them.
#[tokio::test]
async fn what_a_run_has_to_say_is_said_behind_files_without_rows() {
    let served = Served::new();
    served.put("a.csv", "date,weather\n", 1);
    served.put("b.csv", "day,weather\n", 2);
    let server = FtpServer::start(&serving(&served)).unwrap();
    let (rows, error) = served.run(&of(&served, &server), &weather()).await;
    assert!(rows.is_empty());
    assert!(matches!(&error, Some(ExtractError::File { file, .. }) if file == "b.csv"), "{error:?}");
}

// S-COL, SHARE-14
#[tokio::test]
async fn a_listing_a_file_and_a_run_that_drip_have_an_end() {
    let served = Served::new();
    served.put("a.csv", table(10_000), 1);
    let options = FtpOptions { pause_ms: 100, facts: Some(false), ..serving(&served) };
    let server = FtpServer::start(&options).unwrap();
    let config = of(&served, &server);
    let short = Duration::from_millis(800);
    let with = |deadlines| RemoteConfig { deadlines, ..config.clone() };
    for (expected, deadlines) in [
        ("the listing", Deadlines { listing: Duration::from_millis(300), ..Deadlines::default() }),
        ("the file", Deadlines { file_slack: short, min_bytes_per_s: u64::MAX, ..Deadlines::default() }),
        ("the run", Deadlines { run: Duration::from_millis(3000), ..Deadlines::default() }),
    ] {
        let begun = Instant::now();
        let error = served.refusal(&with(deadlines)).await;
        assert!(matches!(&error, RemoteError::Overdue { what, .. } if *what == expected), "{expected}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    drop(server);
    let server = FtpServer::start(&FtpOptions { pause_ms: 0, ..options }).unwrap();
    assert_eq!(served.run(&of(&served, &server), &weather()).await.0, [10_000]);
    assert!(served.logged("REST") > 0, "the file went on where it ended");
}

// S-COL, SHARE-14
#[tokio::test]
async fn a_run_takes_no_more_than_its_bytes() {
    let served = Served::new();
    let names: Vec<String> = (0..6).map(|number| format!("{number}.csv")).collect();
    for (minute, name) in names.iter().enumerate() {
        served.put(name, table(500), minute as u64);
    }
    let server = FtpServer::start(&serving(&served)).unwrap();
    let config = of(&served, &server);
    assert_eq!(served.run(&config, &weather()).await.0.iter().sum::<u64>(), 3_000);
    // Touched alone: they come again, and fill no spool.
    let size = fs::metadata(served.root.join("0.csv")).unwrap().len();
    for (minute, name) in names.iter().enumerate() {
        served.touch(name, 20 + minute as u64);
    }
    let narrow = RemoteConfig { max_file_bytes: size, max_spool_bytes: size, ..config };
    for retrieved in [6 + 4, 6 + 6] {
        let (rows, error) = served.run(&narrow, &weather()).await;
        assert!(rows.is_empty() && error.is_none(), "{error:?}");
        assert_eq!(served.logged("RETR"), retrieved);
    }
}

// S-COL, SHARE-13, SHARE-14
#[tokio::test]
async fn a_spool_is_private_and_takes_nothing_away_that_is_not_its_own() {
    let served = Served::new();
    served.put("a.csv", DAY, 1);
    let server = FtpServer::start(&serving(&served)).unwrap();
    let config = of(&served, &server);
    fs::create_dir(served.spool()).unwrap();
    fs::set_permissions(served.spool(), fs::Permissions::from_mode(0o750)).unwrap();
    let refused = served.refusal(&config).await;
    assert!(matches!(&refused, RemoteError::SpoolExposed(path) if *path == served.spool()), "{refused}");
    assert_eq!(fs::read_dir(served.spool()).unwrap().count(), 0, "nothing is put into it");
    fs::set_permissions(served.spool(), fs::Permissions::from_mode(0o700)).unwrap();
    let foreign = ["notes.file", "2024.file", "+0000009.file"];
    for name in foreign.iter().chain(&["00000009.file"]) {
        fs::write(served.spool().join(name), "not fetched").unwrap();
    }
    assert_eq!(served.all(&config, &weather()).await, [1]);
    let mut left = served.spooled(".file");
    left.sort();
    assert_eq!(left, ["+0000009.file", "2024.file", "notes.file"]);
}

// S-COL, SHARE-8, SHARE-14
#[tokio::test]
async fn a_folder_of_state_is_free_while_files_are_fetched_and_the_spool_is_not() {
    let desk = desk::Desk::new().await;
    let state = desk.state_folder();
    let department = desk.department(&state);
    let served = Served::new();
    served.put("a.csv", table(5_000), 1);
    let server = FtpServer::start(&FtpOptions { pause_ms: 200, ..serving(&served) }).unwrap();
    let source = RemoteSource::new(of(&served, &server), FileFormat::Csv);
    let (declaration, ends) = (weather(), Instant::now() + Duration::from_secs(60));
    let meanwhile = async {
        while served.logged("RETR") == 0 {
            assert!(Instant::now() < ends, "nothing is fetched");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let free = department.folder().lock().map(drop);
        let other = RemoteSource::new(of(&served, &server), FileFormat::Csv).begin(None).await;
        assert!(served.spooled(".file").is_empty(), "it is fetched already, and nothing is shown");
        (free, other)
    };
    let (parts, (free, other)) = tokio::join!(department.extract_run(&source, &declaration, |_| ()), meanwhile);
    assert!(free.is_ok(), "others have to wait: {free:?}");
    assert!(matches!(other, Err(ExtractError::Remote(RemoteError::Busy(_)))), "{other:?}");
    assert_eq!(parts.unwrap().iter().map(|part| part.rows).collect::<Vec<_>>(), [5_000]);
}
