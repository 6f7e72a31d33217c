//! A city whose own keys are in a PKCS#11 token (SoftHSM): what it records, acknowledges and carries is signed there, and waits while the token is away
//! (`docs/specs/keys.md`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use chancery_testing::{
    ingest,
    process::{City, CityOptions, SoftHsm, built_binary, until_anchored},
};
use serde_json::Value;

use crate::support::{registration, subject};

/// Commands that ask nobody.
const NOWHERE: &str = "http://127.0.0.1:1";
/// Longest wait for a line of the city's log.
const LONG: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// The machine of a city: its token, and the folder of everybody else's files.
struct Machine {
    dir: tempfile::TempDir,
    hsm: SoftHsm,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hsm = SoftHsm::init(&dir.path().join("token"), "city-machine").unwrap();
        Self { dir, hsm }
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn say(&self, gateway: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(built_binary());
        command.args(["--json", "--url", gateway]).args(arguments).envs([self.hsm.environment()]);
        command.env("CHANCERY_KNOWN_CITIES", self.dir.path().join("known")).output().unwrap()
    }

    fn told(&self, gateway: &str, arguments: &[&str]) -> Value {
        let output = self.say(gateway, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A new key, in a file or in the token; its address.
    fn new_key(&self, name: &str) -> String {
        self.told(NOWHERE, &["key", "new", name])["address"].as_str().unwrap().to_owned()
    }

    /// Founds a city whose keys are those in the token; the founding file.
    fn found(&self) -> PathBuf {
        let [administrator, operator, second] =
            ["administrator", "operator", "second"].map(|name| self.new_key(&self.file(name)));
        let [submitter, receipts, relay] = ["submitter", "receipts", "relay"].map(|name| self.hsm.key(name));
        let account = self.new_key(&submitter);
        self.new_key(&relay);
        let out = self.file("founding.toml");
        let people = ["--administrator", &administrator, "--operator", &operator, "--contract-operator", &operator];
        let roles = ["--contract-operator", &second, "--operator", &account, "--submitter", &account];
        let keys = ["--submitter-key", &submitter, "--receipts-key", &receipts, "--relay-key", &relay];
        self.told(NOWHERE, &[&["network", "founding", "--out", &out][..], &people[..], &roles[..], &keys[..]].concat());
        out.into()
    }

    /// What `chancery up` says of a founding file with something else in it.
    fn refused(&self, founding: &Path, from: &str, to: &str) -> String {
        let text = fs::read_to_string(founding).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        let (other, data) = (self.file("other.toml"), self.file("nothing"));
        fs::write(&other, text.replace(from, to)).unwrap();
        let output = self.say(NOWHERE, &["up", "--until-stdin-ends", "--data-dir", &data, "--founding", &other]);
        assert!(!output.status.success(), "{to}");
        assert!(!Path::new(&data).exists(), "nothing is made for a city that cannot start");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Waits until a file has these in it, after so many bytes.
fn until_logged(log: &Path, before: usize, wanted: &[&str]) {
    let give_up = Instant::now() + LONG;
    loop {
        let said = String::from_utf8_lossy(&fs::read(log).unwrap()[before..]).into_owned();
        if wanted.iter().all(|one| said.contains(one)) {
            return;
        }
        assert!(Instant::now() < give_up, "{wanted:?} is not in {said}");
        thread::sleep(POLL);
    }
}

// M-SEC, S-SVC, FOUND-1, TOKEN-2, TOKEN-3, DATA-12, C-API-2: and no key of the city is in a file.
#[test]
fn a_city_records_acknowledges_and_carries_with_keys_in_a_token() {
    let machine = Machine::new();
    let receipts = machine.hsm.key("receipts");
    let made = machine.told(NOWHERE, &["source", "key", &receipts, "--algorithm", "eddsa"]);
    let founding = machine.found();
    told_what_is_wrong(&machine, &founding);

    let (data, log) = (machine.dir.path().join("city"), machine.dir.path().join("city.log"));
    let mut options = CityOptions::new(&data);
    options.arguments = vec!["--founding".to_owned(), founding.to_str().unwrap().to_owned()];
    options.environment = vec![machine.hsm.environment()];
    options.log = Some((log.clone(), "warn,chancery_representation=debug".to_owned()));
    let city = City::start(&options).unwrap();
    // What the relay has made and carried, its account has paid for.
    until_anchored(&city.gateway).unwrap();
    for name in ["gateway.key", "receipts.key", "relay.key"] {
        assert!(!data.join("secrets").join(name).exists(), "{name}");
    }
    let (jwk, genesis) = (data.join("receipts.jwk"), data.join("genesis"));
    let (jwk, genesis) = (jwk.to_str().unwrap(), genesis.to_str().unwrap());
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(jwk).unwrap()).unwrap(), made["jwk"]);

    let told = |arguments: &[&str]| machine.told(&city.gateway, arguments);
    let [operator, clerk, registrar, citizen, source] =
        ["operator", "clerk", "registrar", "citizen", "source"].map(|name| machine.file(name));
    let holder = machine.new_key(&citizen);
    for (organization, key, right) in
        [("OWN-UNIVERSITY", &clerk, "degree"), ("OWN-REGISTER", &registrar, "registration")]
    {
        let by_operator = ["--key", &operator, "organization"];
        let address = machine.new_key(key);
        told(&[&by_operator[..], &["register", organization, "--name", organization]].concat());
        told(&[&by_operator[..], &["authorize-key", organization, &address, "--right", right]].concat());
    }
    told(&registration(Path::new(&citizen), "lin", "Lin Sample", &[]));
    told(&["--key", &registrar, "user", "confirm", &holder]);
    let (format, readings) = (machine.file("format.json"), machine.file("readings"));
    fs::write(&format, ingest::format().to_string()).unwrap();
    fs::write(&readings, "{\"station\":\"one\",\"temp_max\":1}\n{\"station\":\"two\",\"temp_max\":2}\n").unwrap();
    told(&["--key", &operator, "format", "configure", ingest::FORMAT, &format]);
    told(&["source", "key", &source]);
    let register = ["source", "register", "--source-key", &source, "--organization", "OWN-UNIVERSITY"];
    told(&[&["--key", &operator], &register[..], &["--name", "station"]].concat());

    // Issued and acknowledged: recorded by the key in the token, which `verify` shows, and receipted by the other one.
    let degree = subject("degree");
    let office = ["--key", &clerk, "certificate", "send", "--kind", "degree", "--organization", "OWN-UNIVERSITY"];
    let send = [&office[..], &["--holder", &holder, "--subject", degree.to_str().unwrap()]].concat();
    let is_valid = |issued: &Value, name: &str| {
        let (block, hash, file) =
            (issued["blockNumber"].to_string(), issued["txHash"].as_str().unwrap(), machine.file(name));
        told(&["certificate", "query", &holder, &block, hash, "--out", &file]);
        let verified = machine.told(NOWHERE, &["verify", &file, "--genesis", genesis]);
        assert_eq!(verified["outcome"], "valid", "{verified}");
    };
    is_valid(&told(&send), "first.json");
    let what = ["submit", &readings, "--content", "--access", "public", "--format", ingest::FORMAT];
    let submit = [&what[..], &["--source-key", &source, "--receipt-key", jwk]].concat();
    let proofs = machine.file("proofs");
    let is_receipted = |submitted: &Value, name: &str| {
        let file = machine.file(name);
        fs::write(&file, submitted.to_string()).unwrap();
        machine.told(NOWHERE, &["verify", &file, "--receipt-key", jwk]);
        submitted["receipts"][0]["place"].as_u64().unwrap()
    };
    let submitted = told(&[&submit[..], &["--proofs", &proofs]].concat());
    let place = is_receipted(&submitted, "receipts.json");
    machine.told(NOWHERE, &["verify", &format!("{proofs}/{place}.json"), "--genesis", genesis]);

    // Pulled out: what is asked meanwhile waits, and is done once by the same process when the token is back.
    let (tokens, away) = (machine.hsm.tokens(), machine.hsm.tokens().with_extension("away"));
    fs::rename(&tokens, &away).unwrap();
    let before = fs::read(&log).unwrap().len();
    let (issued, submitted) = thread::scope(|scope| {
        let issued = scope.spawn(|| told(&send));
        let submitted = scope.spawn(|| told(&submit));
        until_logged(&log, before, &["recording again", "receipts are not signed"]);
        fs::rename(&away, &tokens).unwrap();
        (issued.join().unwrap(), submitted.join().unwrap())
    });
    is_valid(&issued, "second.json");
    assert!(is_receipted(&submitted, "later.json") > place);
    city.stop().unwrap();
}

/// Each key that is not as it should be is named, with what is wrong, and no PIN with it.
fn told_what_is_wrong(machine: &Machine, founding: &Path) {
    let refused = |from: &str, to: &str| machine.refused(founding, from, to);
    let nobody = refused("object=receipts", "object=nobody");
    assert!(nobody.contains("receipts_key") && nobody.contains("there is no Ed25519"), "{nobody}");
    let of_another_kind = refused("object=relay", "object=receipts");
    assert!(of_another_kind.contains("relay_key") && of_another_kind.contains("no secp256k1"), "{of_another_kind}");
    let nowhere = refused("token=city-machine;object=submitter", "token=harbour;object=submitter");
    assert!(nowhere.contains("submitter_key") && nowhere.contains("`city-machine`"), "{nowhere}");
    let without_role = refused("object=submitter", "object=relay");
    assert!(without_role.contains("none of operators"), "{without_role}");
    machine.hsm.write_pin("wrong", "975310").unwrap();
    let pin = refused("/token/pin", "/token/wrong");
    assert!(pin.contains("refuses the PIN") && !pin.contains("975310"), "{pin}");
    machine.told(NOWHERE, &["--key", &machine.hsm.key("submitter"), "key", "show", "--pin-again"]);
}
