#![allow(clippy::unwrap_used)]

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chancery_reference_points::{
    alert::{RECEIVER_SETTING, ReceiverSecret, receiver_facts},
    m2r::M2r,
    o2c::ChangeResult,
    v2m::{EventFilter, Happening, HistoryEntry},
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;

const NOW_MS: u64 = 1_795_230_000_000;
/// Many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// What a receiver was sent.
struct Sent {
    id: String,
    time_s: u64,
    signature: String,
    body: String,
}

impl Sent {
    fn kind(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["type"].as_str().unwrap().to_owned()
    }

    fn is_signed_with(&self, secret: &ReceiverSecret) -> bool {
        signature::sign(secret, &self.id, self.time_s, &self.body) == Some(self.signature.clone())
    }
}

type Log = Arc<mpsc::UnboundedSender<Sent>>;

async fn take(State(log): State<Log>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let sent = Sent {
        id: header("webhook-id"),
        time_s: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    log.send(sent).unwrap();
    StatusCode::NO_CONTENT
}

/// A receiver; its URL and what it is sent.
async fn receiver() -> (String, mpsc::UnboundedReceiver<Sent>) {
    let (sender, sent) = mpsc::unbounded_channel();
    let log: Log = Arc::new(sender);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take)).with_state(log);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, sent)
}

fn alerts(folder: &TempDir) -> Arc<Alerts> {
    let clock: Clock = Arc::new(|| NOW_MS);
    Alerts::open(Store::open(folder.path()).unwrap(), "city".into(), clock).unwrap()
}

/// What representation is asked to record.
#[derive(Default)]
struct Records {
    changes: Mutex<Vec<(Change, Mode)>>,
    is_away: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl C2r for Records {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        if self.is_away.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(DoorError::new(Code::JournalUnavailable, "the disk does not answer"));
        }
        self.changes.lock().push((change.clone(), mode));
        Ok(ChangeResult { effects: Vec::new(), recorded: Vec::new() })
    }
}

#[async_trait]
impl M2r for Records {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        assert_eq!(filter.happenings, [Happening::Configured]);
        let changes = self.changes.lock();
        let applied = changes.iter().rev().filter(|(_, mode)| *mode == Mode::Apply);
        let entries = applied.filter_map(|(change, _)| match change {
            Change::TellOfAlerts { receiver, origin, told, by } => Some(HistoryEntry {
                time_ms: NOW_MS,
                happening: Happening::Configured,
                name: RECEIVER_SETTING.to_owned(),
                by: Some(*by),
                subject: receiver.clone(),
                recorded: None,
                revision: None,
                facts: receiver_facts(*told, origin),
                right: None,
                verified: None,
            }),
            _ => None,
        });
        Ok(entries.collect())
    }
}

fn records() -> Arc<Records> {
    Arc::default()
}

fn operator() -> Actor {
    Actor::new(Address::repeat_byte(9), [Role::Operator])
}

fn private(url: &str) -> NewReceiver {
    NewReceiver { url: url.into(), allow_private: true }
}

fn raised() -> Raised {
    let (subject, summary) = ("chain-root 5".into(), "the chain has it not".into());
    Raised { rule: AlertRule::DataDifference, subject, summary, difference: None }
}

async fn next(sent: &mut mpsc::UnboundedReceiver<Sent>) -> Sent {
    tokio::time::timeout(MAX_WAIT, sent.recv()).await.unwrap().unwrap()
}

