//! Two cities in one network of identity databases, one on SQLite and one on PostgreSQL: two evaluators and a register as bodies run them
//! (C-ID, `docs/specs/persons.md`).

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use chancery_testing::process::{City, CityOptions, PostgresServer, built_binary, free_ports};
use serde_json::Value;

use crate::support::chancery_at;

/// `chancery persons serve`. Killed when dropped.
struct Service(Child);

impl Service {
    fn start(declaration: &Path) -> Self {
        let mut child = Command::new(built_binary())
            .args(["persons", "serve", "--until-stdin-ends"])
            .arg(declaration)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let service = Self(child);
        assert!(ready.starts_with("ready persons=http://127.0.0.1:"), "{ready}");
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn told(output: &Output) -> Value {
    let told = if output.status.success() { &output.stdout } else { &output.stderr };
    serde_json::from_slice(told).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn new_key(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    let made = told(&chancery_at("http://127.0.0.1:1", &["key", "new", file.to_str().unwrap()]));
    made["address"].as_str().unwrap().to_owned()
}

/// A person of this name registers with a new key: the status, or the code of the problem; and the address.
fn register(city: &City, folder: &Path, account: &str, name: &str) -> (String, String) {
    let address = new_key(folder, account);
    let key = folder.join(account);
    let answer = told(&chancery_at(
        &city.gateway,
        &[
            "--key",
            key.to_str().unwrap(),
            "user",
            "register",
            "--account",
            account,
            "--name",
            name,
            "--unit",
            "Sample Unit",
            "--city",
            "Hangzhou",
            "--country",
            "CN",
        ],
    ));
    let outcome = answer["status"].as_str().or(answer["code"].as_str()).unwrap_or_default();
    (outcome.to_owned(), address)
}

fn confirm(city: &City, address: &str) -> String {
    let answer = told(&chancery_at(&city.gateway, &["--dev-key", "6", "user", "confirm", address]));
    answer["status"].as_str().or(answer["code"].as_str()).unwrap_or_default().to_owned()
}

// C-ID, IDENTITY-6, PERSONS-1 to PERSONS-4
#[tokio::test(flavor = "multi_thread")]
async fn a_person_registered_in_one_city_is_recognised_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (port, offices) = (free_ports(2).unwrap(), ["harbour", "riverside"]);
    let ports = [port, port + 1];
    let keys = ["first", "second"].map(|name| {
        let file = at(&format!("{name}.seed"));
        let key = told(&chancery_at("http://127.0.0.1:1", &["persons", "key", file.to_str().unwrap()]));
        key["publicKey"].as_str().unwrap().to_owned()
    });
    let addresses = offices.map(|office| new_key(folder.path(), &format!("{office}.key")));
    let office_list: String = offices
        .iter()
        .zip(&addresses)
        .map(|(name, address)| format!("\n[[office]]\nname = \"{name}\"\naddress = \"{address}\"\n"))
        .collect();
    for (index, name) in ["first", "second"].into_iter().enumerate() {
        let port = ports[index];
        // The first is the register too.
        let register = if index == 0 { format!("register_of = {keys:?}\n") } else { String::new() };
        let declared = format!(
            "listen = \"127.0.0.1:{port}\"\nurl = \"http://127.0.0.1:{port}\"\ndatabase = \"sqlite:{name}.sqlite\"\nkey_file = \"{name}.seed\"\n{register}{office_list}"
        );
        std::fs::write(at(&format!("{name}.toml")), declared).unwrap();
    }
    for office in offices {
        let evaluators: String = ports
            .iter()
            .zip(&keys)
            .map(|(port, key)| format!("\n[[evaluator]]\nurl = \"http://127.0.0.1:{port}\"\npublic_key = \"{key}\"\n"))
            .collect();
        let declared =
            format!("register = \"http://127.0.0.1:{}\"\nkey_file = \"{office}.key\"\n{evaluators}", ports[0]);
        std::fs::write(at(&format!("{office}.toml")), declared).unwrap();
    }
    let server = PostgresServer::start().unwrap();
    let city = |office: &str, more: &[&str]| {
        let mut options = CityOptions::new(&at(office));
        let network = at(&format!("{office}.toml"));
        options.arguments =
            ["--persons", network.to_str().unwrap()].iter().chain(more).map(ToString::to_string).collect();
        City::start(&options).unwrap()
    };
    let _first = Service::start(&at("first.toml"));
    let second = Service::start(&at("second.toml"));
    let (harbour, riverside) = (city("harbour", &[]), city("riverside", &["--database-url", &server.url()]));
    let folder = folder.path();

    let (status, lin) = register(&harbour, folder, "lin", "Lin Zhao");
    assert_eq!(status, "pending");
    assert_eq!(register(&riverside, folder, "lin-again", " LIN zhao ").0, "person-already-registered");
    assert_eq!(confirm(&harbour, &lin), "confirmed");
    assert_eq!(register(&riverside, folder, "lin-once-more", "Lin Zhao").0, "person-already-registered");
    let (status, wei) = register(&riverside, folder, "wei", "Wei Chen");
    assert_eq!((status, confirm(&riverside, &wei)), ("pending".to_owned(), "confirmed".to_owned()));
    assert_eq!(register(&harbour, folder, "wei-again", "Wei Chen").0, "person-already-registered");

    // While an evaluator is silent nobody can be told from a known person, and nothing is lost.
    let (status, na) = register(&harbour, folder, "na", "Na Li");
    drop(second);
    assert_eq!(
        (status.as_str(), register(&riverside, folder, "na-too", "Na Li").0.as_str()),
        ("pending", "person-undetermined")
    );
    assert_eq!(register(&riverside, folder, "ming", "Ming Xu").0, "person-undetermined");
    let _second = Service::start(&at("second.toml"));
    assert_eq!(confirm(&harbour, &na), "confirmed");
    assert_eq!(register(&riverside, folder, "na-later", "Na Li").0, "person-already-registered");
    assert_eq!(register(&riverside, folder, "ming-later", "Ming Xu").0, "pending");

    // Whoever is no office is not answered.
    let stranger = reqwest::Client::new().post(format!("http://127.0.0.1:{}/v1/persons", ports[0]));
    assert_eq!(stranger.json(&serde_json::json!({})).send().await.unwrap().status(), 401);
}
