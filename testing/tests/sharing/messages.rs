//! Sealed messages in a whole city, by the commands of two organizations, with the city killed after each acknowledgement.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use alloy_primitives::B256;
use chancery_identity::{DatabaseLocation, IdentityDatabase, KeyRing};
use chancery_messages::{
    mailbox::{Incoming, Mailbox, Record},
    statement::{Deposit, Stated},
};
use chancery_testing::process::{City, CityOptions, built_binary, project_root};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::bodies::{Said, refused};

pub(super) const MINUTES: &str =
    "Agreed on Tuesday: the bridge is closed on market days, which nobody else shall read.";

/// Alters a file of a proof.
type Change<'a> = &'a dyn Fn(&mut Value);

/// A city and organizations in it, each with a key of its own.
pub(super) struct Offices {
    folder: TempDir,
    pub(super) city: City,
}

/// Where the data of a city are.
fn data(folder: &Path) -> PathBuf {
    folder.join("city")
}

impl Offices {
    pub(super) fn open(organizations: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CityOptions::founded(&data(folder.path())).unwrap();
        Self::in_city(folder, &options, organizations)
    }

    /// In a city that no other has anything of.
    pub(super) fn elsewhere(organizations: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CityOptions::new(&data(folder.path()));
        Self::in_city(folder, &options, organizations)
    }

    fn in_city(folder: TempDir, options: &CityOptions, organizations: &[&str]) -> Self {
        let city = City::start(options).unwrap();
        let offices = Self { folder, city };
        for organization in organizations {
            let file = offices.path(&format!("{organization}.key")).display().to_string();
            let made = offices.say(None, &["key", "new", &file]).unwrap();
            let address = made["address"].as_str().unwrap();
            offices.operator(&["organization", "register", organization, "--name", "An office"]).unwrap();
            let authorize = ["organization", "authorize-key", organization, address, "--right", "submission"];
            offices.operator(&authorize).unwrap();
        }
        offices
    }

    /// `SIGKILL`, and the same city again.
    pub(super) fn killed(self) -> Self {
        let Self { folder, city } = self;
        city.kill().unwrap();
        let city = City::start(&CityOptions::new(&data(folder.path()))).unwrap();
        Self { folder, city }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self, who: &str) -> String {
        self.say(Some(who), &["key", "show"]).unwrap()["address"].as_str().unwrap().to_owned()
    }

    pub(super) fn operator(&self, arguments: &[&str]) -> Said {
        self.say(None, &[&["--dev-key", "0"], arguments].concat())
    }

    fn send(&self, to: &str, file: &str) -> Said {
        let file = self.path(file).display().to_string();
        self.say(
            Some("WATER-WORKS"),
            &["message", "send", &file, "--to", to, "--subject", "Minutes", "--type", "text/plain"],
        )
    }

    /// The sender's message to the receiver, in answer to one by the command line; its proof is in `receipt`.
    fn exchange_in_typescript(&self, message: &str, receipt: &Path) -> String {
        let package = project_root().join("sdk/typescript");
        let built = package.join("dist/index.js").is_file();
        assert!(built, "run `npm ci` and `npm run build` in sdk/typescript (cargo xtask test does it)");
        let output = Command::new("node")
            .current_dir(package)
            .args(["--test", "e2e/messages.test.mjs"])
            .env("CHANCERY_URL", &self.city.gateway)
            .env("SENDER", self.path("WATER-WORKS.key"))
            .env("RECEIVER", self.path("CITY-HALL.key"))
            .env("STRANGER", self.path("FIRE-BRIGADE.key"))
            .env("MESSAGE", message)
            .env("MINUTES", MINUTES)
            .env("RECEIPT", receipt)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
        let file: Value = serde_json::from_str(&fs::read_to_string(receipt).unwrap()).unwrap();
        let said: Value = serde_json::from_str(file["acknowledgement"]["statement"].as_str().unwrap()).unwrap();
        said["message"].as_str().unwrap().to_owned()
    }

