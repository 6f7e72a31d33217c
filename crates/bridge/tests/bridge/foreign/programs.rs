//! The foreign member's part by the real programs: what no test in one process goes through.

use std::{fs, path::Path};

use alloy_primitives::{B256, hex};
use chancery_bridge::{alliance::store::Outcome, requester::Lost};
use chancery_ledger::SubmitterKey;
use chancery_testing::process::{built_binary, free_ports};
use serde_json::{Value, json};

use super::{ANVIL_CHAIN_ID, Exchange, fund};
use crate::support::{
    chain::TestChain,
    process::{Process, chain_section, secret_file},
};

/// How files name the foreign chain.
fn foreign_section(url: &str) -> String {
    format!("name = \"anvil\"\nrpc = \"{url}\"\nchain_id = {ANVIL_CHAIN_ID}\n")
}

/// The endorser that a member's node runs, over the section of its chain; it listens at the second.
fn endorser(dir: &Path, exchange: &Exchange, [member, node]: [usize; 2], chain: &str) -> (Process, String) {
    let listen = format!("127.0.0.1:{}", free_ports(1).unwrap());
    let (own, alliance) = (&exchange.endorsers[member][node], exchange.alliance());
    let name = if member == 0 { "bank" } else { "partner abroad" };
    let file = secret_file(dir, &own.certificate.to_string(), &exchange.secrets[member][node]);
    let text = format!(
        "listen = \"{listen}\"\nmember = \"{name}\"\nnode_contract = \"{}\"\ncertificate = {}\nkey_file = \"{}\"\n\
         [chain]\n{chain}[alliance]\nchain_id = {}\ncontract = \"{}\"\n",
        own.contract.address,
        own.certificate,
        file.display(),
        alliance.chain.config().chain_id,
        alliance.address
    );
    let config = dir.join(format!("{}.toml", own.certificate));
    let mut process = Process::new("endorser", config, &text, &listen, "/v1/endorsements");
    process.start();
    (process, format!("http://{listen}"))
}

/// A-MORE-4: endorsers, relay and requester as whoever runs them does, by their files: a relay learns the foreign member's outcomes over HTTP, from more than half of the endorsers that its file
/// names, and the command says which guarantees are missing because of whom.
pub(super) async fn commit(dir: &Path, [home, own]: [&TestChain; 2], exchange: &Exchange) {
    let abroad = foreign_section(&exchange.anvil);
    let at_home = chain_section(own);
    let [(_bank_0, bank_0), (_bank_1, bank_1)] = [0, 1].map(|node| endorser(dir, exchange, [0, node], &at_home));
    let [(_abroad_1, abroad_1), (_abroad_2, abroad_2)] = [1, 2].map(|node| endorser(dir, exchange, [1, node], &abroad));
    let silent = format!("http://127.0.0.1:{}", free_ports(1).unwrap());

    let chains = format!("[[chains]]\n{}[[chains]]\n{at_home}[[chains]]\n{abroad}", chain_section(home));
    let (alliance, payer) = (exchange.alliance(), hex::encode(B256::random()));
    fund(&exchange.anvil, SubmitterKey::from_hex(&payer).unwrap().address()).await;
    let of_alliance = format!("[alliance]\nchain = \"main\"\ncontract = \"{}\"\n", alliance.address);
    let listen = format!("127.0.0.1:{}", free_ports(1).unwrap());
    let text = format!(
        "listen = \"{listen}\"\nkey_file = \"{}\"\n{chains}{of_alliance}\
         [[attesters]]\nmember = \"partner abroad\"\nurls = [\"{silent}\", \"{abroad_1}\", \"{abroad_2}\"]\n",
        secret_file(dir, "payer", &payer).display()
    );
    let mut relay = Process::new("relay", dir.join("relay.toml"), &text, &listen, "/v1/submissions");
    relay.start();

    let node = &exchange.endorsers[0][0];
    let text = format!(
        "certificate = {}\nkey_file = \"{}.key\"\nrelay = \"http://{listen}\"\n{chains}{of_alliance}\
         [[endorsers]]\nmember = \"bank\"\nurls = [\"{bank_0}\", \"{bank_1}\"]\n\
         [[endorsers]]\nmember = \"partner abroad\"\nurls = [\"{abroad_1}\", \"{abroad_2}\"]\n",
        node.certificate, node.certificate
    );
    fs::write(dir.join("requester.toml"), text).unwrap();
    let part = |member: &str| {
        format!("[[parts]]\nmember = \"{member}\"\nreads = [\"deed\"]\nwrites = [{{ key = \"deed\", value = 7 }}]\n")
    };
    let asked = format!(
        "idempotency_key = \"by the programs\"\nvalid_for_s = 600\nwindow_s = 1800\n{}{}",
        part("bank"),
        part("partner abroad")
    );
    fs::write(dir.join("deed.toml"), asked).unwrap();
    let output = tokio::process::Command::new(built_binary())
        .args(["--json", "alliance", "request", "deed.toml", "--config", "requester.toml"])
        .current_dir(dir)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["outcome"], json!("committed"), "{said}");
    let missing: Vec<_> = said["missingGuarantees"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(missing.len(), Lost::ALL.len(), "{said}");
    assert!(missing.iter().all(|guarantee| guarantee.contains("partner abroad")), "{said}");
    exchange.settled(said["number"].as_u64().unwrap(), [Outcome::Applied; 2]).await;
    assert_eq!([exchange.version(0, "deed").await, exchange.version(1, "deed").await], [1, 1]);
}
