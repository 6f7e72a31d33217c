//! Unmodified Ethereum clients deploy and call contracts: viem, ethers, web3.py, Hardhat, cast and forge, each against a chain of one validator
//! (the main chain of a city) and against one of four (each client at another of its nodes). And the city's own client in TypeScript, as it is built.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use chancery_testing::process::{City, CityOptions, Network, built_binary, project_root};

/// Short, so that an idle leader is not waited for.
const HEARTBEAT_MS: u64 = 500;

/// A city and its data, shared by the tests of this file.
fn city() -> &'static (City, tempfile::TempDir) {
    static CITY: OnceLock<(City, tempfile::TempDir)> = OnceLock::new();
    CITY.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        (City::start(&CityOptions::founded(data.path()).unwrap()).unwrap(), data)
    })
}

/// Its main chain, of one validator.
fn one_validator() -> &'static str {
    &city().0.chains["main"]
}

/// A node of the chain of four validators, shared by the tests of this file.
fn four_validators(node: usize) -> &'static str {
    static NETWORK: OnceLock<(Network, tempfile::TempDir)> = OnceLock::new();
    let (network, _) = NETWORK.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        let mut network = Network::init(data.path(), 4, 0, HEARTBEAT_MS).unwrap();
        network.start_all().unwrap();
        (network, data)
    });
    &network.nodes[node].rpc
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}

fn clients() -> PathBuf {
    project_root().join("testing/clients")
}

fn node_test(file: &str, url: &str) {
    let directory = clients();
    assert!(directory.join("node_modules").is_dir(), "run `npm ci` in testing/clients (cargo xtask test does it)");
    all_pass(Command::new("node").current_dir(directory).args(["--test", file]).env("CHAIN_RPC_URL", url));
}

fn all_pass(node: &mut Command) {
    let output = run(node);
    assert!(output.contains("# fail 0") && !output.contains("# pass 0"), "{output}");
}

/// Key of development account 0, the operator.
const OPERATOR_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

// S-SVC, DATA-8: what it got and verified itself, `chancery verify` verifies too
#[test]
fn the_client_in_typescript() {
    let ((city, data), folder) = (city(), tempfile::tempdir().unwrap());
    let package = project_root().join("sdk/typescript");
    let built = package.join("dist/index.js").is_file();
    assert!(built, "run `npm ci` and `npm run build` in sdk/typescript (cargo xtask test does it)");
    let proof = folder.path().join("proof.json");
    all_pass(
        Command::new("node")
            .current_dir(package)
            .args(["--test", "e2e/city.test.mjs"])
            .env("CHANCERY_URL", &city.gateway)
            .env("OPERATOR_KEY", OPERATOR_KEY)
            .env("PROOF_FILE", &proof),
    );
    let genesis = data.path().join("genesis/main.json");
    let verified = run(Command::new(built_binary()).arg("verify").arg(&proof).arg("--genesis").arg(genesis));
    assert!(verified.contains("rotated"), "{verified}");
}

#[test]
fn viem_on_one_validator() {
    node_test("viem.test.mjs", one_validator());
}

#[test]
fn viem_on_four_validators() {
    node_test("viem.test.mjs", four_validators(0));
}

#[test]
fn ethers_on_one_validator() {
    node_test("ethers.test.mjs", one_validator());
}

#[test]
fn ethers_on_four_validators() {
    node_test("ethers.test.mjs", four_validators(1));
}

// C-ID
#[test]
fn the_did_ethr_resolver() {
    node_test("did.test.mjs", one_validator());
}

#[test]
fn web3_py_on_one_validator() {
    web3_py(one_validator());
}

#[test]
fn web3_py_on_four_validators() {
    web3_py(four_validators(2));
}

fn web3_py(url: &str) {
    let mut client = Command::new(python_with_web3());
    let output = run(client.arg(clients().join("web3_client.py")).env("CHAIN_RPC_URL", url));
    assert!(output.contains("all checks passed"), "{output}");
}

/// A virtual environment with web3.py, made once in the build directory.
fn python_with_web3() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web3-venv");
        let python = environment.join("bin/python");
        let ready = environment.join(".ready");
        if !ready.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "web3==7.13.0"];
            run(Command::new(&python).args(install));
            std::fs::write(ready, "").unwrap();
        }
        python
    })
}

#[test]
fn hardhat_on_one_validator() {
    hardhat(one_validator());
}

#[test]
fn hardhat_on_four_validators() {
    hardhat(four_validators(3));
}

