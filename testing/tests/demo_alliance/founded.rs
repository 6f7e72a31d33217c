//! Chains of a running city become member chains by one command; a member's business database stands behind its node contract, whatever is killed; and an alliance of the
//! kind that the command makes by itself gets rules over several chains by commands (A-CON, A-CONS, A-MULTI).

use std::{
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use chancery_testing::process::{City, CityOptions, PostgresServer, free_ports};
use serde_json::{Value, json};

use super::{
    engineer::request,
    machine::{Running, Service, answer, refusal},
    ruled::ruled,
};

/// Many times what a step takes.
const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(50);

pub(crate) struct Founding {
    arguments: Vec<String>,
    out: PathBuf,
}

impl Founding {
    /// `kind` as the command takes it; none: what it makes by itself.
    fn new(dir: &Path, data: &Path, city: &City, kind: &[&str]) -> Self {
        let out = dir.join(if kind.is_empty() { "ruled" } else { "alliance" });
        let mut arguments: Vec<String> = ["alliance", "found", "--purpose", "mortgages"]
            .iter()
            .chain(kind)
            .chain(&["--member", "bank=degree", "--member", "land registry=real-estate", "--data-dir"])
            .map(|text| (*text).to_owned())
            .collect();
        arguments.push(data.to_str().unwrap().to_owned());
        for (chain, url) in &city.chains {
            arguments.extend(["--rpc".to_owned(), format!("{chain}={url}")]);
        }
        // A relay and two endorsers.
        arguments.extend(["--service-base-port".to_owned(), free_ports(3).unwrap().to_string()]);
        arguments.extend(["--out".to_owned(), out.to_str().unwrap().to_owned()]);
        Self { arguments, out }
    }

    pub(crate) fn all(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// Begins, and is killed when a file is there.
    fn killed_at(&self, file: &str) {
        let _running = Running::start(&self.all());
        let deadline = Instant::now() + PATIENCE;
        while !self.out.join(file).exists() {
            assert!(Instant::now() < deadline, "no {file}");
            sleep(POLL);
        }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.out.join(file)
    }

    /// With the file that was written.
    pub(crate) fn start(&self, what: &str, file: &str) -> Service {
        let path = self.path(file);
        Service::start(what, &path, &fs::read_to_string(&path).unwrap())
    }
}

/// The land registry's rows, and what it declares of them.
fn database(founding: &Founding, server: &PostgresServer, node_contract: &str) -> String {
    server
        .psql("CREATE TABLE parcels (parcel TEXT PRIMARY KEY, lien BIGINT NOT NULL, times BIGINT NOT NULL)", None)
        .unwrap();
    let folder = founding.path("land-registry");
    let url = folder.join("database.url");
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&url).unwrap();
    fs::write(&url, server.url()).unwrap();
    let chain = fs::read_to_string(folder.join("endorser.toml")).unwrap();
    let chain = chain.split_once("[chain]").unwrap().1.split("\n[").next().unwrap().to_owned();
    let text = format!(
        "node_contract = \"{node_contract}\"\n[database]\nkind = \"postgres\"\nurl_file = \"database.url\"\n[chain]{chain}\n\
         [[entries]]\nkey = \"text\"\nvalue = \"integer\"\nquery = \"SELECT lien FROM parcels WHERE parcel = {{key}}\"\n\
         apply = \"\"\"INSERT INTO parcels (parcel, lien, times) VALUES ({{key}}, {{value}}, 1)\n\
         ON CONFLICT (parcel) DO UPDATE SET lien = excluded.lien, times = parcels.times + 1\"\"\"\n"
    );
    let file = folder.join("database.toml");
    fs::write(&file, text).unwrap();
    let endorser = folder.join("endorser.toml");
    let text = fs::read_to_string(&endorser).unwrap();
    fs::write(&endorser, format!("database = \"database.toml\"\n{text}")).unwrap();
    file.to_str().unwrap().to_owned()
}

fn rows(server: &PostgresServer) -> String {
    server.psql("SELECT parcel, lien, times FROM parcels", None).unwrap().trim().to_owned()
}

// A-CON, A-CONS, A-MULTI, DATABASE-1, DATABASE-2, DATABASE-4
#[test]
fn chains_of_a_city_become_member_chains_and_a_database_stands_behind_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let data = dir.join("city");
    let city = City::start(&CityOptions::founded(&data).unwrap()).unwrap();
    let founding = Founding::new(dir, &data, &city, &["--node-contract", "store"]);
    for file in ["registry.json", "bank/declared.json", "alliance.json", "bank/node.json"] {
        founding.killed_at(file);
    }
    let mut founded = answer(&founding.all());
    // What the run issued; the next one has nothing to issue.
    for member in founded["members"].as_array_mut().unwrap() {
        member["renewed"] = Value::Null;
    }
    assert_eq!(answer(&founding.all()), founded, "nothing is done twice");
    let main = city.chains["main"].as_str();
    let genesis = data.join("genesis/main.json");
    let members = answer(&[
        "alliance",
        "members",
        "--rpc",
        main,
        "--genesis",
        genesis.to_str().unwrap(),
        "--contract",
        founded["contract"].as_str().unwrap(),
    ]);
    assert_eq!((&members["state"], members["members"].as_array().unwrap().len()), (&json!("active"), 2));

    let server = PostgresServer::start().unwrap();
    let land = &founded["members"][1];
    assert_eq!((&land["name"], &land["chain"]), (&json!("land registry"), &json!("real-estate")));
    let declared = database(&founding, &server, land["nodeContract"].as_str().unwrap());
    let _relay = founding.start("relay", "relay.toml");
    let _bank = founding.start("endorser", "bank/endorser.toml");
    let _land = founding.start("endorser", "land-registry/endorser.toml");
    let requester = founding.path("bank/requester.toml");
    let requester = requester.to_str().unwrap();
    let ask = |key: &str, value: u64| {
        let file = request(dir, &format!("{key}.toml"), key, value);
        let proof = dir.join(format!("{key}.json"));
        answer(&[
            "alliance",
            "request",
            &file,
            "--config",
            requester,
            "--retry",
            "30",
            "--proof",
            proof.to_str().unwrap(),
        ])
    };
    let database = |what: &'static str| ["alliance", "database", what, "--config", declared.as_str()];

    // Whatever moment the applier is killed at.
    for (round, pause_ms) in (1u64..=4).zip([0, 30, 150, 600]) {
        let mut applier = Running::start(&database("apply"));
        applier.line_with("ready applier=");
        assert_eq!(ask(&format!("sale {round}"), 40 + round)["outcome"], "committed");
        sleep(Duration::from_millis(pause_ms));
        drop(applier);
        answer(&[&database("apply")[..], &["--once"]].concat());
        assert_eq!(rows(&server), format!("parcel 7|{}|{round}", 40 + round));
    }
    let checked = answer(&database("check"));
    assert_eq!((&checked["keys"], &checked["deviations"]), (&json!(1), &json!([])));

    tampered(dir, &server, &declared, requester);
    exchanged(dir, &founding, requester);
    assert_eq!(ask("after", 50)["outcome"], "committed");
    answer(&[&database("apply")[..], &["--once"]].concat());
    assert_eq!(rows(&server), "parcel 7|50|6", "four entries, the one that was put back, and the last");
    ruled(dir, &Founding::new(dir, &data, &city, &[]));
}

