//! Keys that are further back than the newest page: of each organization by itself.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use chancery_bridge::relay::trust::{Issuer, OlderKeys, TrustRelay};
use chancery_contracts::{OrganizationRegistry, TrustRegistry};
use chancery_ledger::{Call, SubmitterKey};
use futures::future::join_all;
use tokio::time::{sleep, timeout};

use super::bodies::{Bodies, MAX_AGE_S, degree, university};
use crate::support::{
    chain::TestChain,
    partnership::{anchor, name},
};

/// Rows that a relay looks through at once, and one more.
const RECORDS: u64 = 101;
/// Many times what it takes.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// An office before the university in the order of codes.
fn crowd() -> B256 {
    name("CROWD-1")
}

/// TRUST-6: an organization that has more records than are looked through lets its own keys lapse, and nobody else's; a loss waits for none of them.
/// On a chain that follows itself.
#[tokio::test(flavor = "multi_thread")]
async fn one_organizations_keys_hold_up_neither_anothers_keys_nor_its_loss() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let bodies = Bodies::found(&main).await;
    let to_itself = anchor(&main, &main).await;
    let (anchor_, organizations) = (to_itself.anchor, bodies.registry);
    let arguments = TrustRegistry::constructorCall { anchor_, organizations, maxAge_: MAX_AGE_S };
    let registry = main.deploy(&TrustRegistry::BYTECODE, &arguments).await;
    let (followed, host) = (main.chain.clone(), main.chain.clone());
    let mut relay = TrustRelay::open(followed, host, registry, to_itself.key.clone()).await.unwrap();
    relay.max_key_records = RECORDS;
    let register = OrganizationRegistry::registerOrganizationCall {
        code: crowd(),
        name: "Crowd".to_owned(),
        metadataHash: B256::ZERO,
        administrator: main.operator(),
    };
    main.call(bodies.registry, &register).await;
    let right = degree();
    main.call(bodies.registry, &OrganizationRegistry::grantRightCall { code: crowd(), right }).await;
    // The university has one already, which is its oldest. From here on a pipeline sends what the operator sends.
    let operator = Arc::new(SubmitterKey::from_hex(&main.operator_secret()).unwrap());
    let submit = async |data: Vec<u8>| {
        let call = Call { to: Some(bodies.registry), data: data.into() };
        main.chain.submit(&operator, call).await.unwrap();
    };
    let many = [(crowd(), RECORDS + 1), (university(), RECORDS - 1)];
    let codes = many.into_iter().flat_map(|(code, count)| (0..count).map(move |_| code));
    join_all(codes.map(|code| submit(authorize(code).abi_encode()))).await;

    let (older, told) = (OlderKeys::default(), Mutex::new(Vec::new()));
    older.want([crowd(), university()]);
    let rights = [right];
    let shows = older.keep_shown(&relay, &rights, |outcome| {
        told.lock().unwrap().push(outcome.map_err(|error| error.to_string()));
    });
    let key = bodies.issuer.address();
    let fact = TrustRegistry::keyFactCall { key, code: university(), right };
    let is_shown = async {
        while main.view(registry, &fact).await.origin.number == 0 || told.lock().unwrap().len() < 2 {
            sleep(Duration::from_millis(50)).await;
        }
        submit(OrganizationRegistry::suspendOrganizationCall { code: university() }.abi_encode()).await;
        let issuers = [crowd(), university()].map(|organization| Issuer { organization, rights: Vec::new() });
        relay.carry_newest(&issuers).await.unwrap();
    };
    tokio::select! {
        () = Box::pin(shows) => panic!("it never ends"),
        shown = timeout(MAX_WAIT, Box::pin(is_shown)) => shown.expect("the university's oldest key is shown"),
    }
    let told = told.into_inner().unwrap();
    assert!(told.iter().all(Result::is_ok), "too many records are no failure that is tried again: {told:?}");
    let standing = TrustRegistry::organizationFactCall { code: university() };
    assert!(main.view(registry, &standing).await.isSuspended);
    let asked = OrganizationRegistry::keyRecordCountCall { code: crowd() };
    assert_eq!(main.view(bodies.registry, &asked).await, U256::from(RECORDS + 1));
}

fn authorize(code: B256) -> OrganizationRegistry::authorizeKeyCall {
    let key: Address = PrivateKeySigner::random().address();
    OrganizationRegistry::authorizeKeyCall { code, key, right: degree(), notBefore: 0, notAfter: 0 }
}