    pub(super) fn say(&self, who: Option<&str>, arguments: &[&str]) -> Said {
        let key = who.map(|who| self.path(&format!("{who}.key")));
        say(&self.city.gateway, &self.path("city/genesis/main.json"), key.as_deref(), arguments)
    }
}

pub(super) fn say(gateway: &str, genesis: &Path, key: Option<&Path>, arguments: &[&str]) -> Said {
    let mut command = Command::new(built_binary());
    command.args(["--json", "--url", gateway]).args(arguments).env("CHANCERY_GENESIS", genesis);
    if let Some(key) = key {
        command.arg("--key").arg(key);
    }
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    // A file that is refused is an answer, on standard output.
    let said = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned())
}

/// Whether a text stands in some file below a folder. The store removes files while it is looked through: what is gone does not hold it.
fn stands_below(folder: &Path, text: &str) -> bool {
    let Some(entries) = there(fs::read_dir(folder)) else { return false };
    entries.filter_map(there).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return stands_below(&path, text);
        }
        there(fs::read(path)).is_some_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    })
}

fn there<T>(found: io::Result<T>) -> Option<T> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        found => Some(found.unwrap()),
    }
}

/// A data block of one statement has no sibling: then one is added.
fn with_another_sibling(siblings: &mut Value) {
    let siblings = siblings.as_array_mut().unwrap();
    siblings.pop();
    siblings.push(json!(format!("0x{:064}", 7)));
}

pub(super) fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["message"].as_str().unwrap()).collect()
}

