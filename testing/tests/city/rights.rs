//! What the chains of a city have of one another: anchors both ways, and rights of the main chain on a side chain by proof alone (C-CHAINS).

use std::time::{Duration, Instant};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, U64},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};
use chancery_contracts::{OrganizationRegistry, TrustRegistry, predeploys};
use chancery_testing::process::{FIRST_KEY, rpc};
use serde_json::{Value, json};

use crate::{
    signed_in::exchange,
    support::{answer, chancery, citizen, inspected, key_of, refusal_code, shared, subject},
};

/// Longest that something may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < give_up, "{what} did not come about");
        tokio::time::sleep(POLL).await;
    }
}

/// The chains of a gateway, as it tells of them.
async fn chains(gateway: &str) -> Vec<Value> {
    let (_, chains) = exchange(reqwest::Client::new().get(format!("{gateway}/v1/chains"))).await;
    chains["chains"].as_array().unwrap().clone()
}

/// The anchors on the main chain of a city: the name of the followed chain, and the contract. Waits until all stand.
pub fn anchors(gateway: &str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(until("an anchor of each side chain on the main chain", async || anchors_on_main(gateway).await))
}

/// `None` until all stand and have a header.
async fn anchors_on_main(gateway: &str) -> Option<Vec<(String, String)>> {
    let chains = chains(gateway).await;
    let anchors = chains[0]["anchors"].as_array().unwrap();
    let stand = anchors.len() == 5 && anchors.iter().all(|anchor| anchor["height"].is_u64());
    let text = |anchor: &Value, member: &str| anchor[member].as_str().unwrap().to_owned();
    stand.then(|| anchors.iter().map(|anchor| (text(anchor, "follows"), text(anchor, "contract"))).collect())
}

// C-CHAINS, ANCHOR-1
#[tokio::test]
async fn the_chains_of_a_city_follow_one_another_by_anchors() {
    let city = &shared().city;
    let followed =
        until("an anchor of each side chain on the main chain", async || anchors_on_main(&city.gateway).await).await;
    let mut names: Vec<_> = followed.iter().map(|(follows, _)| follows.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["business-licence", "degree", "health-licence", "marriage", "real-estate"]);

    for chain in chains(&city.gateway).await {
        let host = chain["name"].as_str().unwrap();
        if host != "main" {
            assert_eq!(chain["anchors"].as_array().unwrap().len(), 1, "{host}");
            assert_eq!(chain["contracts"].get("organizationRegistry"), None, "{host} has no rights of its own");
        }
        for anchor in chain["anchors"].as_array().unwrap() {
            let follows = anchor["follows"].as_str().unwrap();
            assert!(host == "main" || follows == "main", "{anchor}");
            assert_eq!(anchor["frozen"], false);
            assert!(anchor["ageSeconds"].as_u64().unwrap() < 3600, "{anchor}");
            let number = U64::from(anchor["height"].as_u64().unwrap());
            let block = rpc(&city.chains[follows], "eth_getBlockByNumber", json!([number, false])).await.unwrap();
            assert_eq!(anchor["blockHash"], block["hash"], "what {host} has of {follows} is what is final there");
        }
    }
    // An operator sees the same.
    let metrics = reqwest::get(format!("{}/metrics", city.gateway)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("chancery_relay_anchored_height{host=\"degree\",follows=\"main\"}"), "{metrics}");
    assert!(metrics.contains("chancery_relay_anchor_frozen{host=\"main\",follows=\"degree\"} 0"), "{metrics}");
}

/// Whether the certificates of a side chain would be issued by that key now.
async fn counts_on(chain: &str, key: Address, organization: &str, right: &str) -> bool {
    let (code, right) = (word(organization), word(right));
    let call = TrustRegistry::isAuthorizedNowCall { key, code, right }.abi_encode();
    let call = json!([{ "to": predeploys::TRUST_REGISTRY, "input": Bytes::from(call) }, "latest"]);
    let answer = rpc(&shared().city.chains[chain], "eth_call", call).await.unwrap();
    let answer: Bytes = serde_json::from_value(answer).unwrap();
    TrustRegistry::isAuthorizedNowCall::abi_decode_returns(&answer).unwrap()
}

fn word(name: &str) -> B256 {
    B256::right_padding_from(name.as_bytes())
}

/// The operator changes the main chain's registry by itself: the gateway does not know.
async fn on_main(call: &impl SolCall) {
    let url = &shared().city.chains["main"];
    let operator: PrivateKeySigner = FIRST_KEY.parse().unwrap();
    let nonce = rpc(url, "eth_getTransactionCount", json!([operator.address(), "latest"])).await.unwrap();
    let transaction = TxEip1559 {
        chain_id: 7100,
        nonce: serde_json::from_value::<U64>(nonce).unwrap().to(),
        gas_limit: 500_000,
        to: predeploys::ORGANIZATION_REGISTRY.into(),
        input: call.abi_encode().into(),
        ..TxEip1559::default()
    };
    let signature = operator.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let raw = Bytes::from(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718());
    let receipt = rpc(url, "eth_sendRawTransactionSync", json!([raw])).await.unwrap();
    assert_eq!(receipt["status"], "0x1", "{receipt}");
}

