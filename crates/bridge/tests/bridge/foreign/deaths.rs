//! The one step that only a request with a foreign part has: most endorsers, or the relay, die when an outcome is attested: before it is signed, after that, and when it is recorded.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chancery_bridge::{
    alliance::store::Outcome,
    endorser::{AttestQuery, AttestRefusal, Attestation, Attester},
    relay::Courier,
};
use tokio::{sync::Notify, task::JoinHandle};

use super::{Exchange, NODES, name};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Endorsers,
    Relay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Nothing is signed.
    Before,
    /// It is signed.
    After,
    /// It stands on the alliance's chain, and has decided.
    Recorded,
}

/// An endorser at whose first attestation somebody dies. It comes back itself, if it was that.
#[derive(Debug)]
struct Fatal {
    inner: Arc<dyn Attester>,
    victim: Victim,
    moment: Moment,
    is_over: AtomicBool,
    told: Arc<Notify>,
}

#[async_trait::async_trait]
impl Attester for Fatal {
    async fn attest(&self, query: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        if self.is_over.load(Ordering::SeqCst) {
            return self.inner.attest(query).await;
        }
        let attestation = match self.moment {
            Moment::Before => None,
            // Not before there is something to attest.
            Moment::After | Moment::Recorded => Some(self.inner.attest(query).await?),
        };
        self.is_over.store(true, Ordering::SeqCst);
        self.told.notify_one();
        match (self.victim, attestation) {
            (Victim::Relay, Some(attestation)) => Ok(attestation),
            _ => Err(AttestRefusal::Unavailable { reason: "no answer: connection closed".to_owned() }),
        }
    }
}

fn start(courier: &Arc<Courier>) -> JoinHandle<()> {
    let courier = courier.clone();
    tokio::spawn(async move { courier.run().await })
}

/// A-MORE-1, A-MORE-4: the request is committed on both chains whoever of them dies.
pub(super) async fn at_the_attestation(exchange: &Exchange) {
    let honest = || -> Vec<Arc<dyn Attester>> {
        (0..NODES).map(|i| Arc::new(exchange.endorsers[1][i].clone()) as Arc<dyn Attester>).collect()
    };
    for (victim, moment) in [
        (Victim::Endorsers, Moment::Before),
        (Victim::Endorsers, Moment::After),
        (Victim::Relay, Moment::Before),
        (Victim::Relay, Moment::After),
        (Victim::Relay, Moment::Recorded),
    ] {
        let (account, told) = (format!("{victim:?} {moment:?}"), Arc::new(Notify::new()));
        let fatal = honest().into_iter().map(|inner| -> Arc<dyn Attester> {
            let (is_over, told) = (AtomicBool::new(moment == Moment::Recorded), told.clone());
            Arc::new(Fatal { inner, victim, moment, is_over, told })
        });
        let courier = exchange.courier(fatal.collect()).await;
        let carries = start(&courier);
        let requester = exchange.requester(courier, 1800);
        let mut parts = Vec::new();
        for (member, call) in exchange.calls(&account, &account, 7) {
            parts.push(requester.suggest(member, &call).await.unwrap());
        }
        let submission = requester.endorse(name(&account), parts).await.unwrap();
        let number = if victim == Victim::Relay {
            if moment == Moment::Recorded {
                // Its requester hears of the decision before the members do.
                requester.send(&submission).await.unwrap();
            } else {
                tokio::select! {
                    biased;
                    () = told.notified() => {}
                    end = requester.send(&submission) => panic!("{account}: nobody attested: {end:?}"),
                }
            }
            carries.abort();
            let heir = exchange.courier(honest()).await;
            let carries = start(&heir);
            let number = exchange.requester(heir, 1800).send(&submission).await.unwrap().number;
            exchange.settled(number, [Outcome::Applied; 2]).await;
            carries.abort();
            number
        } else {
            requester.send(&submission).await.unwrap().number
        };
        exchange.settled(number, [Outcome::Applied; 2]).await;
        carries.abort();
        let versions = [exchange.version(0, &account).await, exchange.version(1, &account).await];
        assert_eq!(versions, [1, 1], "{account}");
    }
}
