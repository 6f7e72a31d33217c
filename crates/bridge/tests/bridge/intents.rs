//! What an idempotency key stands for, and what a relay's refusal is worth, over real chains (A-SEQ, A-ERR).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chancery_bridge::{
    alliance::{store::Outcome, submission::Submission},
    relay::{Carrier, CarryRefusal},
    requester::{Milestone, Onlooker, RequestError, attempt_key},
};

use crate::support::partnership::{Partnership, name};

struct Silent;

impl Onlooker for Silent {
    fn at(&self, _: &Milestone<'_>) {}
}

/// Says that the alliance refuses, and keeps what it was given.
#[derive(Default)]
struct Sly {
    kept: Mutex<Option<Submission>>,
}

#[async_trait::async_trait]
impl Carrier for Sly {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        *self.kept.lock().unwrap() = Some(submission.clone());
        Err(CarryRefusal::Refused { reason: "NotAMember".to_owned() })
    }
}

// A-SEQ, A-ERR
#[tokio::test(flavor = "multi_thread")]
async fn success_is_for_what_was_asked_and_failure_for_what_the_chain_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Box::pin(Partnership::start(dir.path())).await;
    let courier = partnership.courier();
    let requester = partnership.requester(courier.clone());
    let (intent, key) = (name("sale"), name("parcel 7"));
    let (asked, changed) = (partnership.calls(key, [40, 60]), partnership.calls(key, [41, 61]));

    // Sequenced, and its requester was killed: as long as nothing is reserved, nobody can tell what it asks.
    let mut parts = Vec::new();
    for (member, call) in &asked {
        parts.push(requester.suggest(*member, call).await.unwrap());
    }
    let first = requester.endorse(attempt_key(intent, 0), parts).await.unwrap();
    let number = courier.carry(&first).await.unwrap();
    assert_eq!(requester.earlier(intent, &changed).await.unwrap(), [number], "not compared yet");

    // The same file on another node of the member.
    let (mut second, node) = (requester.clone(), &partnership.partners[0].nodes[1]);
    (second.identity.node, second.identity.certificate) = (node.name, node.certificate);
    second.identity.key = node.key.clone();
    let refused = second.earlier(intent, &asked).await.unwrap_err();
    assert!(matches!(refused, RequestError::AskedElsewhere { number: found, .. } if found == number), "{refused}");

    let running = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let differs = requester.execute(intent, &changed).await.unwrap_err();
    assert!(matches!(differs, RequestError::IntentDiffers { number: found } if found == number), "{differs}");
    assert_eq!(requester.execute(intent, &asked).await.unwrap().number, number);
    let applied = Outcome::Applied.code();
    partnership.settled(number, key, [(applied, 1, 40), (applied, 1, 60)]).await;

    // A relay that says no, and has it sequenced later: the chain is believed, not the relay.
    let (intent, sly) = (name("rent"), Arc::new(Sly::default()));
    let mut deceived = requester.clone();
    deceived.carrier = sly.clone();
    let asking = tokio::spawn(async move { deceived.bring(intent, &changed, &Silent).await });
    let was_given = async {
        loop {
            if let Some(kept) = sly.kept.lock().unwrap().clone() {
                break kept;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let kept = tokio::time::timeout(Duration::from_secs(60), was_given).await.unwrap();
    let number = courier.carry(&kept).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap().number, number);
    running.abort();
}
