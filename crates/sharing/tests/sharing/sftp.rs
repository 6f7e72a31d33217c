//! S-ODS, S-COL, SHARE-13, SHARE-14: directories over SFTP, from a real server of OpenSSH.

use std::{fs, fs::File, os::unix::fs::symlink, sync::Arc, time::Duration};

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use chancery_sharing::{
    extract::{ColumnType, FileFormat, RemoteSource},
    remote::{Access, HostKey, Pattern, RemoteConfig, RemoteError},
};
use chancery_testing::process::{SFTP_SERVER, SshServer};
use parquet::arrow::ArrowWriter;

use crate::{
    remote::{Served, table, weather},
    support::declared,
};

fn over_sftp(served: &Served, server: &SshServer, host_key: HostKey) -> RemoteConfig {
    let access = Access::Sftp { user: server.user.clone(), key_file: server.key(), host_key };
    served.config("127.0.0.1", server.port, access, served.root.to_str().unwrap())
}

fn known(server: &SshServer) -> HostKey {
    HostKey::KnownHosts(server.known_hosts(&server.host_key()).unwrap())
}

// S-ODS, S-COL, SHARE-13
#[tokio::test]
async fn files_of_a_directory_come_over_sftp_each_once_by_either_pin() {
    let (served, server) = (Served::new(), SshServer::start().unwrap());
    served.put_years();
    served.put("notes.txt", "not asked for", 9);
    fs::create_dir(served.root.join("old.csv")).unwrap();
    let config = over_sftp(&served, &server, known(&server));
    assert_eq!(served.all(&config, &weather()).await, [366 + 365 + 365, 365]);
    assert_eq!(served.spooled(".file"), Vec::<String>::new(), "what was read is gone from the spool");
    served.put("2016.csv", "date,weather\n2016-01-01,sun\n", 20);
    served.put("empty.csv", "", 21);
    let pinned = HostKey::Fingerprint(SshServer::fingerprint(&server.host_key()).unwrap());
    let config = over_sftp(&served, &server, pinned);
    let part = served.next(&config, &weather()).await.unwrap().unwrap();
    assert_eq!(part.rows, 1, "an empty file has no header, and is left for the next part");
}

// S-COL, SHARE-13
#[tokio::test]
async fn ndjson_and_parquet_come_over_sftp_as_their_readers_take_them() {
    let (served, server) = (Served::new(), SshServer::start().unwrap());
    served.put("a.ndjson", "{\"id\":1}\n{\"id\":2}\n", 1);
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..50_000));
    let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(served.root.join("a.parquet")).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let declaration = declared(&[("id", ColumnType::Integer)]);
    for (pattern, format, rows) in [("*.ndjson", FileFormat::Ndjson, 2), ("*.parquet", FileFormat::Parquet, 50_000)] {
        let config = RemoteConfig {
            pattern: Pattern::parse(pattern).unwrap(),
            spool: served.desk.directory.path().join(format!("spool-{rows}")),
            ..over_sftp(&served, &server, known(&server))
        };
        fs::remove_file(served.desk.state_path()).ok();
        let part = served.desk.extract(&RemoteSource::new(config, format), &declaration).await.unwrap().unwrap();
        assert_eq!((part.rows, part.rejected), (rows, 0), "{pattern}");
    }
}

// S-ODS, S-COL, SHARE-2, SHARE-13
#[tokio::test]
async fn a_transfer_goes_on_where_a_killed_sftp_server_ended() {
    let (served, mut server) = (Served::new(), SshServer::start().unwrap());
    served.put("large.csv", table(10_000), 1);
    assert!(fs::metadata(served.root.join("large.csv")).unwrap().len() > 2_000_000);
    let config = over_sftp(&served, &server, known(&server));
    // Unbuffered, or the first short answer stays there. Whoever cuts the server off ends the connection too: a pipe that has taken its last words tells it nothing.
    server.start_with(&format!("{SFTP_SERVER} | (stdbuf -o0 head -c 1200000; kill -9 $PPID)")).unwrap();
    let lost = served.refusal(&config).await;
    assert!(matches!(lost, RemoteError::Lost(_)), "{lost}");
    assert_eq!(served.desk.published(), 0, "nothing half-published");
    server.kill();
    let lost = served.refusal(&config).await;
    assert!(matches!(lost, RemoteError::Lost(_)), "{lost}");
    // From the beginning it would be too much for this one.
    server.start_with(&format!("{SFTP_SERVER} | stdbuf -o0 head -c 1900000")).unwrap();
    let part = served.next(&config, &weather()).await.unwrap().unwrap();
    assert_eq!((part.rows, part.rejected), (10_000, 0));
}

