//! Every party killed at every step of a request, enumerated: the request ends, on all members or on none, and what was held is free (A-MORE-1, ALLIANCE-5).

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, U256};
use chancery_bridge::{
    alliance::{
        decision::RequestState,
        message::{Endorsement, Part, Request},
        store::{Outcome, Refusal},
        submission::Submission,
    },
    endorser::{EndorseRefusal, Endorser},
    relay::{Carrier, CarryRefusal, Courier, CourierLimits, Testimony},
    requester::{RequestError, Requester},
};
use chancery_contracts::{Anchor, StoreNode};
use futures::future::pending;
use tokio::{sync::Notify, task::JoinHandle};

use crate::support::chain::TestChain;
use crate::support::partnership::{Partnership, name};
use crate::support::trap::{Died, Doomed, Moment, STEPS, Trap};

const APPLIED: u8 = Outcome::Applied.code();
/// Many times what a request takes.
const MAX_WAIT: Duration = Duration::from_secs(240);

/// How a request is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Applied on both.
    Commit,
    /// The second member refuses; the first gives back what it held.
    Abort,
}

/// A courier that runs until this is dropped.
struct Running {
    courier: Arc<Courier>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(courier: Courier) -> Self {
        let courier = Arc::new(courier);
        let task = tokio::spawn({
            let courier = courier.clone();
            async move { courier.run().await }
        });
        Self { courier, task }
    }

