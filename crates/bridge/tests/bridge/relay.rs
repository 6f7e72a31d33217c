//! Relays between chains that run as processes of their own, one validator each (`docs/specs/anchor.md`, `docs/specs/alliance.md`).

use alloy_primitives::{B256, U256};
use chancery_bridge::{
    alliance::{
        decision::RequestState,
        store::{Outcome, Refusal},
    },
    proof::{Ending, RequestProof},
    relay::{AnchorBoard, AnchorRelay, Branch, Carrier as _, Settlement, Testimony, push::push_if_due},
    requester::{RequestError, Requester},
};
use chancery_contracts::Anchor;
use chancery_light::TrustedChain;
use chancery_testing::process::built_binary;
use serde_json::{Value, json};

use crate::progress::{Onlooker, assert_half_way, seen_at_the_end};
use crate::support::chain::TestChain;
use crate::support::partnership::{Partnership, anchor, name};

// C-CHAINS, ANCHOR-4, ANCHOR-5, ANCHOR-9
#[tokio::test(flavor = "multi_thread")]
async fn two_chains_follow_one_another_and_prove_their_state() {
    let dir = tempfile::tempdir().unwrap();
    let main = TestChain::start(dir.path(), "main").await;
    let side = TestChain::start(dir.path(), "marriage").await;
    for (host, followed) in [(&main, &side), (&side, &main)] {
        let relay = anchor(host, followed).await;
        let number = relay.push().await.unwrap();
        assert_eq!(host.view(relay.anchor, &Anchor::latestCall {}).await, number);
        let record = host.view(relay.anchor, &Anchor::recordCall { number }).await;
        assert_eq!(record.hash, followed.chain.block(number).await.unwrap().hash);
        relay.push().await.unwrap();
        // The length of an epoch, in the followed chain's registry.
        let registry = chancery_contracts::predeploys::VALIDATOR_REGISTRY;
        let slot = B256::with_last_byte(1);
        let proven = relay.prove(registry, &[slot]).await.unwrap();
        let call = Anchor::storageAtCall {
            number: proven.anchored,
            account: registry,
            slot: slot.into(),
            proof: proven.slots[0].proof.clone(),
        };
        assert_eq!(host.view(relay.anchor, &call).await, proven.slots[0].value);
        assert_eq!(proven.slots[0].value, U256::from(1024));
        Box::pin(trusted_anew(host, followed, &relay)).await;
    }
    Box::pin(frozen_and_fed_again(&main, &side)).await;
}

/// What `network vote-trust` says to the organization that runs the host, and whether it has voted.
async fn voted(host: &TestChain, followed_rpc: &str, relay: &AnchorRelay, more: &[&str]) -> (bool, Value) {
    let anchor = relay.anchor.to_string();
    let output = tokio::process::Command::new(built_binary())
        .args(["--json", "network", "vote-trust", &anchor, "--followed-rpc", followed_rpc, "--rpc", host.rpc()])
        .arg("--voting-key")
        .arg(host.voting_key().await)
        .args(more)
        .output()
        .await
        .unwrap();
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.success(), serde_json::from_slice(said).unwrap())
}

/// ANCHOR-4, ANCHOR-5, ANCHOR-9: validators that begin their chain anew have signed two branches. The relay, whose node is on the second, shows it; and feeds the anchor again when the
/// organizations have voted, by the command.
async fn frozen_and_fed_again(host: &TestChain, followed: &TestChain) {
    let relay = anchor(host, followed).await;
    let board = AnchorBoard::default();
    let number = push_if_due(&relay, 1, &board).await.unwrap().unwrap();
    let first = board.seen()[0].standing.unwrap().newest.unwrap().hash;
    followed.begin_anew(number).await;

    assert_eq!(push_if_due(&relay, 1 << 20, &board).await.unwrap(), None, "no push is due");
    let found = host.view(relay.anchor, &Anchor::conflictCall {}).await;
    let second = followed.chain.block(number).await.unwrap().hash;
    assert_eq!((found.number, found.first, found.second), (number, first, second));
    assert_ne!(first, second);
    assert!(board.seen()[0].standing.unwrap().is_frozen);
    assert_eq!(push_if_due(&relay, 1, &board).await.unwrap(), None, "nothing is taken there");

    let (done, said) = voted(host, followed.rpc(), &relay, &[]).await;
    assert!(done && said["carriedOut"] == json!(true), "{said}");
    let again = push_if_due(&relay, 1, &board).await.unwrap().unwrap();
    let record = host.view(relay.anchor, &Anchor::recordCall { number: again }).await;
    assert_eq!(record.hash, followed.chain.block(again).await.unwrap().hash, "of the branch that was voted for");
    assert_eq!(push_if_due(&relay, 1 << 20, &board).await.unwrap(), None);
    let seen = board.seen().swap_remove(0);
    assert!(matches!(seen.branch, Branch::Same(newest) if newest.number == again), "{seen:?}");
}

