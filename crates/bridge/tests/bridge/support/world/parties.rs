//! Relay and endorsers that die in the middle of something, and come back with nothing but their keys.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chancery_bridge::{
    alliance::{
        message::{Endorsement, Part, Request},
        submission::Submission,
    },
    endorser::{EndorseRefusal, Endorser, NodeEndorser},
    relay::{Carrier, CarryRefusal, Courier, CourierLimits, Measured, Ways},
};
use chancery_ledger::SubmitterKey;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::{
    NAMES, World,
    founding::{ENDORSERS, fixed_secret},
    shared::{Life, Shared},
    step::{Moment, Party, Step},
};

/// How long whoever finds nobody waits for that.
const REFUSED_AFTER: Duration = Duration::from_millis(5);
/// Pause of a party that cannot begin because a chain does not answer.
const BEGIN_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Where a member's endorser is asked.
pub(crate) struct EndorserSeat {
    shared: Arc<Shared>,
    member: usize,
    seated: Mutex<(NodeEndorser, Life)>,
}

impl EndorserSeat {
    async fn endorser(world: &World, member: usize, place: usize) -> (NodeEndorser, Life) {
        // One of three never dies, and is not enough.
        let party = if place + 1 < ENDORSERS { Party::Endorsers(member) } else { Party::Onlooker };
        let life = world.shared.life(party);
        let chains = world.chains(&life).await;
        let own = &world.founded.members[member];
        let seat = &own.nodes[place];
        let endorser = NodeEndorser {
            domain: world.alliance(&chains).domain(),
            member: own.name,
            contract: world.node_contract(&chains, member),
            certificate: seat.certificate,
            key: seat.key.clone(),
            database: None,
        };
        (endorser, life)
    }

    /// All of a member.
    pub(crate) async fn all_of(world: &World, member: usize) -> Vec<Arc<Self>> {
        let mut seats = Vec::new();
        for place in 0..ENDORSERS {
            let seated = Mutex::new(Self::endorser(world, member, place).await);
            seats.push(Arc::new(Self { shared: world.shared.clone(), member, seated }));
        }
        seats
    }

    /// As a requester reaches them.
    pub(crate) fn reached(seats: &[Arc<Self>]) -> Vec<Arc<dyn Endorser>> {
        let each = seats.iter().map(|seat| {
            let endorser: Arc<dyn Endorser> = seat.clone();
            endorser
        });
        each.collect()
    }

    /// Those that are dead begin anew.
    pub(crate) async fn revive(world: &World, seats: &[Arc<Self>]) {
        for (place, seat) in seats.iter().enumerate() {
            let is_dead = seat.seated.lock().1.end.is_cancelled();
            if is_dead {
                let seated = Self::endorser(world, seat.member, place).await;
                *seat.seated.lock() = seated;
            }
        }
    }
}

#[async_trait::async_trait]
impl Endorser for EndorserSeat {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        let dead = || EndorseRefusal::Unavailable { reason: "no answer: connection closed".to_owned() };
        self.shared.note(Step::Endorse(self.member), Moment::Before);
        let (endorser, life) = self.seated.lock().clone();
        let answer = tokio::select! {
            biased;
            () = life.end.cancelled() => {
                sleep(REFUSED_AFTER).await;
                return Err(dead());
            }
            answer = endorser.endorse(request, part) => answer,
        };
        self.shared.note(Step::Endorse(self.member), Moment::After);
        if life.end.is_cancelled() { Err(dead()) } else { answer }
    }
}

/// Where the relay is asked.
pub(crate) struct RelaySeat {
    seated: Mutex<Option<(Arc<Courier>, Life)>>,
    lives: AtomicU64,
}

impl RelaySeat {
    pub(crate) fn empty() -> Arc<Self> {
        Arc::new(Self { seated: Mutex::new(None), lives: AtomicU64::new(0) })
    }

    /// A relay begins with nothing, and with another key. It knows its ways when this returns.
    pub(crate) async fn begin(&self, world: &World) {
        self.begin_with(world, NAMES.len()).await;
    }

    /// The same of one whose file names the first chains alone.
    pub(crate) async fn begin_with(&self, world: &World, reached: usize) {
        let life = world.shared.life(Party::Relay);
        let number = self.lives.fetch_add(1, Ordering::Relaxed);
        let key = Arc::new(SubmitterKey::from_hex(&fixed_secret(&format!("relay {number}"))).unwrap());
        let chains = world.chains(&life).await;
        let (alliance, chains) = (world.alliance(&chains), chains[..reached].to_vec());
        let ways = Ways { alliance, chains, attesters: BTreeMap::new(), key };
        let courier = Arc::new(Courier::learning(ways, CourierLimits::default()));
        while courier.learn().await.is_err() {
            if life.end.is_cancelled() {
                return;
            }
            sleep(BEGIN_AGAIN_AFTER).await;
        }
        let (carrying, end) = (courier.clone(), life.end.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = end.cancelled() => {}
                () = carrying.run() => {}
            }
        });
        *self.seated.lock() = Some((courier, life));
    }

    /// What it says of itself.
    pub(crate) fn measured(&self) -> Measured {
        let seated = self.seated.lock();
        seated.as_ref().unwrap().0.measured()
    }
}

#[async_trait::async_trait]
impl Carrier for RelaySeat {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        let seated = self.seated.lock().clone();
        if let Some((courier, life)) = seated {
            tokio::select! {
                biased;
                () = life.end.cancelled() => {}
                answer = courier.carry(submission) => return answer,
            }
        }
        sleep(REFUSED_AFTER).await;
        Err(CarryRefusal::Unavailable { reason: "connection refused".to_owned() })
    }
}
