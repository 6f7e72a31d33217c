//! A relay that says what is not so, and an endorser that signs whatever it is shown.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_primitives::B256;
use chancery_bridge::{
    alliance::{
        certificate::SignatureFault,
        message::{Endorse, Endorsement, Part, Request},
        submission::Submission,
    },
    endorser::{EndorseRefusal, Endorser},
    key::NodeKey,
    relay::{Carrier, CarryRefusal},
};
use chancery_primitives::SigningDomain;
use parking_lot::Mutex;
use tokio::time::sleep;

use crate::support::world::{World, chance::Chance, parties::RelaySeat};

/// Carries half of what it is given, and lies about the rest.
pub(super) struct FickleRelay {
    honest: Arc<RelaySeat>,
    chance: Mutex<Chance>,
    lies: AtomicU64,
}

impl FickleRelay {
    pub(super) fn before(honest: &Arc<RelaySeat>, chance: Chance) -> Arc<Self> {
        Arc::new(Self { honest: honest.clone(), chance: Mutex::new(chance), lies: AtomicU64::new(0) })
    }

    pub(super) fn lies(&self) -> u64 {
        self.lies.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl Carrier for FickleRelay {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        let (lie, number) = {
            let mut chance = self.chance.lock();
            (chance.below(10), 1 + chance.below(12))
        };
        if lie < 5 {
            self.lies.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20)).await;
        }
        match lie {
            // Drops it, and names another request.
            0 => Ok(number),
            1 => Err(CarryRefusal::IdempotencyKeyUsed { number }),
            2 => Err(CarryRefusal::RequesterRefused {
                certificate: submission.request.certificate,
                fault: SignatureFault::SignatureWrong,
            }),
            // Carries it, and denies that.
            3 => {
                self.honest.carry(submission).await.ok();
                Err(CarryRefusal::Refused { reason: "RequestLapsed".to_owned() })
            }
            // Says nothing for a long time.
            4 => {
                sleep(Duration::from_secs(8)).await;
                Err(CarryRefusal::Unavailable { reason: "no answer in time".to_owned() })
            }
            _ => self.honest.carry(submission).await,
        }
    }
}

/// Looks at nothing.
struct Obliging {
    domain: SigningDomain,
    member: B256,
    certificate: u64,
    key: Arc<NodeKey>,
}

/// An endorser of the first member.
pub(crate) fn signs_everything(world: &World, place: usize) -> Arc<dyn Endorser> {
    let own = &world.founded.members[0];
    let seat = &own.nodes[place];
    let chain_id = world.shared.nodes[0].essentials.chain_id;
    let domain = SigningDomain::new(chain_id, world.founded.alliance);
    Arc::new(Obliging { domain, member: own.name, certificate: seat.certificate, key: seat.key.clone() })
}

#[async_trait::async_trait]
impl Endorser for Obliging {
    async fn endorse(&self, request: &Request, _part: &Part) -> Result<Endorsement, EndorseRefusal> {
        let (certificate, member) = (self.certificate, self.member);
        let endorse = Endorse { request_hash: request.hash(), member, certificate };
        let signature = self.key.sign(&endorse, &self.domain).unwrap();
        Ok(Endorsement { certificate, member, signature })
    }
}