/// ANCHOR-9, by the command: one organization is all of them here.
async fn trusted_anew(host: &TestChain, followed: &TestChain, relay: &AnchorRelay) {
    let voted = async |followed_rpc: &str, more: &[&str]| voted(host, followed_rpc, relay, more).await;
    let (done, said) = voted(followed.rpc(), &[]).await;
    assert!(!done && said["error"].as_str().unwrap().contains("nothing has frozen"), "{said}");
    let (done, said) = voted(host.rpc(), &["--anyway"]).await;
    assert!(!done && said["error"].as_str().unwrap().contains("the anchor follows chain"), "{said}");
    let before = host.view(relay.anchor, &Anchor::chainCall {}).await;
    let (done, said) = voted(followed.rpc(), &["--anyway"]).await;
    assert!(done, "{said}");
    assert_eq!((&said["carriedOut"], &said["needed"], &said["fromEpoch"]), (&json!(true), &json!(1), &json!(0)));
    // The same validators as the genesis has, and nothing of what was shown before.
    assert_eq!(said["keysHash"], json!(before.keysHash));
    assert_eq!(host.view(relay.anchor, &Anchor::generationCall {}).await, 1);
    assert_eq!(host.view(relay.anchor, &Anchor::latestCall {}).await, 0);
    let number = relay.push().await.unwrap();
    assert_eq!(host.view(relay.anchor, &Anchor::latestCall {}).await, number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_two_chains_is_applied_on_both_and_a_stale_one_on_neither() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Box::pin(Partnership::start(dir.path())).await;
    let relay = &partnership.relay;
    let key = name("parcel 7");
    let courier = partnership.courier();
    let requester = partnership.requester(courier.clone());
    let calls = partnership.calls(key, [40, 60]);
    let first = partnership.submission(&requester, "first", &calls).await;
    let parts = first.parts.clone();
    let number = courier.carry(&first).await.unwrap();
    let rival = courier.carry(&partnership.submission(&requester, "second", &calls).await).await.unwrap();
    assert_eq!((number, rival), (1, 2), "numbered in the order of sequencing");
    assert_eq!(courier.carry(&first).await.unwrap(), number, "the same again");
    let mut onlooker = Onlooker::new(&partnership);

    for (party, (partner, part)) in (0..).zip(partnership.partners.iter().zip(&parts)) {
        relay.reserve(&partner.link, number, part).await.unwrap();
        let open = relay.settle(&partner.link, number, part).await.unwrap();
        assert!(matches!(open, Settlement::Open { .. }), "not decided yet: {open:?}");
        relay.report(&partner.link, number, party).await.unwrap();
        if party == 0 {
            assert_half_way(&partnership, &onlooker.look(number).await);
        }
    }
    assert_eq!(partnership.state(number).await, RequestState::Committed.code());
    for (partner, part) in partnership.partners.iter().zip(&parts) {
        assert_eq!(relay.settle(&partner.link, number, part).await.unwrap(), Settlement::Applied);
    }
    let applied = Outcome::Applied.code();
    let expected = vec![(applied, 1, U256::from(40)), (applied, 1, U256::from(60))];
    assert_eq!(partnership.outcomes(number, key).await, expected);

    // The second rests on the same versions.
    let first = &partnership.partners[0];
    relay.reserve(&first.link, rival, &parts[0]).await.unwrap();
    relay.report(&first.link, rival, 0).await.unwrap();
    assert_eq!(partnership.state(rival).await, RequestState::Aborted.code());
    let after: Vec<_> = partnership.outcomes(rival, key).await;
    assert_eq!(after[0], (Outcome::Refused.code(), 1, U256::from(40)));
    assert_eq!(after[1], (0, 1, U256::from(60)), "the other was never asked");
    Box::pin(seen_at_the_end(&partnership, onlooker, number, rival)).await;
    Box::pin(ends_are_proven(&partnership, &requester, [number, rival], key)).await;
}

// ANCHOR-2, FINALITY-10, A-MORE-2: a live chain changes its validators under an alliance; the relay shows the handover, and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_validators_have_changed_is_followed_by_proof_and_carried_for() {
    let dir = tempfile::tempdir().unwrap();
    let home = TestChain::start(dir.path(), "main").await;
    let chains = [TestChain::start_growing(dir.path(), "marriage").await, TestChain::start(dir.path(), "degree").await];
    let partnership = Box::pin(Partnership::over(home, chains)).await;
    let bank = &partnership.partners[0];
    let Testimony::Proven(to_alliance) = &bank.link.to_alliance else { panic!("a foreign member") };
    let before = partnership.home.view(to_alliance.anchor, &Anchor::chainCall {}).await;
    let first_epoch = bank.chain.grow().await;

    let courier = partnership.courier();
    let carrying = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = partnership.requester(courier);
    let key = name("parcel 7");
    let committed = requester.execute(key, &partnership.calls(key, [40, 60])).await.unwrap();
    let applied = Outcome::Applied.code();
    partnership.settled(committed.number, key, [(applied, 1, 40), (applied, 1, 60)]).await;
    let after = partnership.home.view(to_alliance.anchor, &Anchor::chainCall {}).await;
    assert_eq!((after.fromEpoch, after.genesisHash), (first_epoch, before.genesisHash));
    assert_ne!(after.keysHash, before.keysHash, "the set that decides now");
    carrying.abort();
}

