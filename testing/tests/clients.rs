//! Unmodified Ethereum clients against the main chain of a running city: viem, ethers, did:ethr, web3.py, cast and forge.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use chancery_testing::process::{City, CityOptions, project_root};

/// One city for all tests of this file.
fn rpc_url() -> &'static str {
    static CITY: OnceLock<(City, tempfile::TempDir)> = OnceLock::new();
    let (city, _) = CITY.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        (City::start(&CityOptions::new(data.path())).unwrap(), data)
    });
    &city.chains["main"]
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}

fn node_test(file: &str) {
    let directory = project_root().join("testing/clients");
    assert!(directory.join("node_modules").is_dir(), "run `npm ci` in testing/clients (cargo xtask test does it)");
    let output =
        run(Command::new("node").current_dir(directory).args(["--test", file]).env("CHAIN_RPC_URL", rpc_url()));
    assert!(output.contains("# fail 0") && !output.contains("# pass 0"), "{output}");
}

#[test]
fn viem() {
    node_test("viem.test.mjs");
}

#[test]
fn ethers() {
    node_test("ethers.test.mjs");
}

// C-ID
#[test]
fn the_did_ethr_resolver() {
    node_test("did.test.mjs");
}

#[test]
fn web3_py() {
    let python = python_with_web3();
    run(Command::new(python)
        .arg(project_root().join("testing/clients/web3_client.py"))
        .env("CHAIN_RPC_URL", rpc_url()));
}

/// A virtual environment with web3.py, made once in the build directory.
fn python_with_web3() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web3-venv");
    let python = environment.join("bin/python");
    let ready = environment.join(".ready");
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "web3==7.13.0",
        ]));
        std::fs::write(ready, "").unwrap();
    }
    python
}

fn foundry(tool: &str) -> Command {
    let modules = project_root().join("contracts/node_modules/@foundry-rs");
    let platform = std::fs::read_dir(&modules)
        .unwrap_or_else(|_| panic!("run `npm ci` in contracts/ (cargo xtask contracts does it)"))
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{tool}-")));
    Command::new(
        platform.unwrap_or_else(|| panic!("{tool} is not installed in contracts/")).path().join("bin").join(tool),
    )
}

/// Key of development account 15.
const KEY: &str = "0x8166f546bab6da521a8369cab06c5d2b9e46670292d85c875ee9ec20e84ffb61";

#[test]
fn cast() {
    let cast =
        |arguments: &[&str]| run(foundry("cast").args(arguments).args(["--rpc-url", rpc_url()])).trim().to_owned();
    assert_eq!(cast(&["chain-id"]), "7100");
    let sent =
        cast(&["send", "--private-key", KEY, "0x00000000000000000000000000000000000000ff", "--value", "3", "--json"]);
    assert!(sent.contains(r#""status":"0x1""#), "{sent}");
    assert_ne!(cast(&["balance", "0x00000000000000000000000000000000000000ff"]), "0");
    let manager = cast(&["call", "0xC4A0000000000000000000000000000000000001", "ADMIN_ROLE()(uint64)"]);
    assert_eq!(manager, "0");
    assert!(cast(&["block", "finalized", "--json"]).contains("\"stateRoot\""));
}

#[test]
fn forge_script_broadcasts() {
    let contracts = project_root().join("contracts");
    let script = contracts.join("script/Probe.s.sol");
    assert!(script.exists(), "{} is missing", script.display());
    let output = run(foundry("forge").current_dir(&contracts).args([
        "script",
        "script/Probe.s.sol:ProbeScript",
        "--broadcast",
        "--offline",
        "--private-key",
        KEY,
        "--rpc-url",
        rpc_url(),
    ]));
    assert!(output.contains("ONCHAIN EXECUTION COMPLETE"), "{output}");
}
