//! S-ODS, S-COL, SHARE-13, SHARE-14: directories of a real server of FTP and FTPS, which is killed, changes its files, and lies.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use arrow_array::{Array, StringArray};
use chancery_sharing::{
    extract::ExtractError,
    remote::{Access, FtpLogin, Password, RemoteConfig, RemoteError},
};
use chancery_testing::process::{FtpOptions, FtpServer, TestCertificates};
use zeroize::Zeroizing;

use crate::remote::{Served, table, weather};

fn login(password: &str) -> FtpLogin {
    let password = Some(Password::new(Zeroizing::new(password.to_owned())));
    FtpLogin { user: FtpServer::USER.to_owned(), password }
}

fn ftps(ca_file: &Path) -> Access {
    Access::Ftps { login: login(FtpServer::PASSWORD), ca_file: Some(ca_file.to_owned()), implicit: false }
}

fn serving(served: &Served) -> FtpOptions {
    FtpOptions {
        root: served.root.clone(),
        log: Some(served.desk.directory.path().join("log")),
        ..FtpOptions::default()
    }
}

fn over_ftp(served: &Served, server: &FtpServer) -> RemoteConfig {
    served.config("127.0.0.1", server.port, Access::Ftp(login(FtpServer::PASSWORD)), "/")
}

// S-ODS, S-COL, SHARE-13
#[tokio::test]
async fn files_of_a_directory_come_over_ftps_each_once_and_what_is_new_comes_after() {
    let served = Served::new();
    served.put_years();
    served.put("notes.txt", "not asked for", 9);
    fs::create_dir(served.root.join("old.csv")).unwrap();
    let made = TestCertificates::make(&served.desk.directory.path().join("tls"), "localhost").unwrap();
    let server = FtpServer::start(&FtpOptions { pem: Some(made.server.clone()), ..serving(&served) }).unwrap();
    let config = served.config("localhost", server.port, ftps(&made.ca), "/");

    // Whole files, as many as fill a part of 1,000 rows.
    let part = served.next(&config, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (366 + 365 + 365, 0));
    let first = served.desk.read(&part).await.remove(0);
    assert_eq!(first.column(1).as_any().downcast_ref::<StringArray>().unwrap().value(0), "drizzle");
    assert_eq!(served.all(&config, &weather()).await, [365]);
    assert_eq!(served.spooled(".file"), Vec::<String>::new(), "what was read is gone from the spool");

    // The same bytes at another time are nothing new; other bytes are a new file, as a whole.
    served.touch("2013.csv", 20);
    assert_eq!(served.all(&config, &weather()).await, Vec::<u64>::new());
    served.put("2016.csv", "date,weather\n2016-01-01,sun\n", 21);
    served.put("2012.csv", "date,weather\n2012-01-01,sun\n2012-01-02,fog\n2012-13-01,fog\n", 22);
    let part = served.next(&config, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (3, 1));
    let reject = crate::support::rejects(&part).remove(0);
    assert_eq!((reject.file.as_deref(), reject.position), (Some("2012.csv"), 3));
    let log = fs::read_to_string(served.desk.directory.path().join("log")).unwrap();
    assert_eq!(log.matches("RETR").count(), 7, "each once: {log}");
    assert!(!log.contains("PORT") && !log.contains("EPRT") && log.contains("PROT P"));
}

// S-COL, SHARE-13
#[tokio::test]
async fn a_server_without_facts_is_asked_for_size_and_time() {
    let served = Served::new();
    served.put_years();
    fs::create_dir(served.root.join("old.csv")).unwrap();
    let server = FtpServer::start(&FtpOptions { facts: Some(false), ..serving(&served) }).unwrap();
    let anonymous = Access::Ftp(FtpLogin { user: "anonymous".to_owned(), password: None });
    let config = served.config("127.0.0.1", server.port, anonymous, "/");
    assert_eq!(served.all(&config, &weather()).await, [366 + 365 + 365, 365]);
    assert_eq!(served.all(&config, &weather()).await, Vec::<u64>::new());
}