/// A row that somebody changes is named, no request rests on it, and it is the chain's again when that is asked for.
fn tampered(dir: &Path, server: &PostgresServer, declared: &str, requester: &str) {
    server.psql("UPDATE parcels SET lien = 99", None).unwrap();
    let (checked, code) = refusal(&["alliance", "database", "check", "--config", declared]);
    let deviation = &checked["deviations"][0];
    assert_eq!((&deviation["subject"], &deviation["version"], code), (&json!("parcel 7"), &json!(4), 1));
    let file = request(dir, "tampered.toml", "tampered", 49);
    let (refused, _) = refusal(&["alliance", "request", &file, "--config", requester]);
    assert!(refused.to_string().contains("the member's own database disagrees"), "{refused}");
    assert_eq!(rows(server), "parcel 7|99|4", "nothing is written over");
    let key = deviation["key"].as_str().unwrap();
    let restored: Value = answer(&["alliance", "database", "restore", key, "--config", declared]);
    assert_eq!(restored["key"], deviation["key"]);
    assert_eq!(rows(server), "parcel 7|44|5");
}

/// A file of the bank's, whose digest a request has written, comes to the land registry.
fn exchanged(dir: &Path, founding: &Founding, requester: &str) {
    let (deed, out) = (dir.join("deed.pdf"), dir.join("received.pdf"));
    let (deed, out) = (deed.to_str().unwrap(), out.to_str().unwrap());
    fs::write(deed, "the deed of parcel 7").unwrap();
    let shelf = founding.path("bank/shelf");
    let shelf = shelf.to_str().unwrap();
    let seal = ["alliance", "file", "seal", deed, "--shelf", shelf, "--request", "exchange", "--requester", "bank"];
    let digest = answer(&seal)["digest"].as_str().unwrap().to_owned();
    let file = dir.join("exchange.toml");
    let text = format!(
        "idempotency_key = \"exchange\"\nvalid_for_s = 1800\nwindow_s = 1800\n\
         [[parts]]\nmember = \"bank\"\nreads = [\"deed\"]\nwrites = [{{ key = \"deed\", value = \"{digest}\" }}]\n\
         [[parts]]\nmember = \"land registry\"\nreads = [\"parcel 7\"]\n"
    );
    fs::write(&file, text).unwrap();
    let mut serving = Running::start(&[
        "alliance",
        "file",
        "serve",
        "--config",
        requester,
        "--shelf",
        shelf,
        "--listen",
        "127.0.0.1:0",
        "--until-stdin-ends",
    ]);
    let line = serving.line_with("ready files=");
    let url = line.split_once('=').unwrap().1.trim();
    let receiver = founding.path("land-registry/requester.toml");
    let fetch = |number: &str| -> Vec<String> {
        let all = ["alliance", "file", "fetch", number, "--config", receiver.to_str().unwrap(), "--member", "bank"];
        all.iter().chain(&["--entry", "deed", "--from", url, "--out", out]).map(|text| (*text).to_owned()).collect()
    };
    let none = fetch("999");
    refusal(&none.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!Path::new(out).exists());
    let proof = dir.join("exchange.json");
    let asked = ["alliance", "request", file.to_str().unwrap(), "--config", requester, "--retry", "30", "--proof"];
    let committed = answer(&[&asked[..], &[proof.to_str().unwrap()]].concat());
    let fetched = fetch(&committed["number"].to_string());
    assert_eq!(answer(&fetched.iter().map(String::as_str).collect::<Vec<_>>())["bytes"], 20);
    assert_eq!(fs::read_to_string(out).unwrap(), "the deed of parcel 7");
}
