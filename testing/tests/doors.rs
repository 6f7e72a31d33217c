//! The five entities as one process and as five: the same conversation with both, at every operation of the twelve doors, and nothing lost when one of the five is
//! killed.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "doors/chains.rs"]
mod chains;
#[path = "doors/configuring.rs"]
mod configuring;
#[path = "doors/heard.rs"]
mod heard;
#[path = "doors/house.rs"]
mod house;
#[path = "doors/operations.rs"]
mod operations;
#[path = "doors/sources.rs"]
mod sources;
#[path = "doors/watching.rs"]
mod watching;

use std::{
    collections::BTreeSet,
    fs::{DirBuilder, File},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, Bytes, FixedBytes, keccak256};
use chancery_contracts::predeploys;
use chancery_data::submission::Access;
use chancery_doors::Remote;
use chancery_reference_points::{
    Actor, Code, Role,
    c2p::C2p,
    data_search::{DataQuery, Visibility},
    mandate::{Mandate, rights},
    o2c::{Change, Mode},
    operation::ChainName,
    s2p::{S2p, S2pData},
};
use chancery_testing::{
    ingest::{FORMAT, Outcomes, Sender, Source, StreamConnection, now_ms, run, seattle_weather},
    process::{City, CityOptions, built_binary},
};
use serde_json::{Value, json};

use heard::Heard;
use house::{House, People};

/// Longest that something may take to be as it should.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(50);
/// The entities, those that others use first.
const ENTITIES: [&str; 5] = ["processing", "representation", "provisioning", "controlling", "monitoring"];

fn city(folder: &Path, entities: &str) -> City {
    let mut options = CityOptions::new(&folder.join("city"));
    let arguments = ["--entities", entities, "--offer-doors", "--two-operators", "quotas"];
    options.arguments = arguments.map(str::to_owned).to_vec();
    City::start(&options).unwrap()
}

fn reading(content: &Value) -> String {
    json!({"time": now_ms(), "content": content}).to_string()
}

/// Seattle's weather, ten days a line, from a key on.
fn lines_of(source: &Source, days: &[Value], first_key: u128) -> Vec<String> {
    let readings: Vec<String> = days.iter().map(reading).collect();
    let line = |(operations, number): (&[String], u128)| {
        source.line(operations, FixedBytes::new(number.to_be_bytes())).unwrap()
    };
    readings.chunks(10).zip(first_key..).map(line).collect()
}

/// What a city is asked at each of its four outer doors, and through them at the inner ones, whichever processes the entities are in; then at each of the twelve by
/// itself.
async fn conforms(folder: &Path, city: &City) -> (Source, Heard) {
    let gateway = city.gateway.as_str();
    // O2C, C2P, C2R, C2S; R2D and P2R of the journal.
    let source = Source::register(folder, gateway).unwrap();
    let days = seattle_weather().unwrap();
    let lines = lines_of(&source, &days[..100], 1);
    let (mut sender, mut outcomes) = StreamConnection::open(gateway).await.unwrap().split();
    let mut receipts = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        sender.send(line.as_bytes()).await.unwrap();
        if number == 0 {
            outcomes.head().await.unwrap();
        }
        receipts.push(outcomes.next().await.unwrap().unwrap()["receipt"].clone());
    }
    assert!(receipts.iter().all(Value::is_object), "{receipts:?}");
    verified(folder, gateway, &receipts[9]).await;

    // U2S and S2P.
    let found = until(async || {
        let found = run(gateway, &["search", "--limit", "100"]).unwrap();
        found["operations"].as_array().filter(|found| found.len() == 100).cloned()
    });
    assert!(found.await.iter().all(|found| found["format"] == FORMAT));
    let counted = run(gateway, &["search", "--count"]).unwrap();
    let operations = counted.as_array().unwrap().iter().map(|counted| counted["operations"].as_u64().unwrap());
    assert_eq!(operations.sum::<u64>(), 100, "{counted}");

    // All doors that the life of certificates goes through, with what is refused at them; M2S, M2P and M2R in its histories.
    let told = run(gateway, &["demo"]).unwrap();
    let refused = |event: &&Value| event["what"].as_str().unwrap().ends_with("is refused");
    assert!(told.as_array().unwrap().iter().filter(refused).count() >= 4, "{told:#}");

    // V2M.
    assert_eq!(audited(gateway), 100);
    (source, at_every_door(folder).await)
}

fn house(folder: &Path) -> House {
    House::at(&folder.join("city/doors"))
}

/// What is heard at the twelve doors of the real entities: each operation answers, and refuses.
async fn at_every_door(folder: &Path) -> Heard {
    let (house, people, mut heard) = (house(folder), People::of_development(), Heard::default());
    let receipt = operations::conform(&house, &people, &mut heard).await;
    sources::conform(&house, &people, &mut heard).await;
    configuring::conform(&house, &people, &mut heard).await;
    watching::conform(&house, &people, &receipt, &mut heard).await;
    chains::conform(&house, &people, &receipt, &mut heard).await;
    heard
}