// S-ODS, S-COL, SHARE-2, SHARE-13
#[tokio::test]
async fn a_transfer_goes_on_where_a_killed_ftp_server_ended() {
    let served = Served::new();
    served.put("large.csv", table(10_000), 1);
    let made = TestCertificates::make(&served.desk.directory.path().join("tls"), "localhost").unwrap();
    let options = FtpOptions { pem: Some(made.server.clone()), dies_after: Some(1_200_000), ..serving(&served) };
    let mut server = FtpServer::start(&options).unwrap();
    let config = served.config("localhost", server.port, ftps(&made.ca), "/");
    let lost = served.refusal(&config).await;
    assert!(matches!(lost, RemoteError::Lost(_)), "{lost}");
    assert_eq!(served.desk.published(), 0, "nothing half-published");
    server.wait().unwrap();

    let options = FtpOptions { port: server.port, dies_after: None, ..options };
    let _server = FtpServer::start(&options).unwrap();
    let part = served.next(&config, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (10_000, 0));
    let log = fs::read_to_string(served.desk.directory.path().join("log")).unwrap();
    let from: u64 = log.lines().find_map(|line| line.strip_prefix("REST ")).unwrap().parse().unwrap();
    assert!(from > 500_000, "it began at {from}");
}

// S-COL, SHARE-14
#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_gets_no_password() {
    let served = Served::new();
    served.put_years();
    let folder = served.desk.directory.path().to_owned();
    let made = TestCertificates::make(&folder.join("tls"), "localhost").unwrap();
    let other = TestCertificates::make(&folder.join("other"), "localhost").unwrap();
    let secure = FtpOptions { pem: Some(made.server.clone()), ..serving(&served) };
    let server = FtpServer::start(&secure).unwrap();
    let at = |host: &str, access| served.config(host, server.port, access, "/");

    let foreign = served.refusal(&at("localhost", ftps(&other.ca))).await;
    assert!(matches!(foreign, RemoteError::Certificate(_)), "{foreign}");
    let of_the_system = Access::Ftps { login: login(FtpServer::PASSWORD), ca_file: None, implicit: false };
    let unknown = served.refusal(&at("localhost", of_the_system)).await;
    assert!(matches!(unknown, RemoteError::Certificate(_) | RemoteError::Configuration(_)), "{unknown}");
    let elsewhere = served.refusal(&at("127.0.0.1", ftps(&made.ca))).await;
    assert!(matches!(elsewhere, RemoteError::Certificate(_)), "{elsewhere}");
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.contains("USER"), "{log}");

    let wrong = Access::Ftps { login: login("wrong"), ca_file: Some(made.ca.clone()), implicit: false };
    let wrong = served.refusal(&at("localhost", wrong)).await;
    assert!(matches!(wrong, RemoteError::Login(_)), "{wrong}");
    assert!(!format!("{wrong:?}").contains("wrong\""), "a password is not shown");
    let repeating = FtpServer::start(&FtpOptions { repeats: true, ..secure.clone() }).unwrap();
    let config = served.config("localhost", repeating.port, ftps(&made.ca), "/");
    let refused = served.refusal(&config).await;
    assert!(matches!(&refused, RemoteError::Login(said) if said.contains("530")), "{refused}");
    assert!(
        !format!("{refused} {refused:?}").contains(FtpServer::PASSWORD),
        "a password that is repeated is not shown"
    );

    let plain = FtpServer::start(&serving(&served)).unwrap();
    let config = served.config("localhost", plain.port, ftps(&made.ca), "/");
    let refused = served.refusal(&config).await;
    assert!(matches!(refused, RemoteError::NoTls(_)), "{refused}");
    let injecting = FtpServer::start(&FtpOptions { injected: Some("230 let in".to_owned()), ..secure }).unwrap();
    let config = served.config("localhost", injecting.port, ftps(&made.ca), "/");
    let refused = served.refusal(&config).await;
    assert!(matches!(refused, RemoteError::Protocol(_)), "{refused}");
    // Files that anybody on the way can replace are not taken, with a password or without.
    let anonymous = FtpLogin { user: "anonymous".to_owned(), password: None };
    for (host, login) in
        [("files.example", login(FtpServer::PASSWORD)), ("files.example", anonymous.clone()), ("192.0.2.1", anonymous)]
    {
        let refused = served.refusal(&served.config(host, 21, Access::Ftp(login), "/")).await;
        assert!(matches!(&refused, RemoteError::InClear(named) if named == host), "{refused}");
    }
    assert_eq!(served.desk.published(), 0);
}

