//! Forward exchange: what one department has is pushed on to the collector of the next, in its names, once.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use arrow_array::{Int64Array, StringArray};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chancery_sharing::{
    collect::{Collector, CollectorConfig},
    extract::{
        Column, ColumnType, Declaration, ExtractError, FileFormat, FileSource, Reject, SpoolSource, SqliteSource,
    },
    forward::{Exchange, ForwardError, Forwarded, Names, Target, TargetConfig},
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::{
    logs,
    support::{Desk, dataset, declared},
};

const TOKEN: &str = "front desk";

/// The next department: a collector, whose spool it extracts.
struct Next {
    desk: Desk,
    collector: Collector,
}

impl Next {
    async fn start(desk: Desk, max_bytes: u64) -> Self {
        Self::of(desk, max_bytes, &[]).await
    }

    /// Which takes numbered batches of these senders alone, where there are any.
    async fn of(desk: Desk, max_bytes: u64, senders: &[&str]) -> Self {
        let http = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let token = Some(Zeroizing::new(TOKEN.to_owned()));
        let config = CollectorConfig {
            tails: vec![],
            http,
            token,
            max_bytes,
            http_senders: senders.iter().map(|sender| (*sender).to_owned()).collect(),
            ..logs::config(&desk)
        };
        Self { collector: Collector::start(config).await.unwrap(), desk }
    }

    /// Stopped, and the desk.
    async fn stop(self) -> Desk {
        self.collector.stop().await;
        self.desk
    }

    fn records(&self) -> String {
        format!("http://{}/records", self.collector.http().unwrap())
    }
}

fn target(url: &str, token: &str) -> Target {
    let token = Some(Zeroizing::new(token.to_owned()));
    Target::new(&TargetConfig { url: url.to_owned(), token, authorities: None }).unwrap()
}

fn names(of: &[(&str, &str)]) -> Names {
    Names(of.iter().map(|(here, there)| ((*here).to_owned(), (*there).to_owned())).collect::<BTreeMap<_, _>>())
}

/// The desk that pushes on.
struct Front {
    desk: Desk,
    source: FileSource,
    declaration: Declaration,
    names: Names,
}

impl Front {
    fn new() -> Self {
        let source = FileSource::new(&dataset("cars.json"), FileFormat::Json);
        let columns = [("Name", ColumnType::Text), ("Cylinders", ColumnType::Integer)];
        Self { desk: Desk::new(), source, declaration: declared(&columns), names: names(&[("Name", "car")]) }
    }

    fn folder(&self) -> PathBuf {
        self.desk.directory.path().join("front")
    }

    async fn push(&self, target: &Target) -> Result<Forwarded, ForwardError> {
        let folder = self.folder();
        let (source, declaration, names) = (&self.source, &self.declaration, &self.names);
        Exchange { source, declaration, names, target, folder: &folder }.run().await
    }
}

/// What the next department reads out of its spool: names and cylinders, in their order.
async fn received(desk: &Desk) -> Vec<(String, i64)> {
    let columns = [("_seq", ColumnType::Integer), ("car", ColumnType::Text), ("Cylinders", ColumnType::Integer)];
    let declaration = Declaration { cursor: Some("_seq".to_owned()), part_rows: 100_000, ..declared(&columns) };
    let source = SpoolSource::new(&desk.directory.path().join("spool"));
    let Some(part) = desk.extract(&source, &declaration).await.unwrap() else { return vec![] };
    let mut rows = Vec::new();
    for batch in desk.read(&part).await {
        let cars = batch.column(1).as_any().downcast_ref::<StringArray>().unwrap();
        let cylinders = batch.column(2).as_any().downcast_ref::<Int64Array>().unwrap();
        rows.extend(cars.iter().zip(cylinders.iter()).map(|(car, count)| (car.unwrap().to_owned(), count.unwrap())));
    }
    rows
}