// A-MORE-3, A-ERR: by the genesis alone, from what real chains show: the writes of the one, and why the other was refused.
async fn ends_are_proven(partnership: &Partnership, requester: &Requester, [applied, refused]: [u64; 2], key: B256) {
    let essentials = partnership.partners.iter().map(|partner| partner.chain.essentials());
    let trusted: Vec<_> = essentials.map(|essentials| TrustedChain::new(essentials).unwrap()).collect();
    let home = TrustedChain::new(partnership.home.essentials()).unwrap();
    let mut verified = Vec::new();
    for number in [applied, refused] {
        let file = serde_json::to_vec(&requester.prove(number, &[]).await.unwrap()).unwrap();
        verified.push(
            RequestProof::from_json(&file).unwrap().verify((&home, partnership.relay.contract), &trusted).unwrap(),
        );
    }
    let written: Vec<_> = verified[0].members.iter().flat_map(|member| &member.writes).collect();
    assert_eq!((verified[0].outcome, written.len(), verified[0].unproven.len()), (Ending::Committed, 2, 0));
    assert!(written.iter().all(|write| write.key == key && write.version == 1));
    assert_eq!(verified[1].outcome, Ending::Aborted);
    let why = verified[1].refusal.unwrap();
    assert_eq!((why.reason, why.key, why.expected, why.actual), (1, Some(key), 0, 1));

    let standing = requester.standing(refused).await.unwrap().unwrap();
    let stale = Refusal::Stale { key, expected: 0, actual: 1 };
    assert_eq!((standing.state, standing.parties[0].refusal), (RequestState::Aborted, Some(stale)));
    assert_eq!(requester.standing(refused + 1).await.unwrap(), None);
    let missing = requester.prove(refused + 1, &[]).await.unwrap_err();
    assert!(matches!(missing, RequestError::Unprovable { .. }), "{missing}");
}