// S-COL, SHARE-14
#[tokio::test]
async fn names_and_addresses_of_a_server_that_lead_elsewhere_are_refused() {
    let served = Served::new();
    served.put("a.csv", "date,weather\n2024-01-01,sun\n", 1);
    let before = fs::read_dir(served.desk.directory.path()).unwrap().count();
    for name in ["../a.csv", "/etc/passwd.csv", "a\0.csv", "a\u{7}.csv", "b\\c.csv", "a.csv"] {
        let listed = vec![format!("type=file;size=28;modify=20240101000000; {name}")];
        let server = FtpServer::start(&FtpOptions { listed, ..serving(&served) }).unwrap();
        let refused = served.refusal(&over_ftp(&served, &server)).await;
        assert!(matches!(&refused, RemoteError::Name { name: shown, .. } if shown == name), "{name:?}: {refused}");
    }
    let listed = vec!["type=OS.unix=slink:/etc/passwd;size=9;modify=20240101000000; p.csv".to_owned()];
    let server = FtpServer::start(&FtpOptions { listed, ..serving(&served) }).unwrap();
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(matches!(&refused, RemoteError::Link(name) if name == "p.csv"), "{refused}");

    // A name that is listed and not there: the server's own words are an error, and the other file comes all the same.
    let listed = vec!["type=file;size=9;modify=20200101000000; none.csv".to_owned()];
    let server = FtpServer::start(&FtpOptions { listed, ..serving(&served) }).unwrap();
    let (rows, refused) = served.run(&over_ftp(&served, &server), &weather()).await;
    assert_eq!(rows, [1]);
    let Some(ExtractError::Remote(refused)) = refused else { panic!("{refused:?}") };
    assert!(matches!(&refused, RemoteError::Disappeared(name) if name == "none.csv"), "{refused}");
    served.put("a.csv", "date,weather\n2024-01-01,fog\n", 2);

    let elsewhere = Some("127.0.0.2".to_owned());
    let server = FtpServer::start(&FtpOptions { elsewhere, ..serving(&served) }).unwrap();
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(
        matches!(&refused, RemoteError::DataElsewhere { named, .. } if named.to_string() == "127.0.0.2"),
        "{refused}"
    );
    let here = Some("127.0.0.1".to_owned());
    let server = FtpServer::start(&FtpOptions { elsewhere: here, ..serving(&served) }).unwrap();
    assert_eq!(served.all(&over_ftp(&served, &server), &weather()).await, [1], "PASV of the server itself is followed");
    // The spool, the store, the state, and the log beside them.
    let now = fs::read_dir(served.desk.directory.path()).unwrap().count();
    assert!(now <= before + 3, "nothing lies where a name led");
}

