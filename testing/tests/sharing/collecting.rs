//! `chancery share collect`, which needs no city.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
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
    /// Starts one at an address, over TLS by the files in `tls` or without, and waits until it listens; its words when it does not.
    pub(crate) fn start(folder: &Path, place: &str, is_encrypted: bool) -> Result<Self, String> {
        let declaration = folder.join("station.toml");
        let text = format!(
            "resource = \"station\"\norganization = \"STATION\"\ntitle = \"Station\"\nstate = \"state\"\n\
             chain = {{ name = \"main\", rpc = \"http://127.0.0.1:1\", genesis = \"main.json\" }}\n\
             source = {{ kind = \"log\", spool = \"spool\", http = \"{place}\" }}\n\
             store = {{ kind = \"directory\", path = \"ods\" }}\nrules = {{ automatic = true }}\n\
             [shared]\nschema = \"log\"\ntable = \"station\"\ncursor = \"_seq\"\npart_rows = 10\n\
             columns = [{{ name = \"_seq\", type = \"integer\" }}, {{ name = \"line\", type = \"text\" }}]\n"
        );
        fs::write(&declaration, text).unwrap();
        let mut command = Command::new(built_binary());
        command.args(["share", "collect"]).arg(&declaration).arg("--until-stdin-ends");
        if is_encrypted {
            command.arg("--tls-certificate").arg(folder.join("tls/server.crt"));
            command.arg("--tls-key").arg(folder.join("tls/server.key"));
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = piped.env("RUST_LOG", "info").spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let (mut words, mut line) = (String::new(), String::new());
        while said.read_line(&mut line).unwrap() > 0 {
            if line.contains("collecting") {
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