// S-COL, SHARE-14
#[tokio::test]
async fn another_host_key_another_key_of_a_user_and_silence_are_told_apart() {
    let (served, server) = (Served::new(), SshServer::start().unwrap());
    served.put_years();
    let strange = HostKey::KnownHosts(server.known_hosts(&server.strange_key()).unwrap());
    let refused = served.refusal(&over_sftp(&served, &server, strange)).await;
    assert!(matches!(refused, RemoteError::HostKey), "{refused}");
    let strange = HostKey::Fingerprint(SshServer::fingerprint(&server.strange_key()).unwrap());
    let refused = served.refusal(&over_sftp(&served, &server, strange)).await;
    assert!(matches!(refused, RemoteError::HostKey), "{refused}");

    let config = over_sftp(&served, &server, known(&server));
    let stranger = Access::Sftp { user: server.user.clone(), key_file: server.strange_key(), host_key: known(&server) };
    let refused = served.refusal(&RemoteConfig { access: stranger, ..config.clone() }).await;
    assert!(matches!(refused, RemoteError::Login(_)), "{refused}");
    let open = served.desk.write("open-key", fs::read(server.key()).unwrap());
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let exposed = Access::Sftp { user: server.user.clone(), key_file: open, host_key: known(&server) };
    let refused = served.refusal(&RemoteConfig { access: exposed, ..config.clone() }).await;
    assert!(matches!(refused, RemoteError::Configuration(_)), "{refused}");
    let none = RemoteConfig { directory: "/nowhere/at/all".to_owned(), ..config.clone() };
    let refused = served.refusal(&none).await;
    assert!(matches!(refused, RemoteError::Refused(_)), "{refused}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(silent.local_addr().unwrap().port());
    let refused = served.refusal(&RemoteConfig { port, patience: Duration::from_millis(300), ..config }).await;
    assert!(matches!(refused, RemoteError::Stalled { .. }), "{refused}");
    assert_eq!(served.desk.published(), 0);
}

// S-COL, SHARE-14
#[tokio::test]
async fn links_and_names_that_lead_elsewhere_are_refused_over_sftp() {
    let (served, server) = (Served::new(), SshServer::start().unwrap());
    served.put("a.csv", "date,weather\n2024-01-01,sun\n", 1);
    let config = over_sftp(&served, &server, known(&server));
    let link = served.root.join("p.csv");
    symlink("/etc/passwd", &link).unwrap();
    let refused = served.refusal(&config).await;
    assert!(matches!(&refused, RemoteError::Link(name) if name == "p.csv"), "{refused}");
    // One that is not asked for is not in the way.
    let narrow = RemoteConfig { pattern: Pattern::parse("a*.csv").unwrap(), ..config.clone() };
    assert_eq!(served.all(&narrow, &weather()).await, [1]);
    fs::remove_file(&link).unwrap();
    for name in ["b\nc.csv", "b\u{1b}[2J.csv", "b\\..\\c.csv"] {
        let path = served.root.join(name);
        fs::write(&path, "date,weather\n").unwrap();
        let refused = served.refusal(&config).await;
        assert!(matches!(&refused, RemoteError::Name { name: shown, .. } if shown == name), "{name:?}: {refused}");
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(served.all(&config, &weather()).await, Vec::<u64>::new());
}