// S-COL, SHARE-2, SHARE-14
#[tokio::test]
async fn a_file_that_changes_is_fetched_again_and_one_that_never_rests_is_refused() {
    let (served, rows) = (Served::new(), "date,weather\n2024-01-01,sun\n2024-01-02,fog\n");
    served.put("a.csv", rows, 1);
    let of = |meanwhile, times| {
        FtpServer::start(&FtpOptions { meanwhile: Some(meanwhile), times, ..serving(&served) }).unwrap()
    };
    let server = of("endless", 0);
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(matches!(refused, RemoteError::WrongLength { .. }), "{refused}");
    let server = of("grows", 1000);
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(matches!(&refused, RemoteError::Changing(name) if name == "a.csv"), "{refused}");
    let log = fs::read_to_string(served.desk.directory.path().join("log")).unwrap();
    assert_eq!(log.matches("RETR").count(), 1 + 3, "it is not fetched for ever");

    served.put("a.csv", rows, 2);
    let server = of("shrinks", 1);
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(matches!(refused, RemoteError::Shrunk { .. }), "{refused}");
    served.put("a.csv", rows, 3);
    let server = of("goes", 1);
    let refused = served.refusal(&over_ftp(&served, &server)).await;
    assert!(matches!(refused, RemoteError::Disappeared(_)), "{refused}");
    assert_eq!((served.desk.published(), served.spooled(".file")), (0, vec![]));

    // Changed once, and then at rest: what comes is what is there at last.
    served.put("a.csv", rows, 4);
    let server = of("grows", 1);
    let part = served.next(&over_ftp(&served, &server), &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (2, 1), "with the line that came meanwhile, which is no row");
}

// S-COL, SHARE-14
#[tokio::test]
async fn what_a_directory_may_bring_is_bounded() {
    let served = Served::new();
    served.put("a.csv", table(500), 1);
    served.put("b.csv", table(500), 2);
    let size = fs::metadata(served.root.join("a.csv")).unwrap().len();
    let server = FtpServer::start(&serving(&served)).unwrap();
    let large = RemoteConfig { max_file_bytes: size - 1, ..over_ftp(&served, &server) };
    let refused = served.refusal(&large).await;
    assert!(matches!(refused, RemoteError::TooLarge { bytes, .. } if bytes == size), "{refused}");
    // One fits into the spool at a time: the other comes after it.
    let full = RemoteConfig { max_spool_bytes: size * 3 / 2, max_file_bytes: size, ..over_ftp(&served, &server) };
    assert_eq!(served.all(&full, &weather()).await, [500, 500]);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let config =
        served.config("127.0.0.1", silent.local_addr().unwrap().port(), Access::Ftp(login(FtpServer::PASSWORD)), "/");
    let refused = served.refusal(&RemoteConfig { patience: Duration::from_millis(300), ..config }).await;
    assert!(matches!(refused, RemoteError::Stalled { .. }), "{refused}");
}

// S-COL, SHARE-2, SHARE-3
#[tokio::test]
async fn a_file_that_cannot_be_read_holds_up_no_other_and_is_corrected_at_the_server() {
    let served = Served::new();
    served.put("a.csv", "date,weather\n2024-01-01,sun\n", 1);
    served.put("b.csv", "day,weather\n2024-01-02,sun\n", 2);
    served.put("c.csv", "date,weather\n2024-01-03,sun\n", 3);
    let server = FtpServer::start(&serving(&served)).unwrap();
    let config = over_ftp(&served, &server);
    assert_eq!(served.next(&config, &weather()).await.unwrap().unwrap().rows, 1);
    for _ in 0..2 {
        let refused = served.next(&config, &weather()).await;
        assert!(matches!(&refused, Err(ExtractError::File { file, .. }) if file == "b.csv"), "{refused:?}");
    }
    served.put("b.csv", "date,weather\n2024-01-02,sun\n2024-01-02,fog\n", 4);
    assert_eq!(served.all(&config, &weather()).await, [3]);

    // Another spool under the same position would bring everything once more.
    fs::remove_dir_all(served.spool()).unwrap();
    let refused = served.refusal(&config).await;
    assert!(matches!(refused, RemoteError::SpoolReplaced(_)), "{refused}");
}