    /// One with an empty memory, of the newest requests.
    fn heir(partnership: &Partnership) -> Self {
        let links = partnership.partners.iter().map(|partner| partner.link.clone()).collect();
        Self::start(Courier::new(partnership.relay.clone(), links, limits()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What only an abort takes.
const RELEASE: &str = "NodeContract.release";
/// Aborted requests of which one is released, surely.
const RELEASES: u32 = 16;

fn limits() -> CourierLimits {
    CourierLimits { pause: Duration::from_millis(100), sweep_pause: Duration::from_secs(2) }
}

/// A request about a key of its own, endorsed; one that is to abort is overtaken at the second member before it is sent.
async fn asked(partnership: &Partnership, requester: &Requester, key: &str, end: End) -> Submission {
    let submission = partnership.submission(requester, key, &partnership.calls(name(key), [40, 60])).await;
    if end == End::Abort {
        let second = &partnership.partners[1];
        let call = StoreNode::setCall { key: name(key), value: B256::from(U256::from(9)) };
        second.chain.call(second.link.node_contract, &call).await;
    }
    submission
}

/// The one end that it may have, whoever asks.
async fn ended(partnership: &Partnership, requester: &Requester, submission: &Submission, end: End) {
    let key = submission.request.idempotency_key;
    match (end, requester.send(submission).await) {
        (End::Commit, Ok(committed)) => {
            // Money of two accounts on two chains: 100 together.
            partnership.settled(committed.number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
        }
        (End::Abort, Err(RequestError::Refused { number, refusal: Refusal::Stale { .. }, .. })) => {
            let settles = async {
                loop {
                    let outcomes = partnership.outcomes(number, key).await;
                    // It was asked before the abort, or never.
                    let given_back = [0, Outcome::Released.code()].contains(&outcomes[0].0);
                    let refused = (Outcome::Refused.code(), 1, U256::from(9));
                    if given_back && (outcomes[0].1, outcomes[1]) == (0, refused) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            tokio::time::timeout(MAX_WAIT, settles).await.unwrap();
            assert_eq!(partnership.state(number).await, RequestState::Aborted.code());
        }
        (end, other) => panic!("{end:?} became {other:?}"),
    }
    // What a dead relay had sent may be executed only now: it is held until somebody shows the abort.
    for partner in &partnership.partners {
        let given_back = async {
            loop {
                let entry = partner.chain.view(partner.link.node_contract, &StoreNode::entryCall { key }).await;
                if (entry.writer, entry.readers) == (0, 0) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(MAX_WAIT, given_back).await.expect("something is still held");
    }
}

/// A relay dies at each of its transactions, before it is sent and after; the next one begins with what is on chain.
async fn relays_die(partnership: &Partnership, requester: &Requester, end: End, moment: Moment) -> Died {
    let mut died = Died::new();
    for at in 0.. {
        // The first member holds its key before the second one can refuse, so that it is released in any case.
        let trap = if end == End::Abort { Trap::in_turn(at, moment) } else { Trap::new(at, moment) };
        if let Some(step) = relay_dies(partnership, requester, end, &format!("{end:?} {moment:?} {at}"), trap).await {
            died.insert(step);
            continue;
        }
        assert!(at > 0, "a request takes a relay");
        break;
    }
    // How many steps there are differs from time to time, so that the last may not have been met by its number; and on a busy machine the second member may
    // have refused before the first has reserved what it was asked for, so that nothing is there to be released.
    for again in 0..RELEASES {
        if end != End::Abort || died.contains(RELEASE) {
            break;
        }
        let (key, trap) = (format!("{end:?} {moment:?} again {again}"), Trap::at_first(RELEASE, moment));
        died.extend(relay_dies(partnership, requester, end, &key, trap).await);
    }
    died
}

/// A request in the middle of which its relay dies; at which step, or `None`: it was done before.
async fn relay_dies(
    partnership: &Partnership,
    requester: &Requester,
    end: End,
    key: &str,
    trap: Arc<Trap>,
) -> Option<&'static str> {
    let submission = asked(partnership, requester, key, end).await;
    let doomed = Doomed::behind(&trap, partnership).await;
    let first = Running::start(Courier::new(doomed.relay.clone(), doomed.links.clone(), limits()));
    let mut own = requester.clone();
    own.carrier = first.courier.clone();
    let died = tokio::select! {
        biased;
        step = trap.death() => Some(step),
        () = ended(partnership, &own, &submission, end) => None,
    };
    drop(first);
    died?;
    let heir = Running::heir(partnership);
    let mut own = requester.clone();
    own.carrier = heir.courier.clone();
    ended(partnership, &own, &submission, end).await;
    died
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_may_die_at_any_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let requester = partnership.requester(Running::heir(&partnership).courier.clone());
    let mut died = Died::new();
    for (end, moment) in [
        (End::Commit, Moment::Before),
        (End::Commit, Moment::After),
        (End::Abort, Moment::Before),
        (End::Abort, Moment::After),
    ] {
        died.extend(relays_die(&partnership, &requester, end, moment).await);
    }
    let mut expected: Died = STEPS.iter().map(|(step, _)| *step).collect();
    // Deadlines are waited for in `cells.rs`, and validators change in the next test.
    expected.remove("Alliance.expire");
    expected.remove("Anchor.follow");
    assert_eq!(died, expected);
}

// ANCHOR-2, A-MORE-2: what a dead relay has shown of a change of validators is shown, and what it has not, the next one shows.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_may_die_while_it_shows_a_change_of_validators() {
    const FOLLOW: &str = "Anchor.follow";
    let dir = tempfile::tempdir().unwrap();
    let home = TestChain::start(dir.path(), "main").await;
    let chains = [TestChain::start_growing(dir.path(), "marriage").await, TestChain::start(dir.path(), "degree").await];
    let partnership = Box::pin(Partnership::over(home, chains)).await;
    let bank = &partnership.partners[0];
    let Testimony::Proven(to_alliance) = &bank.link.to_alliance else { panic!("a foreign member") };
    let anchor = to_alliance.anchor;
    let followed = async || partnership.home.view(anchor, &Anchor::chainCall {}).await;
    let before = followed().await;
    let first_epoch = bank.chain.grow().await;

    let requester = partnership.requester(Running::heir(&partnership).courier.clone());
    let submission = asked(&partnership, &requester, "handover", End::Commit).await;
    for moment in [Moment::Before, Moment::After] {
        let trap = Trap::at_first(FOLLOW, moment);
        let doomed = Doomed::behind(&trap, &partnership).await;
        let relay = Running::start(Courier::new(doomed.relay.clone(), doomed.links.clone(), limits()));
        let mut own = requester.clone();
        own.carrier = relay.courier.clone();
        tokio::select! {
            biased;
            step = trap.death() => assert_eq!(step, FOLLOW),
            () = ended(&partnership, &own, &submission, End::Commit) => panic!("{moment:?}: no change was shown"),
        }
        if moment == Moment::Before {
            let now = followed().await;
            assert_eq!((now.fromEpoch, now.keysHash), (before.fromEpoch, before.keysHash), "nothing has arrived");
        }
    }
    let heir = Running::heir(&partnership);
    let mut own = requester.clone();
    own.carrier = heir.courier.clone();
    ended(&partnership, &own, &submission, End::Commit).await;
    let after = followed().await;
    assert_eq!((after.fromEpoch, after.genesisHash), (first_epoch, before.genesisHash));
    assert_ne!(after.keysHash, before.keysHash, "the set that decides now");
}

// A-MORE-1: real nodes, before a request, in the middle of it and after its decision; at each of its steps, before and after: `cells.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn each_chain_may_crash_before_a_request_is_sequenced_after_that_and_when_it_is_decided() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let running = Running::heir(&partnership);
    let requester = partnership.requester(running.courier.clone());
    let chains = [&partnership.home, &partnership.partners[0].chain, &partnership.partners[1].chain];
    // Each of the three in each of these states.
    for (place, chain) in chains.into_iter().enumerate() {
        for state in ["asked", "sequenced", "decided"] {
            let key = format!("{state} {place}");
            let submission = asked(&partnership, &requester, &key, End::Commit).await;
            match state {
                "asked" => chain.crash().await,
                "sequenced" => {
                    running.courier.carry(&submission).await.unwrap();
                    chain.crash().await;
                }
                _ => {
                    requester.send(&submission).await.unwrap();
                    chain.crash().await;
                }
            }
            ended(&partnership, &requester, &submission, End::Commit).await;
        }
    }
}

/// Dies when it is asked, or when it has signed.
struct Mortal {
    inner: Arc<dyn Endorser>,
    moment: Moment,
}

#[async_trait::async_trait]
impl Endorser for Mortal {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        if self.moment == Moment::After {
            self.inner.endorse(request, part).await?;
        }
        Err(EndorseRefusal::Unavailable { reason: "no answer: connection closed".to_owned() })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_may_die_before_and_after_it_has_signed() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let running = Running::heir(&partnership);
    let requester = partnership.requester(running.courier.clone());
    for moment in [Moment::Before, Moment::After] {
        for dead in 0..8_usize {
            let mut asked = requester.clone();
            asked.limits.max_tries = 1;
            for (i, endorser) in asked.members[0].endorsers.iter_mut().enumerate() {
                if dead >> i & 1 == 1 {
                    *endorser = Arc::new(Mortal { inner: endorser.clone(), moment });
                }
            }
            let key = name(&format!("{moment:?} {dead}"));
            let calls = partnership.calls(key, [40, 60]);
            let first = asked.execute(key, &calls).await;
            if dead.count_ones() > 1 {
                let error = first.unwrap_err();
                assert!(matches!(&error, RequestError::NotEndorsed { .. }), "{error}");
            } else {
                first.unwrap();
            }
            // They are started again, and the intent is asked for again.
            let committed = requester.execute(key, &calls).await.unwrap();
            partnership.settled(committed.number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
        }
    }
}

/// A requester's way to its relay, on which it dies.
struct Severed {
    inner: Arc<Courier>,
    moment: Moment,
    reached: Arc<Notify>,
}

#[async_trait::async_trait]
impl Carrier for Severed {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        if self.moment == Moment::After {
            self.inner.carry(submission).await?;
        }
        self.reached.notify_one();
        pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requester_may_die_at_each_step_and_its_intent_is_committed_once() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let running = Running::heir(&partnership);
    let requester = partnership.requester(running.courier.clone());
    for step in ["suggested", "endorsed", "handing in", "handed in", "decided"] {
        let key = name(step);
        let calls = partnership.calls(key, [40, 60]);
        let mut own = requester.clone();
        match step {
            "suggested" => _ = own.suggest(calls[0].0, &calls[0].1).await.unwrap(),
            "endorsed" => _ = partnership.submission(&own, step, &calls).await,
            "handing in" | "handed in" => {
                let moment = if step == "handing in" { Moment::Before } else { Moment::After };
                let reached = Arc::new(Notify::new());
                own.carrier = Arc::new(Severed { inner: running.courier.clone(), moment, reached: reached.clone() });
                tokio::select! {
                    result = own.execute(key, &calls) => panic!("it had an answer: {result:?}"),
                    () = reached.notified() => {}
                }
            }
            _ => _ = own.execute(key, &calls).await.unwrap(),
        }
        let committed = requester.execute(key, &calls).await.unwrap();
        partnership.settled(committed.number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
        assert_eq!(requester.execute(key, &calls).await.unwrap(), committed, "{step}: one intent, one number");
    }
}
