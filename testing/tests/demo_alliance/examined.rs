//! What `chancery doctor` says of an alliance: what is well is called well, and what is not is named with what to do.

use std::{fs, path::Path};

use chancery_testing::process::free_ports;
use serde_json::Value;

use super::machine::{Service, TestChain, refusal};

const NEEDS_ATTENTION: i32 = 3;
const SICK: i32 = 4;

/// Names and texts of what is found, and the exit code.
fn doctor(files: &[(&str, &Path)]) -> (Vec<(String, String)>, i32) {
    let mut arguments = vec!["doctor"];
    for (what, file) in files {
        arguments.extend([*what, file.to_str().unwrap()]);
    }
    let (answer, code) = refusal(&arguments);
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let findings = answer["findings"].as_array().unwrap();
    (findings.iter().map(|finding| (text(finding, "finding"), text(finding, "text"))).collect(), code)
}

/// A copy of a file with something else in it, beside it.
fn altered(file: &Path, name: &str, old: &str, new: &str) -> std::path::PathBuf {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{old} is not in {text}");
    let copy = file.with_file_name(name);
    fs::write(&copy, text.replacen(old, new, 1)).unwrap();
    copy
}

fn found<'a>(findings: &'a [(String, String)], name: &str) -> &'a str {
    let named = findings.iter().find(|(finding, _)| finding == name);
    named.map(|(_, text)| text.as_str()).unwrap_or_else(|| panic!("no {name} in {findings:#?}"))
}

/// `relay` and `endorser` run with these files, but for the ports that they have chosen; the transaction certificate lasts a day.
pub(crate) fn examined((relay, at): (&Path, &Service), (endorser, endorses_at): (&Path, &Service), chain: &TestChain) {
    let address = |service: &Service| service.url.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let free = format!("127.0.0.1:{}", free_ports(1).unwrap());
    let own = altered(endorser, "runs.toml", "127.0.0.1:0", &address(endorses_at));
    let runs = altered(relay, "runs.toml", "127.0.0.1:0", &address(at));

    let (findings, code) = doctor(&[("--relay", &runs), ("--endorser", &own)]);
    let ends = found(&findings, "certificateEnds");
    assert!(ends.contains("of node 1 ends in 23 hours") && ends.contains("issue-transaction"), "{ends}");
    assert_eq!((findings.len(), code), (1, NEEDS_ATTENTION), "{findings:#?}");

    let gone = altered(relay, "gone.toml", "127.0.0.1:0", &free);
    let (findings, code) = doctor(&[("--relay", &gone)]);
    let silent = found(&findings, "processSilent");
    assert!(silent.contains(&free) && silent.contains("chancery relay --config"), "{silent}");
    assert_eq!((findings.len(), code), (1, SICK), "{findings:#?}");

    // Of an endorser alone it is not seen whether its certificate counts; with another key, what it signs is not its own.
    assert_eq!(doctor(&[("--endorser", &own)]).0[0].0, "certificateUnseen");
    let other = altered(&own, "other.toml", "node.key", "authority.key");
    let (findings, code) = doctor(&[("--relay", &runs), ("--endorser", &other)]);
    assert!(found(&findings, "keyOther").contains("its identity names"), "{findings:#?}");
    assert_eq!(code, SICK);

    let silent = altered(relay, "silent.toml", chain.rpc(), &format!("http://{free}"));
    let (findings, code) = doctor(&[("--relay", &silent)]);
    assert!(found(&findings, "chainSilent").contains(&format!("chain {} cannot be read", chain.name)), "{findings:#?}");
    assert_eq!(code, SICK);
}