// WATCH-7, WATCH-8
#[tokio::test]
async fn a_receiver_is_told_that_it_began_and_that_it_is_over_and_can_verify_both() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut sent) = receiver().await;
    let (alerts, operator) = (alerts(&folder), operator());
    let desk = AlertDesk::new(Arc::clone(&alerts), records());
    let checked = desk.add_alert_receiver(&operator, private(&url), Mode::Check).await.unwrap();
    assert!(checked.secret.is_none() && desk.alert_receivers(&operator).await.unwrap().is_empty());
    let added = desk.add_alert_receiver(&operator, private(&url), Mode::Apply).await.unwrap();
    let secret = added.secret.unwrap();
    let tested = desk.test_alert_receiver(&operator, &added.receiver.id, "hello".into()).await.unwrap();
    assert_eq!((tested.delivered, tested.status), (true, Some(204)));
    let test = next(&mut sent).await;
    assert!(test.kind() == "alert.test" && test.is_signed_with(&secret) && test.body.contains("hello"));
    alerts.raise(raised()).await;
    alerts.raise(raised()).await;
    alerts.resolve(AlertRule::DataDifference, "chain-root 5").await;
    for kind in ["alert.raised", "alert.resolved"] {
        let told = next(&mut sent).await;
        assert_eq!(told.kind(), kind);
        assert!(told.is_signed_with(&secret) && told.time_s == NOW_MS / 1000);
        assert!(!told.is_signed_with(&signature::fresh_secret().unwrap()));
    }
    let twice = desk.add_alert_receiver(&operator, private(&url), Mode::Apply).await.unwrap_err();
    assert_eq!(twice.code(), Code::ConfigurationInvalid);
    desk.remove_alert_receiver(&operator, &added.receiver.id, Mode::Apply).await.unwrap();
    let gone = desk.test_alert_receiver(&operator, &added.receiver.id, String::new()).await.unwrap_err();
    assert_eq!(gone.code(), Code::UnknownReceiver);
}

// WATCH-9: nothing is lost by a restart, and the secret stays.
#[tokio::test]
async fn what_waits_is_told_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there yet.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let before = alerts(&folder);
    let desk = AlertDesk::new(Arc::clone(&before), records());
    let added = desk.add_alert_receiver(&operator(), private(&format!("http://{address}/hook")), Mode::Apply).await;
    let secret = added.unwrap().secret.unwrap();
    before.raise(raised()).await;
    let kept = Store::open(folder.path()).unwrap().load::<Book>(FILE).unwrap().unwrap();
    assert_eq!((kept.alerts().len(), kept.deliveries().waiting), (1, 1));

    let (sender, mut sent) = mpsc::unbounded_channel();
    let log: Log = Arc::new(sender);
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = Router::new().route("/hook", post(take)).with_state(log);
    tokio::spawn(async move { axum::serve(listener, router).await });
    // By a clock that is later, whatever the pause was.
    let clock: Clock = Arc::new(|| NOW_MS + 3_600_000);
    let after = Alerts::open(Store::open(folder.path()).unwrap(), "city".into(), clock).unwrap();
    let told = next(&mut sent).await;
    assert!(told.kind() == "alert.raised" && told.is_signed_with(&secret));
    assert_eq!(after.report().0.len(), 1, "it is open still");
}

// WATCH-9
#[tokio::test]
async fn who_is_slow_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut sent) = receiver().await;
    // Takes connections, and answers nobody.
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (alerts, operator) = (alerts(&folder), operator());
    let desk = AlertDesk::new(Arc::clone(&alerts), records());
    for url in [format!("http://{}/", silent.local_addr().unwrap()), url] {
        desk.add_alert_receiver(&operator, private(&url), Mode::Apply).await.unwrap();
    }
    alerts.raise(raised()).await;
    alerts.resolve(AlertRule::DataDifference, "chain-root 5").await;
    assert_eq!(
        (next(&mut sent).await.kind(), next(&mut sent).await.kind()),
        ("alert.raised".into(), "alert.resolved".into())
    );
    let slow = &desk.alert_receivers(&operator).await.unwrap()[0];
    assert_eq!((slow.waiting, slow.trouble.as_deref()), (2, None), "its first attempt is not over");
}