// S-NET, M-MON-4, WATCH-1, MSG-1 to MSG-6, MSG-8, MSG-10, MSG-18
#[test]
fn a_sealed_message_survives_kills_and_its_receipt_is_verified_offline() {
    let offices = Offices::open(&["WATER-WORKS", "CITY-HALL", "FIRE-BRIGADE"]);
    fs::write(offices.path("minutes.txt"), MINUTES).unwrap();

    // Nothing is sealed to a key that the chain does not show.
    let text = refused(offices.send("CITY-HALL", "minutes.txt"));
    assert!(text.contains("has published no encryption key"), "{text}");
    let published = offices.say(Some("CITY-HALL"), &["message", "publish-key"]).unwrap();
    offices.say(Some("FIRE-BRIGADE"), &["message", "publish-key"]).unwrap();
    let sent = offices.send("CITY-HALL", "minutes.txt").unwrap();
    assert_eq!(sent["sealedTo"], published["thumbprint"], "{sent}");
    assert_eq!(sent["keyPublishedInBlock"], published["blockNumber"], "{sent}");
    let id = sent["message"].as_str().unwrap().to_owned();

    // What was acknowledged to the sender is there after a kill, sealed, for its two sides alone.
    let offices = offices.killed();
    for text in [MINUTES, "Minutes"] {
        assert!(!stands_below(&offices.path("city/messages"), text), "{text} can be read in the mailbox");
    }
    let inbox = |offices: &Offices, who: &str| offices.say(Some(who), &["message", "inbox"]).unwrap();
    assert_eq!(ids(&inbox(&offices, "CITY-HALL")), [id.as_str()]);
    assert_eq!(ids(&inbox(&offices, "FIRE-BRIGADE")), Vec::<&str>::new());
    let sent_box = offices.say(Some("WATER-WORKS"), &["message", "inbox", "--sent"]).unwrap();
    assert_eq!(ids(&sent_box), [id.as_str()]);
    let read = |offices: &Offices, who: &str, name: &str| {
        let out = offices.path(name).display().to_string();
        offices.say(Some(who), &["message", "read", &id, "--out", &out])
    };
    let text = refused(read(&offices, "FIRE-BRIGADE", "stolen"));
    assert!(text.contains("unknown-message") && !offices.path("stolen").exists(), "{text}");
    for (who, name) in [("CITY-HALL", "received"), ("WATER-WORKS", "own")] {
        let opened = read(&offices, who, name).unwrap();
        assert_eq!((&opened["subject"], &opened["senderInForce"]), (&json!("Minutes"), &json!(true)), "{opened}");
        assert_eq!((&opened["genesisSigned"], &opened["warning"]), (&json!(true), &Value::Null), "{opened}");
        assert_eq!(fs::read_to_string(offices.path(name)).unwrap(), MINUTES);
        assert_eq!(fs::metadata(offices.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // The receiver acknowledges; the sender cannot do it for it.
    let acknowledge = ["message", "acknowledge", id.as_str()];
    let text = refused(offices.say(Some("WATER-WORKS"), &acknowledge));
    assert!(text.contains("acknowledged by its receiver"), "{text}");
    let acknowledged = offices.say(Some("CITY-HALL"), &acknowledge).unwrap();
    let offices = offices.killed();
    assert_eq!(offices.say(Some("CITY-HALL"), &acknowledge).unwrap(), acknowledged, "it is one acknowledgement");
    let receipt = offices.path("receipt.json");
    let out = receipt.display().to_string();
    let fetched = offices.say(Some("WATER-WORKS"), &["message", "receipt", &id, "--out", &out]).unwrap();
    assert_eq!(fetched["acknowledged"], json!(true), "{fetched}");

    // A second message, to mix the two up.
    let second = offices.send("CITY-HALL", "minutes.txt").unwrap()["message"].as_str().unwrap().to_owned();
    offices.say(Some("CITY-HALL"), &["message", "acknowledge", &second]).unwrap();
    let other = offices.path("other.json");
    let out = other.display().to_string();
    offices.say(Some("WATER-WORKS"), &["message", "receipt", &second, "--out", &out]).unwrap();

    // The client in TypeScript does the same with the same keys; what it wrote is verified below.
    let in_typescript = offices.path("in-typescript.json");
    let replied = offices.exchange_in_typescript(&id, &in_typescript);
    let out = offices.path("replied").display().to_string();
    let opened = offices.say(Some("CITY-HALL"), &["message", "read", &replied, "--out", &out]).unwrap();
    assert_eq!((&opened["subject"], &opened["inReplyTo"]), (&json!("Reply"), &json!(id)), "{opened}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "Sealed in TypeScript.");

    // A key that counts no longer receives nothing more, and one that its owner has ended is not sealed to.
    offices.say(Some("FIRE-BRIGADE"), &["message", "publish-key", "--days", "0"]).unwrap();
    let text = refused(offices.send("FIRE-BRIGADE", "minutes.txt"));
    assert!(text.contains("has published no encryption key"), "{text}");
    let address = offices.address("CITY-HALL");
    offices.operator(&["organization", "retire-key", "CITY-HALL", &address]).unwrap();
    let file = offices.path("minutes.txt").display().to_string();
    let to_key = ["message", "send", &file, "--to", "CITY-HALL", "--to-key", &address];
    let text = refused(offices.say(Some("WATER-WORKS"), &to_key));
    assert!(text.contains("is no key of CITY-HALL"), "{text}");

    // Everything that is kept of them is as it was signed, and as the chains have recorded it.
    let audited = offices.say(None, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!((&audited["difference"], &audited["complete"]), (&Value::Null, &json!(true)), "{audited}");

    // The city is gone; who has the genesis alone verifies deposit and receipt.
    let Offices { folder, city } = offices;
    let gateway = city.gateway.clone();
    city.kill().unwrap();
    let genesis = |name: &str| folder.path().join("city/genesis").join(name);
    let verify =
        |file: &Path, chain: &str| say(&gateway, &genesis(chain), None, &["verify", &file.display().to_string()]);
    let verified = verify(&receipt, "main.json").unwrap();
    assert_eq!(verified["message"], json!(id), "{verified}");
    assert_eq!(verified["acknowledgement"]["message"], json!(id));
    assert_eq!(verified["acknowledged"]["txHash"], acknowledged["acknowledgement"]["txHash"]);
    assert_eq!(verified["deposit"]["head"]["from"]["organization"], json!("WATER-WORKS"));
    let verified = verify(&in_typescript, "main.json").unwrap();
    assert_eq!(verified["acknowledgement"]["message"], json!(replied), "{verified}");
    let text = fs::read_to_string(&receipt).unwrap();
    let altered = folder.path().join("altered.json");
    for (from, to, check) in [
        ("WATER-WORKS", "FIRE-BRIGADE", "deposit-signature"),
        ("\\\"received\\\":1", "\\\"received\\\":2", "acknowledgement-signature"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        fs::write(&altered, changed).unwrap();
        let said = refused(verify(&altered, "main.json"));
        assert!(said.contains(check), "{said}");
    }
    let other: Value = serde_json::from_str(&fs::read_to_string(other).unwrap()).unwrap();
    let mix: [(Change<'_>, &str); 3] = [
        (&|file: &mut Value| file["acknowledgement"] = other["acknowledgement"].clone(), "acknowledgement-of-message"),
        (&|file: &mut Value| with_another_sibling(&mut file["deposit"]["siblings"]), "deposit-operation-in-block"),
        (
            &|file: &mut Value| file["deposit"]["recorded"]["txHash"] = json!(format!("0x{:064}", 1)),
            "deposit-root-recorded",
        ),
    ];
    for (change, check) in mix {
        let mut changed: Value = serde_json::from_str(&text).unwrap();
        change(&mut changed);
        fs::write(&altered, changed.to_string()).unwrap();
        let said = refused(verify(&altered, "main.json"));
        assert!(said.contains(check), "{said}");
    }
    let said = refused(verify(&receipt, "degree.json"));
    assert!(said.contains("deposit-chain-matches"), "{said}");

    // Somebody changes what is kept while the city stands still: whoever audits hears in which store, and under which name there.
    let file: Value = serde_json::from_str(&text).unwrap();
    let root = file["deposit"]["root"].as_str().unwrap();
    move_data_block(&data(folder.path()), root, 1);
    let forged = forge_message(&data(folder.path()), id.parse().unwrap()).to_string();
    let city = City::start(&CityOptions::new(&data(folder.path()))).unwrap();
    let audit = || refused(say(&city.gateway, &genesis("main.json"), None, &["--dev-key", "8", "audit"]));
    let said = audit();
    assert!(said.contains("index-place") && said.contains("operations of main") && said.contains(root), "{said}");
    move_data_block(&data(folder.path()), root, -1);
    let said = audit();
    assert!(said.contains("mailbox-signature") && said.contains(&forged), "{said}");
    city.kill().unwrap();
}

/// Says in the index of operations that a data block is in another block of its chain.
fn move_data_block(data: &Path, root: &str, by: i64) {
    let moving = async {
        let keys = KeyRing::load(&data.join("secrets/identity.keys")).unwrap();
        let location = DatabaseLocation::Sqlite(data.join("identity.sqlite"));
        let database = IdentityDatabase::open(&location, keys).await.unwrap();
        let mut block = database.block(root.parse().unwrap()).await.unwrap().unwrap();
        let recorded = block.recorded.as_mut().unwrap();
        recorded.block_number = recorded.block_number.checked_add_signed(by).unwrap();
        database.index_block(&block).await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(moving);
}

/// Puts a message into the mailboxes that nobody has signed: its name.
fn forge_message(data: &Path, like: B256) -> B256 {
    let mailbox = Mailbox::open(&data.join("messages")).unwrap();
    let Record { signature, deposit, arrived_at, .. } = mailbox.record(like).unwrap().unwrap();
    let mut deposit = Stated::<Deposit>::read(&deposit).unwrap().statement;
    let envelope = mailbox.envelope(like).unwrap().unwrap();
    deposit.sealed_to = "somebody".to_owned();
    let deposit = Stated::write(deposit).unwrap();
    mailbox.keep(&Incoming { deposit: &deposit, signature: &signature, envelope: &envelope, now: arrived_at }).unwrap();
    deposit.id()
}