/// The rest of it, once the city has ended, and whether the other of the two cities has told the same.
async fn told_the_same(folder: &Path, mut heard: Heard) {
    chains::is_gone(&house(folder), &mut heard).await;
    heard.assert_whole_and_the_same();
}

/// How many operations the journal holds, as an auditor computes it anew; nothing in it differs.
fn audited(gateway: &str) -> u64 {
    let audit = run(gateway, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!((&audit["difference"], &audit["complete"]), (&Value::Null, &json!(true)), "{audit}");
    audit["operations"].as_u64().unwrap()
}

/// Looks until there is something.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < give_up, "it is not as it should be after {PATIENCE:?}");
        tokio::time::sleep(POLL).await;
    }
}

/// The proof of a submission's first operation, once it is final, verifies offline by the genesis alone.
async fn verified(folder: &Path, gateway: &str, receipt: &Value) {
    let (place, digest) = (&receipt["place"], receipt["digest"].as_str().unwrap());
    let url = format!("{gateway}/v1/submissions/{place}/{digest}/operations/0");
    let proof = until(async || {
        let response = reqwest::get(&url).await.unwrap();
        (response.status() == 200).then_some(response)
    });
    let file = folder.join("proof.json");
    std::fs::write(&file, proof.await.bytes().await.unwrap()).unwrap();
    let mut verify = Command::new(built_binary());
    verify.arg("verify").arg(&file).arg("--genesis").arg(folder.join("city/genesis"));
    assert!(verify.output().unwrap().status.success());
}

/// The process that is an entity.
fn process_of(folder: &Path, entity: &str) -> String {
    std::fs::read_to_string(lock_of(folder, entity)).unwrap()
}

fn lock_of(folder: &Path, entity: &str) -> PathBuf {
    folder.join("city/doors").join(format!("{entity}.lock"))
}

fn kill(process: &str) {
    assert!(Command::new("kill").args(["-9", process]).status().unwrap().success());
}

/// Sends a line until it has a receipt, and says how often the city could not take it. It may say nothing else.
async fn received(sender: &mut Sender, outcomes: &mut Outcomes, line: &str) -> (Value, usize) {
    let mut unavailable = 0;
    let receipt = until(async || {
        sender.send(line.as_bytes()).await.unwrap();
        let outcome = outcomes.next().await.unwrap().unwrap();
        if outcome["receipt"].is_object() {
            return Some(outcome["receipt"].clone());
        }
        assert_eq!(outcome["problem"]["code"], "entity-unavailable", "{outcome}");
        unavailable += 1;
        None
    });
    (receipt.await, unavailable)
}

/// Asks an endpoint until it answers; until then it says that a part of the city does not, and nothing else.
async fn answers_again(gateway: &str, path: &str) {
    until(async || {
        let response = reqwest::get(format!("{gateway}{path}")).await.unwrap();
        if response.status() == 200 {
            return Some(());
        }
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "entity-unavailable", "{problem}");
        None
    })
    .await;
}

/// Who holds a door of another process is answered by right alone.
async fn is_answered_by_right_alone(folder: &Path) {
    let doors = folder.join("city/doors");
    let (processing, journal) = (Remote::new(&doors, "processing"), Remote::new(&doors, "representation"));
    let main = ChainName("main".to_owned());
    let view = async |right: &str, contract| {
        let call = keccak256("organizationCount()")[..4].to_vec().into();
        let answer = S2p::view(&processing, &Mandate::of_the_city(right), &main, contract, call).await;
        answer.map(|_| ()).map_err(|error| error.code())
    };
    let organizations = predeploys::ORGANIZATION_REGISTRY;
    assert_eq!(view(rights::IDENTIFICATION, organizations).await, Ok(()));
    assert_eq!(view(rights::IDENTIFICATION, predeploys::RESOURCE_DIRECTORY).await, Err(Code::NotCovered));
    assert_eq!(view("everything", organizations).await, Err(Code::NotCovered));
    // That it is said at the door makes nobody an inspector or an operator.
    let stranger = Actor::new(Address::repeat_byte(9), [Role::Inspector, Role::Operator]);
    let certificates = Mandate::of(&stranger, "certificates.check");
    let answer = S2p::view(&processing, &certificates, &main, organizations, Bytes::new()).await;
    assert_eq!(answer.unwrap_err().code(), Code::RoleRequired);
    let suspend = Change::SuspendOrganization { organization: "ANY".into(), suspended: true };
    let by = Mandate::of(&stranger, rights::CONFIGURATION);
    let answer = C2p::control(&processing, &by, &suspend, Mode::Apply).await;
    assert_eq!(answer.unwrap_err().code(), Code::RoleRequired);
    let internal = Visibility { access: vec![Access::Internal], now_ms: 0 };
    let by = Mandate::of_the_city(rights::DATA);
    let answer = S2pData::search(&journal, &by, DataQuery::default(), internal.clone()).await;
    assert_eq!(answer.unwrap_err().code(), Code::NotCovered);
    // Nor a reader of internal data, nor a registered person, nor a citizen: the chain and the register say who is.
    let by = Mandate::of(&Actor::new(Address::repeat_byte(9), [Role::Inspector]), rights::DATA);
    let answer = S2pData::search(&journal, &by, DataQuery::default(), internal).await;
    assert_eq!(answer.unwrap_err().code(), Code::RoleRequired);
    for role in [Role::Registered, Role::Citizen] {
        let by = Mandate::of(&Actor::new(Address::repeat_byte(9), [role]), "certificates.of-holder");
        let answer = S2p::view(&processing, &by, &main, organizations, Bytes::new()).await;
        assert_eq!(answer.unwrap_err().code(), Code::RoleRequired, "{role:?}");
    }
}

