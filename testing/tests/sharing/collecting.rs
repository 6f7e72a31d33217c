//! `chancery share collect`, which needs no city.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use chancery_testing::process::built_binary;

/// A collector of records over HTTP, killed when dropped.
#[derive(Debug)]
pub(crate) struct Collecting(Child);

impl Drop for Collecting {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Collecting {
    /// Starts one at an address, over TLS by the files in `tls` and with syslog at another, or without, with these members of the source too, and waits until it listens; its words when it does not.
    pub(crate) fn start(folder: &Path, place: &str, syslog: Option<&str>, members: &str) -> Result<Self, String> {
        let more = syslog.map(|place| format!(", syslog_tls = \"{place}\"")).unwrap_or_default() + members;
        let declaration = folder.join("station.toml");
        let text = format!(
            "resource = \"station\"\norganization = \"STATION\"\ntitle = \"Station\"\nstate = \"state\"\n\
             chain = {{ name = \"main\", rpc = \"http://127.0.0.1:1\", genesis = \"main.json\" }}\n\
             source = {{ kind = \"log\", spool = \"spool\", http = \"{place}\"{more} }}\n\
             store = {{ kind = \"directory\", path = \"ods\" }}\nrules = {{ automatic = true }}\n\
             [shared]\nschema = \"log\"\ntable = \"station\"\ncursor = \"_seq\"\npart_rows = 10\n\
             columns = [{{ name = \"_seq\", type = \"integer\" }}, {{ name = \"line\", type = \"text\" }}]\n"
        );
        fs::write(&declaration, text).unwrap();
        let mut command = Command::new(built_binary());
        command.args(["share", "collect"]).arg(&declaration).arg("--until-stdin-ends");
        if syslog.is_some() {
            command.arg("--tls-certificate").arg(folder.join("tls/server.crt"));
            command.arg("--tls-key").arg(folder.join("tls/server.key"));
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = piped.env("RUST_LOG", "info").spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let (mut words, mut line) = (String::new(), String::new());
        while said.read_line(&mut line).unwrap() > 0 {
            // The last of those that it names.
            if line.contains("collecting") && line.contains("http") {
                // Nobody reads what it says from here on, and nothing waits for it.
                std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
                return Ok(Self(child));
            }
            words += &line;
            line.clear();
        }
        child.wait().unwrap();
        Err(words)
    }
}

/// Longest wait for a record.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a line of syslog with OpenSSL as a client that trusts `authority` and shows what is in `certificate`, with its key, or nothing, and waits until the spool has it, or until the client gives up; whether it has.
pub(crate) fn sent_over_tls(
    folder: &Path,
    port: u16,
    authority: &Path,
    certificate: Option<&Path>,
    line: &str,
) -> bool {
    let place = format!("localhost:{port}");
    let mut sender = Command::new("openssl")
        // Whoever names a protocol is not refused for it: syslog has none of its own (RFC 5425).
        .args(["s_client", "-quiet", "-verify_return_error", "-alpn", "syslog", "-connect", &place, "-CAfile"])
        .arg(authority)
        .args(
            certificate
                .into_iter()
                .flat_map(|file| [OsStr::new("-cert"), file.as_os_str(), OsStr::new("-key"), file.as_os_str()]),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // One that does not trust the server may be gone already.
    sender.stdin.take().unwrap().write_all(format!("<13>Oct 11 22:14:15 host app: {line}\n").as_bytes()).ok();
    let ends = Instant::now() + PATIENCE;
    let mut is_there = false;
    while !is_there && Instant::now() < ends && sender.try_wait().unwrap().is_none() {
        is_there = spooled(folder).contains(line);
        std::thread::sleep(Duration::from_millis(50));
    }
    sender.kill().ok();
    sender.wait().unwrap();
    is_there || spooled(folder).contains(line)
}

/// All that the spool holds.
fn spooled(folder: &Path) -> String {
    let files = fs::read_dir(folder.join("spool")).unwrap().map(|entry| entry.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"));
    segments.map(|path| fs::read_to_string(path).unwrap()).collect()
}