// SETTING-1, SETTING-2, WATCH-6: who is told is recorded before it counts, without what its address may keep to itself.
#[tokio::test]
async fn who_is_told_is_recorded_before_it_counts_and_without_a_secret() {
    let (folder, records) = (tempfile::tempdir().unwrap(), records());
    let desk = AlertDesk::new(alerts(&folder), records.clone());
    let (operator, receiver) = (operator(), private("https://127.0.0.1:9/hooks/T0/hidden?token=hidden"));
    desk.add_alert_receiver(&operator, receiver.clone(), Mode::Check).await.unwrap();
    let added = desk.add_alert_receiver(&operator, receiver.clone(), Mode::Apply).await.unwrap();
    let secret = added.secret.unwrap();
    desk.add_alert_receiver(&operator, receiver, Mode::Apply).await.unwrap_err();
    desk.remove_alert_receiver(&operator, "receiver-of-nobody", Mode::Apply).await.unwrap_err();
    records.is_away.store(true, std::sync::atomic::Ordering::Relaxed);
    let refused = desk.remove_alert_receiver(&operator, &added.receiver.id, Mode::Apply).await.unwrap_err();
    assert_eq!(refused.code(), Code::JournalUnavailable);
    assert_eq!(desk.alert_receivers(&operator).await.unwrap().len(), 1, "what is not recorded does not count");
    records.is_away.store(false, std::sync::atomic::Ordering::Relaxed);
    desk.remove_alert_receiver(&operator, &added.receiver.id, Mode::Apply).await.unwrap();
    assert!(desk.alert_receivers(&operator).await.unwrap().is_empty());
    let asked = records.changes.lock().clone();
    let applied: Vec<_> =
        asked.iter().filter(|(_, mode)| *mode == Mode::Apply).map(|(change, _)| change.clone()).collect();
    let told = |told| Change::TellOfAlerts {
        receiver: added.receiver.id.clone(),
        origin: "https://127.0.0.1:9".into(),
        told,
        by: Address::repeat_byte(9),
    };
    assert_eq!(applied, [told(true), told(false)]);
    let said = format!("{asked:?}");
    assert!(!said.contains("hidden") && !said.contains(&secret.0), "{said}");
}

// M-CON-1, WATCH-6
#[tokio::test]
async fn only_operators_say_who_is_told_and_not_of_private_networks_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let desk = AlertDesk::new(alerts(&folder), records());
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Operator) {
        let actor = Actor::new(Address::repeat_byte(1), [role]);
        let added = desk.add_alert_receiver(&actor, private("http://127.0.0.1:9/"), Mode::Apply).await;
        assert_eq!(added.unwrap_err().code(), Code::RoleRequired, "{role:?}");
        assert_eq!(desk.alert_receivers(&actor).await.unwrap_err().code(), Code::RoleRequired, "{role:?}");
    }
    let here = NewReceiver { url: "http://127.0.0.1:9/".into(), allow_private: false };
    let refused = desk.add_alert_receiver(&operator(), here, Mode::Check).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConfigurationInvalid);
}

// WATCH-6: a process that ended between the record and what it says leaves nobody told who is recorded as removed, and nobody recorded who is not told.
#[tokio::test]
async fn a_start_mends_what_is_recorded_and_does_not_count() {
    let (folder, records) = (tempfile::tempdir().unwrap(), records());
    let desk = AlertDesk::new(alerts(&folder), records.clone());
    let operator = operator();
    let add =
        async |url: &str| desk.add_alert_receiver(&operator, private(url), Mode::Apply).await.unwrap().receiver.id;
    let (stays, removed) = (add("https://127.0.0.1:9/stays").await, add("https://127.0.0.1:9/removed").await);
    let first = records.changes.lock().clone();
    let tell = |receiver: &str, told| Change::TellOfAlerts {
        receiver: receiver.to_owned(),
        origin: "https://127.0.0.1:9".into(),
        told,
        by: Address::repeat_byte(9),
    };
    // Of a version that recorded nobody.
    let unrecorded = add("https://127.0.0.1:9/unrecorded").await;
    *records.changes.lock() = first;
    desk.compare(records.as_ref()).await.unwrap();
    assert_eq!(records.changes.lock().len(), 2, "where nothing differs, nothing is recorded");

    // Both were recorded, and then the process ended.
    records.control(&tell(&removed, false), Mode::Apply).await.unwrap();
    records.control(&tell("receiver-lost", true), Mode::Apply).await.unwrap();
    records.control(&tell("receiver-checked", true), Mode::Check).await.unwrap();
    drop(desk);
    let again = AlertDesk::new(alerts(&folder), records.clone());
    again.compare(records.as_ref()).await.unwrap();
    let told: Vec<_> = again.alert_receivers(&operator).await.unwrap().into_iter().map(|known| known.id).collect();
    assert_eq!(told, [stays.clone(), unrecorded.clone()]);
    assert_eq!(records.changes.lock().last().unwrap(), &(tell("receiver-lost", false), Mode::Apply));
    let count = records.changes.lock().len();
    again.compare(records.as_ref()).await.unwrap();
    assert_eq!(records.changes.lock().len(), count, "it is mended once");
    let kept: Book = Store::open(folder.path()).unwrap().load(FILE).unwrap().unwrap();
    assert_eq!(kept.receivers.iter().map(|known| known.id.clone()).collect::<Vec<_>>(), [stays, unrecorded]);
}
