//! A city, a department that shares, a reader and a stranger, each with a key of its own and the command line.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use arrow_array::Int64Array;
use bytes::Bytes;
use chancery_testing::process::{City, CityOptions, TestCertificates, built_binary, free_ports, project_root, rpc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tempfile::TempDir;

/// What a command says: its JSON answer, or its words when it fails.
pub(crate) type Said = Result<Value, String>;

pub(crate) struct Bodies {
    organization: &'static str,
    city: City,
    folder: TempDir,
    port: u16,
    /// Where a declaration has its sealed files.
    pub(crate) store: String,
    /// Of the owner's service.
    pub(crate) certificates: TestCertificates,
    variables: Vec<(String, String)>,
    pub(crate) reader_address: String,
    pub(crate) stranger_address: String,
}

/// The owner's service, killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The words of a refusal.
pub(crate) fn refused(said: Said) -> String {
    said.expect_err("it was not refused")
}

impl Bodies {
    /// The organization is registered; its key has no right yet.
    pub(crate) fn start(organization: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let city = City::start(&CityOptions::founded(&folder.path().join("city")).unwrap()).unwrap();
        let port = free_ports(1).unwrap();
        let certificates = TestCertificates::make(&folder.path().join("tls"), "localhost").unwrap();
        let mut bodies = Self {
            organization,
            city,
            folder,
            port,
            store: "kind = \"directory\"\npath = \"ods\"".to_owned(),
            certificates,
            variables: Vec::new(),
            reader_address: String::new(),
            stranger_address: String::new(),
        };
        bodies.new_key("owner");
        bodies.reader_address = bodies.new_key("reader");
        bodies.stranger_address = bodies.new_key("stranger");
        bodies.operator(&["organization", "register", organization, "--name", "A service"]).unwrap();
        bodies
    }

    /// A variable of the environment of every command.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// What the node of the main chain answers to anybody.
    pub(crate) async fn main_chain(&self, method: &str, params: Value) -> Value {
        rpc(&self.city.chains["main"], method, params).await.unwrap()
    }

    /// The owner's key may share for its organization.
    pub(crate) fn authorize(&self) {
        let address = self.owner(&["key", "show"]).unwrap()["address"].as_str().unwrap().to_owned();
        self.operator(&["organization", "authorize-key", self.organization, &address, "--right", "sharing"]).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a declaration and names its file.
    pub(crate) fn declaration(
        &self,
        resource: &str,
        more: &str,
        source: &str,
        shared: &str,
        automatic: bool,
        readers: &[&str],
    ) -> String {
        let (organization, port, rpc) = (self.organization, self.port, &self.city.chains["main"]);
        let store = &self.store;
        let genesis = self.genesis();
        let text = format!(
            "resource = \"{resource}\"\norganization = \"{organization}\"\ntitle = \"{resource}\"\ndescription = \"A table.\"\nstate = \"state\"\n{more}\n\
             [chain]\nname = \"main\"\nrpc = \"{rpc}\"\ngenesis = \"{genesis}\"\n{source}\n{shared}\n\
             [rules]\nautomatic = {automatic}\nreaders = {readers:?}\ngrant_days = 30\n\
             [store]\n{store}\n\
             [service]\nlisten = \"127.0.0.1:{port}\"\nurl = \"https://localhost:{port}\"\n"
        );
        let path = self.path("data-set.toml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Starts the owner's service over TLS and waits until it answers.
    pub(crate) fn serve(&self, declaration: &str) -> Service {
        self.serve_as("owner", declaration)
    }

    /// The same, by somebody's key.
    pub(crate) fn serve_as(&self, who: &str, declaration: &str) -> Service {
        let (certificate, key) = (self.path("tls/server.crt"), self.path("tls/server.key"));
        let mut command = self.command(Some(who), &["share", "serve", declaration, "--until-stdin-ends"]);
        command.arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix("ready department=").map(str::to_owned));
        Service { child, url: url.expect("the service ended before it was ready") }
    }

    pub(crate) fn owner(&self, arguments: &[&str]) -> Said {
        self.say(Some("owner"), arguments)
    }

    pub(crate) fn reader(&self, arguments: &[&str]) -> Said {
        self.say(Some("reader"), arguments)
    }

    pub(crate) fn stranger(&self, arguments: &[&str]) -> Said {
        self.say(Some("stranger"), arguments)
    }

    pub(crate) fn anybody(&self, arguments: &[&str]) -> Said {
        self.say(None, arguments)
    }

    pub(crate) fn reader_fetches(&self, resource: &str, request: u64, name: &str) -> Said {
        self.fetch("reader", resource, request, name)
    }

    pub(crate) fn stranger_fetches(&self, resource: &str, request: u64, name: &str) -> Said {
        self.fetch("stranger", resource, request, name)
    }

    /// Fetches as the reader with the client in TypeScript, as it is built; what came out.
    pub(crate) fn reader_fetches_in_typescript(&self, resource: &str, request: u64) -> Vec<u8> {
        let (package, out) = (project_root().join("sdk/typescript"), self.path("in-typescript"));
        let built = package.join("dist/index.js").is_file();
        assert!(built, "run `npm ci` and `npm run build` in sdk/typescript (cargo xtask test does it)");
        let output = Command::new("node")
            .current_dir(package)
            .args(["--test", "e2e/share.test.mjs"])
            .env("CHANCERY_URL", &self.city.gateway)
            .env("KEY_FILE", self.path("reader.key"))
            .env("RESOURCE", resource)
            .env("REQUEST", request.to_string())
            .env("OUT", &out)
            .env("NODE_EXTRA_CA_CERTS", &self.certificates.ca)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
        fs::read(out).unwrap()
    }

    /// Where the city answers.
    pub(crate) fn gateway(&self) -> &str {
        &self.city.gateway
    }

    /// Sealed files of a resource in the store.
    pub(crate) fn stored(&self, resource: &str) -> Vec<PathBuf> {
        fs::read_dir(self.path("ods").join(resource)).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The first column of a Parquet file.
    pub(crate) fn ids(&self, file: &Path) -> Vec<i64> {
        let bytes = Bytes::from(fs::read(file).unwrap());
        let batches = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        let mut ids = Vec::new();
        for batch in batches {
            let batch = batch.unwrap();
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            ids.extend(column.values().iter().copied());
        }
        ids
    }

    /// Fetches as the reader, with another authority to trust.
    pub(crate) fn reader_fetches_trusting(
        &self,
        authority: &TestCertificates,
        resource: &str,
        request: u64,
        name: &str,
    ) -> Said {
        let (request, out) = (request.to_string(), self.path(name).display().to_string());
        let mut command = self.command(Some("reader"), &["share", "fetch", resource, &request, "--out", &out]);
        said(command.arg("--ca-file").arg(&authority.ca))
    }

    fn fetch(&self, who: &str, resource: &str, request: u64, name: &str) -> Said {
        let (request, out) = (request.to_string(), self.path(name).display().to_string());
        self.say(Some(who), &["share", "fetch", resource, &request, "--out", &out])
    }

    pub(crate) fn operator(&self, arguments: &[&str]) -> Said {
        self.anybody(&[&["--dev-key", "0"], arguments].concat())
    }

    fn new_key(&self, who: &str) -> String {
        let file = self.path(&format!("{who}.key")).display().to_string();
        self.anybody(&["key", "new", &file]).unwrap()["address"].as_str().unwrap().to_owned()
    }

    fn genesis(&self) -> String {
        self.path("city/genesis/main.json").display().to_string()
    }

    fn command(&self, who: Option<&str>, arguments: &[&str]) -> Command {
        let mut command = Command::new(built_binary());
        command.args(["--json", "--url", &self.city.gateway]).args(arguments);
        if let Some(who) = who {
            command.arg("--key").arg(self.path(&format!("{who}.key")));
        }
        command.env("CHANCERY_GENESIS", self.genesis()).env("CHANCERY_CA_FILE", &self.certificates.ca);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn say(&self, who: Option<&str>, arguments: &[&str]) -> Said {
        said(&mut self.command(who, arguments))
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