// C-CHAINS, TRUST-1, TRUST-6: written to the main chain alone, by whomever; carried by the city's relay.
#[tokio::test]
async fn what_the_main_chain_gives_and_takes_reaches_the_side_chain_by_proof() {
    const OFFICE: &str = "SAMPLE-PROVEN";
    const KIND: &str = "real-estate";
    let operator = |arguments: &[&str]| answer(&[&["--dev-key", "0", "organization"], arguments].concat());
    let (key_file, key) = key_of("proven");
    let address: Address = key.parse().unwrap();
    operator(&["register", OFFICE, "--name", "Proven (sample)"]);
    let authorized = operator(&["authorize-key", OFFICE, &key, "--right", KIND]);
    let on: Vec<_> = authorized["recorded"].as_array().unwrap().iter().map(|place| place["chain"].clone()).collect();
    assert!(on.iter().all(|chain| chain == "main") && !on.is_empty(), "the side chain is not written to: {authorized}");
    assert!(authorized["effects"].to_string().contains("counts there, by proof"), "{authorized}");
    // The operator was answered when it counts where it is needed, and nowhere else.
    assert!(counts_on(KIND, address, OFFICE, KIND).await);
    assert!(!counts_on("degree", address, OFFICE, KIND).await && !counts_on(KIND, address, OFFICE, "degree").await);

    let (_, holder) = citizen("proven-holder");
    let subject = subject(KIND);
    let key_file = key_file.to_str().unwrap();
    let send =
        ["--key", key_file, "certificate", "send", "--kind", KIND, "--holder", &holder, "--organization", OFFICE];
    let send = [&send[..], &["--subject", subject.to_str().unwrap()]].concat();
    answer(&send);

    // Suspended and resumed behind the gateway's back.
    on_main(&OrganizationRegistry::suspendOrganizationCall { code: word(OFFICE) }).await;
    until("the suspension", async || (!counts_on(KIND, address, OFFICE, KIND).await).then_some(())).await;
    assert_eq!(refusal_code(&send), "organization-suspended");
    on_main(&OrganizationRegistry::resumeOrganizationCall { code: word(OFFICE) }).await;
    until("the resumption", async || counts_on(KIND, address, OFFICE, KIND).await.then_some(())).await;
    let issued = chancery(&send);
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));

    // The right of the organization, which no command takes away.
    on_main(&OrganizationRegistry::revokeRightCall { code: word(OFFICE), right: word(KIND) }).await;
    until("the loss of the right", async || (!counts_on(KIND, address, OFFICE, KIND).await).then_some(())).await;
    on_main(&OrganizationRegistry::grantRightCall { code: word(OFFICE), right: word(KIND) }).await;
    until("the right's return", async || counts_on(KIND, address, OFFICE, KIND).await.then_some(())).await;

    // A key that is retired counts nowhere when the operator is answered.
    let retired = operator(&["retire-key", OFFICE, &key]);
    assert!(retired["effects"].to_string().contains("the end of key"), "{retired}");
    assert!(!counts_on(KIND, address, OFFICE, KIND).await);
    assert_eq!(refusal_code(&send), "key-rotated");
}

// M-CON-3, M-CON-4, C-LIFE: checked first, then in force on the main chain and where it is carried by proof, and taken back. What was issued before stays what it is.
#[tokio::test]
async fn a_suspended_organization_issues_nothing_until_it_is_resumed() {
    const OFFICE: &str = "SAMPLE-STANDING";
    const KIND: &str = "health-licence";
    let operator = |arguments: &[&str]| answer(&[&["--dev-key", "0", "organization"], arguments].concat());
    let is_suspended = || {
        let listed = answer(&["organization", "list"]);
        let found = listed["organizations"].as_array().unwrap().iter().find(|entry| entry["code"] == OFFICE).cloned();
        found.unwrap()["suspended"].as_bool().unwrap()
    };
    let (key_file, key) = key_of("standing");
    let address: Address = key.parse().unwrap();
    operator(&["register", OFFICE, "--name", "Standing (sample)"]);
    operator(&["authorize-key", OFFICE, &key, "--right", KIND]);
    let (holder_key, holder) = citizen("standing-holder");
    let subject = subject(KIND);
    let key_file = key_file.to_str().unwrap();
    let send =
        ["--key", key_file, "certificate", "send", "--kind", KIND, "--holder", &holder, "--organization", OFFICE];
    let send = [&send[..], &["--subject", subject.to_str().unwrap()]].concat();
    let issued = answer(&send);
    let before = issued["certificateId"].as_str().unwrap();

    let by_another = ["--dev-key", "7", "organization", "suspend", OFFICE];
    assert_eq!(refusal_code(&by_another), "role-required");
    let unknown = ["--dev-key", "0", "organization", "suspend", "SAMPLE-NOBODY"];
    assert_eq!(refusal_code(&unknown), "unknown-organization");
    let checked = operator(&["suspend", OFFICE, "--check"]);
    assert_eq!((&checked["applied"], &checked["recorded"]), (&json!(false), &json!([])), "{checked}");
    assert!(!is_suspended(), "a check changes nothing");

    let suspended = operator(&["suspend", OFFICE]);
    assert_eq!((&suspended["applied"], &suspended["recorded"][0]["chain"]), (&json!(true), &json!("main")));
    assert!(is_suspended() && !counts_on(KIND, address, OFFICE, KIND).await, "{suspended}");
    assert_eq!(refusal_code(&send), "organization-suspended");
    assert_eq!(inspected(&holder_key, before)["outcome"], "valid", "it had the right when it issued");
    let again = operator(&["suspend", OFFICE]);
    assert_eq!(again["recorded"], json!([]), "it is suspended already: {again}");

    operator(&["resume", OFFICE]);
    assert!(!is_suspended());
    until("the resumption", async || counts_on(KIND, address, OFFICE, KIND).await.then_some(())).await;
    let after = answer(&send);
    for certificate in [before, after["certificateId"].as_str().unwrap()] {
        assert_eq!(inspected(&holder_key, certificate)["outcome"], "valid");
    }
}