/// Hardhat keeps what it makes in a directory of the test, and asks nobody about its user.
fn hardhat(url: &str) {
    let directory = clients().join("hardhat");
    let hardhat = directory.join("node_modules/.bin/hardhat");
    assert!(hardhat.exists(), "run `npm ci` in testing/clients/hardhat (cargo xtask test does it)");
    let made = tempfile::tempdir().unwrap();
    let output = run(Command::new(hardhat)
        .current_dir(directory)
        .args(["test", "--network", "chain"])
        .env("CHAIN_RPC_URL", url)
        .env("HARDHAT_OUTPUT", made.path())
        .env("XDG_CACHE_HOME", made.path())
        .env("XDG_CONFIG_HOME", made.path())
        .env("XDG_DATA_HOME", made.path())
        .env("HARDHAT_DISABLE_TELEMETRY_PROMPT", "true"));
    assert!(output.contains("5 passing") && !output.contains("failing"), "{output}");
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

/// Key of development account 15, for cast.
const CAST_KEY: &str = "0x8166f546bab6da521a8369cab06c5d2b9e46670292d85c875ee9ec20e84ffb61";
/// Key of development account 9, for forge.
const FORGE_KEY: &str = "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6";

/// Code that makes a contract of ten bytes: whatever it is asked, it answers 42 (PUSH1 42, MSTORE at 0, RETURN 32 bytes).
const ANSWERS_42: &str = "0x69602a60005260206000f3600052600a6016f3";

fn cast(arguments: &[&str], url: &str) -> String {
    run(foundry("cast").args(arguments).args(["--rpc-url", url])).trim().to_owned()
}

#[test]
fn cast_on_one_validator() {
    cast_sends_and_reads(one_validator());
}

#[test]
fn cast_on_four_validators() {
    cast_sends_and_reads(four_validators(1));
}

fn cast_sends_and_reads(url: &str) {
    const STRANGER: &str = "0x00000000000000000000000000000000000000ff";
    const MANAGER: &str = "0xC4A0000000000000000000000000000000000001";
    assert_eq!(cast(&["chain-id"], url), "7100");
    let sent = cast(&["send", "--private-key", CAST_KEY, STRANGER, "--value", "3", "--json"], url);
    assert!(sent.contains(r#""status":"0x1""#), "{sent}");
    assert_eq!(cast(&["balance", STRANGER], url), "3");
    assert_eq!(cast(&["call", MANAGER, "ADMIN_ROLE()(uint64)"], url), "0");
    assert!(cast(&["block", "finalized", "--json"], url).contains("\"stateRoot\""));

    // What follows `--create` is the code: everything else stands before it.
    let deploy = ["send", "--private-key", CAST_KEY, "--rpc-url", url, "--json", "--create", ANSWERS_42];
    let deployed = run(foundry("cast").args(deploy));
    assert!(deployed.contains(r#""status":"0x1""#), "{deployed}");
    let address = deployed.split_once(r#""contractAddress":""#).and_then(|(_, rest)| rest.split_once('"'));
    let (address, _) = address.unwrap_or_else(|| panic!("{deployed}"));
    assert_eq!(cast(&["call", address, "answer()(uint256)"], url), "42");
}

// One after the other: both compile in the same folder.
#[test]
fn forge_on_one_and_on_four_validators() {
    for url in [one_validator(), four_validators(2)] {
        forge_creates(url);
        forge_script_broadcasts(url);
    }
}

fn forge(arguments: &[&str], url: &str) -> String {
    let contracts = project_root().join("contracts");
    let access = ["--broadcast", "--offline", "--private-key", FORGE_KEY, "--rpc-url", url];
    run(foundry("forge").current_dir(contracts).args(arguments).args(access))
}

fn forge_creates(url: &str) {
    let output = forge(&["create", "script/Probe.s.sol:Probe"], url);
    let deployed = output.lines().find_map(|line| line.strip_prefix("Deployed to: "));
    let address = deployed.unwrap_or_else(|| panic!("{output}"));
    let sent = cast(&["send", "--private-key", FORGE_KEY, address, "set(uint256)", "42", "--json"], url);
    assert!(sent.contains(r#""status":"0x1""#), "{sent}");
    assert_eq!(cast(&["call", address, "value()(uint256)"], url), "42");
}

fn forge_script_broadcasts(url: &str) {
    let output = forge(&["script", "script/Probe.s.sol:ProbeScript"], url);
    assert!(output.contains("ONCHAIN EXECUTION COMPLETE"), "{output}");
}
