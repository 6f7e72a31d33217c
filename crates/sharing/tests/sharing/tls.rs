//! S-ODS, S-COL: databases that show who they are before a row, or a password, is sent.

use chancery_sharing::extract::{ColumnType, Declaration, ExtractError, MySqlSource, PostgresSource, Source};
use chancery_testing::process::{MariadbServer, PostgresServer, TestCertificates};

use crate::support::{Desk, declared};

fn one() -> Declaration {
    declared(&[("id", ColumnType::Integer)])
}

async fn refused(desk: &Desk, source: &dyn Source, declaration: &Declaration) {
    let refused = desk.extract(source, declaration).await;
    assert!(matches!(refused, Err(ExtractError::SourceRefused(_))), "{refused:?}");
}

// S-ODS, S-COL
#[tokio::test]
async fn a_postgresql_is_verified_by_its_certificate_and_never_read_unverified_from_afar() {
    let desk = Desk::new();
    let made = TestCertificates::make(&desk.directory.path().join("tls"), "localhost").unwrap();
    let other = TestCertificates::make(&desk.directory.path().join("other"), "localhost").unwrap();
    let server = PostgresServer::start_with_tls(&made.server).unwrap();
    server.psql("CREATE TABLE weather (id bigint); INSERT INTO weather VALUES (7)", None).unwrap();
    let declaration = Declaration { schema: "public".to_owned(), ..one() };
    let verified = format!("sslmode=verify-full&sslrootcert={}", made.ca.display());
    let source = PostgresSource::new(server.tls_url("localhost", &verified));
    assert_eq!(desk.extract(&source, &declaration).await.unwrap().unwrap().rows, 1);

    refused(&desk, &PostgresSource::new(server.tls_url("127.0.0.1", &verified)), &declaration).await;
    let foreign = format!("sslmode=verify-full&sslrootcert={}", other.ca.display());
    refused(&desk, &PostgresSource::new(server.tls_url("localhost", &foreign)), &declaration).await;
    for unverified in ["", "sslmode=prefer", "sslmode=require", "sslmode=verify-ca"] {
        let url = format!("postgres://a:secret@database.example/a?{unverified}");
        refused(&desk, &PostgresSource::new(url), &declaration).await;
    }
    // Without TLS this server lets nobody in: what came above came over it.
    let plain = desk.extract(&PostgresSource::new(server.tls_url("localhost", "")), &declaration).await;
    assert!(plain.is_err(), "{plain:?}");
    assert_eq!(desk.published(), 1);
}

// S-ODS, S-COL
#[tokio::test]
async fn a_mariadb_is_verified_by_its_certificate_and_never_read_unverified_from_afar() {
    let desk = Desk::new();
    let made = TestCertificates::make(&desk.directory.path().join("tls"), "localhost").unwrap();
    let other = TestCertificates::make(&desk.directory.path().join("other"), "localhost").unwrap();
    let server = MariadbServer::start_with_tls(&made.server).unwrap();
    server.query("CREATE TABLE test.weather (id BIGINT); INSERT INTO test.weather VALUES (7)").unwrap();
    let declaration = Declaration { schema: "test".to_owned(), ..one() };
    let verified = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", made.ca.display());
    let source = MySqlSource::new(server.tls_url("localhost", &verified));
    assert_eq!(desk.extract(&source, &declaration).await.unwrap().unwrap().rows, 1);

    refused(&desk, &MySqlSource::new(server.tls_url("127.0.0.1", &verified)), &declaration).await;
    let foreign = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", other.ca.display());
    refused(&desk, &MySqlSource::new(server.tls_url("localhost", &foreign)), &declaration).await;
    for unverified in ["", "ssl-mode=PREFERRED", "ssl-mode=REQUIRED", "ssl-mode=VERIFY_CA"] {
        let url = format!("mysql://a:secret@database.example/a?{unverified}");
        refused(&desk, &MySqlSource::new(url), &declaration).await;
    }
    let plain = desk.extract(&MySqlSource::new(server.tls_url("localhost", "")), &declaration).await;
    assert!(plain.is_err(), "{plain:?}");
    assert_eq!(desk.published(), 1);
}