fn cars() -> Vec<(String, i64)> {
    let cars: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(dataset("cars.json")).unwrap()).unwrap();
    let of = |car: &serde_json::Value| (car["Name"].as_str().unwrap().to_owned(), car["Cylinders"].as_i64().unwrap());
    cars.iter().map(of).collect()
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_pushed_on_in_the_names_of_the_next_department_which_extracts_them() {
    let (front, next) = (Front::new(), Next::start(Desk::new(), 1 << 24).await);
    let pushed = front.push(&target(&next.records(), TOKEN)).await.unwrap();
    assert_eq!((pushed.rows, pushed.rejected), (cars().len() as u64, 0));
    assert_eq!(received(&next.desk).await, cars());
    let left: Vec<_> = std::fs::read_dir(front.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only lock and state are left: {left:?}");
    next.stop().await;
}

/// Passes requests on, and loses the answer to the first: what happens when a connection breaks at the worst moment.
async fn losing_the_first_answer(next: String) -> String {
    async fn pass(State((next, client)): State<(String, reqwest::Client)>, request: Request<Body>) -> Response {
        static LOST: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 16 << 20).await.unwrap();
        let answer = client.post(next).headers(parts.headers).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        if !LOST.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        answer.bytes().await.unwrap().into_response()
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/records", listener.local_addr().unwrap());
    let router =
        Router::new().fallback(pass).with_state((next, reqwest::Client::builder().no_proxy().build().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_answer_was_lost_is_there_once() {
    let (front, next) = (Front::new(), Next::start(Desk::new(), 1 << 24).await);
    let lossy = losing_the_first_answer(next.records()).await;
    let pushed = front.push(&target(&lossy, TOKEN)).await.unwrap();
    assert_eq!(pushed.rows, cars().len() as u64);
    assert_eq!(received(&next.desk).await, cars());
    next.stop().await;
}

// S-COL, SHARE-3, M-SEC
#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_is_away_or_refuses_gets_the_same_rows_later() {
    let (front, next) = (Front::new(), Next::start(Desk::new(), 200).await);
    // Full, with the wrong token, and away: nothing is there, and the part waits as it was read.
    let full = front.push(&target(&next.records(), TOKEN)).await;
    assert!(matches!(&full, Err(ForwardError::Away { reason, .. }) if reason.contains("full")), "{full:?}");
    let stranger = front.push(&target(&next.records(), "another")).await;
    assert!(matches!(&stranger, Err(ForwardError::Refused { reason, .. }) if reason.contains("token")), "{stranger:?}");
    let records = next.records();
    let desk = next.stop().await;
    let away = front.push(&target(&records, TOKEN)).await;
    assert!(matches!(away, Err(ForwardError::Away { .. })), "{away:?}");
    assert!(received(&desk).await.is_empty());

    let next = Next::start(desk, 1 << 24).await;
    let pushed = tokio::time::timeout(Duration::from_secs(60), front.push(&target(&next.records(), TOKEN))).await;
    // The run that could not end ends now: nothing of the source is read anew.
    assert_eq!(pushed.unwrap().unwrap().rows, cars().len() as u64);
    assert_eq!(received(&next.desk).await, cars());
    next.stop().await;

    for (url, why) in [("http://192.0.2.1/records", "https"), ("http://a:b@127.0.0.1/records", "password")] {
        let config = TargetConfig { url: url.to_owned(), token: None, authorities: None };
        let refused = Target::new(&config).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(why), "{refused}");
    }
}

// S-COL, SHARE-3
#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_kept_and_names_are_checked_before_anything_is_read() {
    let next = Next::start(Desk::new(), 1 << 24).await;
    let mut front = Front::new();
    front.source = FileSource::new(
        &front.desk.write("some.json", r#"[{"Name": "a", "Cylinders": 4}, {"Name": {}}]"#),
        FileFormat::Json,
    );
    let to = target(&next.records(), TOKEN);
    for (wrong, said) in [
        (names(&[("Horsepower", "power")]), "no column"),
        (names(&[("Name", "Cylinders")]), "two columns"),
        (names(&[("Name", "_name")]), "does not begin with _"),
    ] {
        front.names = wrong;
        let refused = front.push(&to).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    front.names = names(&[("Name", "car")]);
    let pushed = front.push(&to).await.unwrap();
    assert_eq!((pushed.rows, pushed.rejected, pushed.rejects.len()), (1, 1, 1));
    assert_eq!(received(&next.desk).await, [("a".to_owned(), 4)]);
    // A column that the source does not have is an error of its own.
    front.declaration.columns.push(Column { name: "_seq".to_owned(), kind: ColumnType::Integer });
    let refused = front.push(&to).await;
    assert!(
        matches!(refused, Err(ForwardError::Target(_) | ForwardError::Extract(ExtractError::Declaration(_)))),
        "{refused:?}"
    );
    next.stop().await;
}

// S-COL, SHARE-3: a row that no collector takes does not stop those behind it, and is kept with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_too_large_is_kept_aside_and_the_others_arrive() {
    let next = Next::start(Desk::new(), 1 << 24).await;
    let mut front = Front::new();
    // Nine columns of nearly a field's bound: more than one request holds.
    let wide: Vec<String> = (0..9).map(|column| format!("c{column}")).collect();
    let kinds = wide.iter().map(|name| format!("{name} TEXT")).collect::<Vec<_>>().join(", ");
    let values = vec!["printf('%.*c', 1000000, 'x')"; wide.len()].join(", ");
    let path = front.desk.directory.path().join("cars.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let statements = format!(
        "CREATE TABLE weather (Name TEXT, Cylinders INTEGER, {kinds});
         INSERT INTO weather (Name, Cylinders) VALUES ('a', 4);
         INSERT INTO weather VALUES ('b', 6, {values});
         INSERT INTO weather (Name, Cylinders) VALUES ('c', 8)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    front.declaration.columns.extend(wide.into_iter().map(|name| Column { name, kind: ColumnType::Text }));

    let (source, folder, target) = (SqliteSource::new(&path), front.folder(), target(&next.records(), TOKEN));
    let (declaration, names) = (&front.declaration, &front.names);
    let exchange = Exchange { source: &source, declaration, names, target: &target, folder: &folder };
    let pushed = exchange.run().await.unwrap();
    assert_eq!((pushed.rows, pushed.rejected, pushed.rejects.len()), (2, 1, 1));
    assert_eq!(received(&next.desk).await, [("a".to_owned(), 4), ("c".to_owned(), 8)]);
    let kept = std::fs::read_to_string(&pushed.rejects[0]).unwrap();
    let kept: Reject = serde_json::from_str(kept.trim_end()).unwrap();
    assert_eq!((kept.position, &kept.fields["Name"]), (2, &serde_json::json!("b")));
    assert_eq!(kept.fields["c8"].as_str().unwrap().len(), 1_000_000, "as it was read");
    next.stop().await;
}

// S-COL, SHARE-3, M-SEC: what comes under a number that was used is compared, and a sender that is not named takes no place; each is told by a status of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_acknowledged_by_its_content_and_of_named_senders_alone() {
    let sender = "0123456789abcdef".repeat(2);
    let next = Next::of(Desk::new(), 1 << 24, &[&sender]).await;
    let (client, url) = (reqwest::Client::builder().no_proxy().build().unwrap(), next.records());
    let send = |sender: &str, number: u64, body: &'static str| {
        let key = format!("\"{sender}-{number}\"");
        client.post(&url).bearer_auth(TOKEN).header("idempotency-key", key).body(body).send()
    };
    let other = "f".repeat(32);
    for (sender, number, body, status) in [
        (&sender, 5, r#"{"car":"a","Cylinders":4}"#, 200),
        (&sender, 5, r#"{"car":"a","Cylinders":4}"#, 200),
        (&sender, 5, r#"{"car":"b","Cylinders":4}"#, 422),
        (&sender, 4, r#"{"car":"b","Cylinders":4}"#, 409),
        (&other, 1, r#"{"car":"b","Cylinders":4}"#, 403),
        (&sender, 6, r#"{"car":"c","Cylinders":8}"#, 200),
    ] {
        assert_eq!(send(sender, number, body).await.unwrap().status(), status, "{sender} {number} {body}");
    }
    assert_eq!(received(&next.desk).await, [("a".to_owned(), 4), ("c".to_owned(), 8)]);
    next.stop().await;
}
