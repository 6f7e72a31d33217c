//! Relays that are killed between any two steps, and what becomes of requests then (A-MORE-1, A-MORE-2).

use std::{sync::Arc, time::Duration};

use chancery_bridge::{
    alliance::{
        decision::RequestState,
        store::{Outcome, Refusal},
        submission::Submission,
    },
    http::JsonClient,
    relay::{Carrier as _, Courier, RemoteCarrier},
    requester::{RequestError, Requester},
};

use crate::support::partnership::{Partnership, name};
use crate::support::process::Process;

/// Steps of a request over two members: reserve and report each, apply on each.
const STEPS: usize = 6;
/// Steps after which both parts stand on their chains.
const RESERVED: usize = 3;

/// Makes the first `steps` of them, as a relay does that is killed then.
async fn carry_partly(partnership: &Partnership, number: u64, submission: &Submission, steps: usize) {
    let relay = &partnership.relay;
    for step in 0..steps {
        let party = usize::from(step == 2 || step == 3 || step == 5);
        let (link, part) = (&partnership.partners[party].link, &submission.parts[party]);
        match step {
            0 | 2 => relay.reserve(link, number, part).await.unwrap(),
            1 | 3 => relay.report(link, number, u8::try_from(party).unwrap()).await.unwrap(),
            _ => _ = relay.settle(link, number, part).await.unwrap(),
        }
    }
}

/// Of two requests over one key the younger is refused while the older holds it: which key, which version it had read, which one there is (A-ERR).
async fn a_conflict_names_both_versions(partnership: &Partnership, requester: &Requester, forgetful: &Courier) {
    let key = name("parcel held");
    let calls = partnership.calls(key, [40, 60]);
    let first = partnership.submission(requester, "holder", &calls).await;
    let second = partnership.submission(requester, "held", &calls).await;
    let (holder, number) = (forgetful.carry(&first).await.unwrap(), forgetful.carry(&second).await.unwrap());
    carry_partly(partnership, holder, &first, 1).await;
    let (relay, link) = (&partnership.relay, &partnership.partners[0].link);
    relay.reserve(link, number, &second.parts[0]).await.unwrap();
    relay.report(link, number, 0).await.unwrap();
    let conflict = |actual| Refusal::Conflict { key, holder, expected: Some(0), actual: Some(actual) };
    // With what was sent at hand, and from what is on chain alone.
    for sent in [Some(&second), None] {
        let error = requester.follow(number, name("held"), sent).await.unwrap_err();
        assert!(matches!(&error, RequestError::Refused { refusal, .. } if *refusal == conflict(0)), "{error}");
    }
    carry_partly(partnership, holder, &first, STEPS).await;
    let standing = requester.standing(number).await.unwrap().unwrap();
    assert_eq!(standing.parties[0].refusal, Some(conflict(1)), "the holder is applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_step_a_relay_was_killed_after_the_next_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    // It takes submissions and carries nothing.
    let forgetful = partnership.courier();
    let mut process = Process::relay(dir.path(), &partnership);
    let client = JsonClient::new(Duration::from_secs(60)).unwrap();
    let mut requester = partnership.requester(Arc::new(RemoteCarrier::new(client, process.url())));
    a_conflict_names_both_versions(&partnership, &requester, &forgetful).await;
    let mut begun = Vec::new();
    for steps in 0..=STEPS {
        let key = name(&format!("parcel {steps}"));
        let submission =
            partnership.submission(&requester, &format!("{steps}"), &partnership.calls(key, [40, 60])).await;
        let number = forgetful.carry(&submission).await.unwrap();
        carry_partly(&partnership, number, &submission, steps).await;
        begun.push((steps, key, number, submission));
    }
    // One more, whose time passes while no relay runs.
    let late_key = name("parcel late");
    requester.limits.window_s = 20;
    let late = partnership.submission(&requester, "late", &partnership.calls(late_key, [1, 2])).await;
    let late_number = forgetful.carry(&late).await.unwrap();
    carry_partly(&partnership, late_number, &late, 1).await;
    let error = requester.follow(late_number, name("late"), None).await.unwrap_err();
    assert!(matches!(error, RequestError::Expired { number, .. } if number == late_number), "{error}");

    // Its requesters know nothing but that they have no answer, and send again.
    let sends = begun.iter().filter(|(steps, ..)| *steps < RESERVED).map(|(_, key, number, submission)| {
        let (requester, submission, key, number) = (requester.clone(), submission.clone(), *key, *number);
        tokio::spawn(async move {
            let committed = requester.send(&submission).await.unwrap();
            assert_eq!(committed.number, number, "{key}: the same request has the same number");
        })
    });
    let sends: Vec<_> = sends.collect();
    for lifetime_ms in [200, 500, 900, 1400] {
        process.start();
        tokio::time::sleep(Duration::from_millis(lifetime_ms)).await;
        process.kill();
    }
    process.start();
    let applied = Outcome::Applied.code();
    for (_, key, number, _) in &begun {
        partnership.settled(*number, *key, [(applied, 1, 40), (applied, 1, 60)]).await;
        assert_eq!(partnership.state(*number).await, RequestState::Committed.code());
    }
    for send in sends {
        tokio::time::timeout(Duration::from_secs(240), send).await.unwrap().unwrap();
    }
    // What was held is free, on the one chain that held it.
    partnership.settled(late_number, late_key, [(Outcome::Released.code(), 0, 0), (0, 0, 0)]).await;
    assert_eq!(partnership.state(late_number).await, RequestState::Aborted.code());
}