// M-RP-12: an entity that is told to stop while it waits for its lock ends, and ends well.
#[test]
fn an_entity_that_is_told_to_stop_while_it_starts_ends() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("city/genesis")).unwrap();
    DirBuilder::new().mode(0o700).create(folder.path().join("city/doors")).unwrap();
    let lock = File::create(lock_of(folder.path(), "processing")).unwrap();
    lock.lock().unwrap();
    let mut entity = Command::new(built_binary());
    entity.args(["entity", "processing", "--until-stdin-ends", "--data-dir"]).arg(folder.path().join("city"));
    let ended = entity.stdin(Stdio::null()).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

// M-RP-12, DOORS-1
#[tokio::test(flavor = "multi_thread")]
async fn a_city_of_one_process_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let city = city(folder.path(), "together");
    let (_, heard) = conforms(folder.path(), &city).await;
    assert_eq!(process_of(folder.path(), "representation"), city.pid().to_string());
    city.stop().unwrap();
    told_the_same(folder.path(), heard).await;
}

// M-RP-12, M-PRO-2, DOORS-1, DOORS-5, DOORS-6, DATA-2, DATA-3
#[tokio::test(flavor = "multi_thread")]
async fn a_city_of_five_processes_conforms_and_loses_nothing_when_one_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let city = city(folder.path(), "separate");
    let (source, heard) = conforms(folder.path(), &city).await;
    let processes: BTreeSet<String> = ENTITIES.iter().map(|entity| process_of(folder.path(), entity)).collect();
    assert!(processes.len() == 5 && !processes.contains(&city.pid().to_string()), "{processes:?}");
    is_answered_by_right_alone(folder.path()).await;

    // Representation, which has the journal, is killed in the middle of submissions, on a connection that stays.
    let days = seattle_weather().unwrap();
    let lines = lines_of(&source, &days[100..600], 1000);
    let (mut sender, mut outcomes) = StreamConnection::open(&city.gateway).await.unwrap().split();
    sender.send(lines[0].as_bytes()).await.unwrap();
    outcomes.head().await.unwrap();
    let mut receipts = vec![outcomes.next().await.unwrap().unwrap()["receipt"].clone()];
    let before = process_of(folder.path(), "representation");
    let mut refused = 0;
    for (number, line) in lines.iter().enumerate().skip(1) {
        if number == 20 {
            kill(&before);
        }
        let (receipt, unavailable) = received(&mut sender, &mut outcomes, line).await;
        receipts.push(receipt);
        refused += unavailable;
    }
    assert!(refused > 0, "nobody noticed that it was killed");
    assert_ne!(process_of(folder.path(), "representation"), before);

    // Everything once more: what was acknowledged is there, at its place, with the same receipt.
    for (line, receipt) in lines.iter().zip(&receipts) {
        let (again, _) = received(&mut sender, &mut outcomes, line).await;
        assert_eq!(
            (&again["repeated"], &again["place"], &again["receipt"]),
            (&json!(true), &receipt["place"], &receipt["receipt"])
        );
    }
    let places: BTreeSet<u64> = receipts.iter().map(|receipt| receipt["place"].as_u64().unwrap()).collect();
    let all = 600 + sources::ACCEPTED;
    assert_eq!((places.len(), audited(&city.gateway)), (50, all));
    sender.finish().await.unwrap();

    // The others too: who needs them is told, and they are there again.
    for (entity, path) in
        [("processing", "/v1/chains"), ("provisioning", "/v1/data/statistics"), ("controlling", "/v1/organizations")]
    {
        let before = process_of(folder.path(), entity);
        kill(&before);
        until(async || (process_of(folder.path(), entity) != before).then_some(())).await;
        answers_again(&city.gateway, path).await;
    }
    // Monitoring, whose door wants a supervisor: the audit goes through it.
    let before = process_of(folder.path(), "monitoring");
    kill(&before);
    until(async || (process_of(folder.path(), "monitoring") != before).then_some(())).await;
    let audit = ["--dev-key", "8", "audit"];
    let again = until(async || run(&city.gateway, &audit).ok()).await;
    assert_eq!((&again["operations"], &again["difference"]), (&json!(all), &Value::Null), "{again}");
    verified(folder.path(), &city.gateway, receipts.last().unwrap()).await;
    city.stop().unwrap();
    for entity in ENTITIES {
        let process = process_of(folder.path(), entity);
        assert!(!Path::new("/proc").join(&process).exists(), "{entity} was left behind");
    }
    told_the_same(folder.path(), heard).await;
}
