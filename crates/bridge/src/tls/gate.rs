//! Whether a node's certificate counts now: asked of the proven state of the alliance chain, once for each of its blocks.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::{B256, U256};
use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use super::{AllianceIdentity, Claim, NodeCertificate, PeerFault, issue::BACKDATED_S};
use crate::{
    alliance::{
        certificate::{Scope, SignatureFault, check, check_identity},
        certificate_slots::{Recorded, WORDS, positions, read},
    },
    contracts::AllianceContract,
};

/// Most certificates whose standing is remembered.
const MAX_REMEMBERED: usize = 1024;
/// Most look-ups at a time: whoever has no certificate can ask for them too.
const MAX_LOOKUPS: usize = 16;
/// Seconds after it was made in which a certificate may not have come to this node's chain yet.
const MAX_LAG_S: u64 = 60;
/// How long the chain may show no new block, if nothing else is said: several heartbeats of 10 seconds.
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// Pause between two checks of an open connection.
const RECHECK: Duration = Duration::from_secs(1);
/// An open connection outlives an alliance chain that cannot be read for so long.
const MAX_UNCHECKED: Duration = Duration::from_secs(30);

/// The alliance chain's clock and storage are needed, and there is none to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the alliance chain has no genesis that is trusted: name its genesis file")]
pub struct NoGenesis;

/// Whom it is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// A node of this member; `None`: of any.
    pub member: Option<B256>,
    /// With a transaction certificate that allows this; `None`: an identity is enough.
    pub scope: Option<Scope>,
}

/// A node whose certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub node: B256,
    /// Its member.
    pub member: B256,
    /// Serial number of its identity.
    pub identity: u64,
    /// Serial number of its transaction certificate; `None`: it has shown its identity alone.
    pub transaction: Option<u64>,
    /// What it may do; `None`: it has shown its identity alone.
    pub scope: Option<Scope>,
}

/// What the chain said of a certificate, and when.
#[derive(Clone, Copy, Debug)]
struct Standing {
    block: u64,
    now: u64,
    recorded: Recorded,
}

/// Certificates by serial numbers and member.
type Remembered = BTreeMap<(u64, u64, B256), Standing>;

/// Judges certificates by an alliance.
#[derive(Debug)]
pub struct Gate {
    alliance: AllianceContract,
    identity: AllianceIdentity,
    remembered: Mutex<Remembered>,
    newest: Mutex<Newest>,
    lookups: Semaphore,
    max_silence: Duration,
}

/// The newest block that the chain has shown.
#[derive(Clone, Copy, Debug)]
struct Newest {
    number: u64,
    /// When it was first seen here.
    advanced_at: Instant,
}

impl Gate {
    /// # Errors
    /// [`NoGenesis`]: nothing of the chain can be proven.
    pub fn new(alliance: AllianceContract) -> Result<Self, NoGenesis> {
        let essentials = alliance.chain.config().essentials.as_ref().ok_or(NoGenesis)?;
        let identity = AllianceIdentity {
            chain_id: essentials.chain_id,
            contract: alliance.address,
            genesis_hash: essentials.genesis_hash,
        };
        Ok(Self {
            alliance,
            identity,
            remembered: Mutex::default(),
            newest: Mutex::new(Newest { number: 0, advanced_at: Instant::now() }),
            lookups: Semaphore::new(MAX_LOOKUPS),
            max_silence: MAX_SILENCE,
        })
    }

    /// The same for a chain with another heartbeat. A chain that shows no new block for so long is not believed: it, or the node that is asked, may have
    /// stopped before a certificate was revoked. Several heartbeats.
    #[must_use]
    pub fn with_max_silence(self, max_silence: Duration) -> Self {
        Self { max_silence, ..self }
    }

    /// The alliance for which certificates have to be made.
    #[must_use]
    pub const fn alliance(&self) -> &AllianceIdentity {
        &self.identity
    }

    /// The node behind a certificate, if it counts in the newest final block and is whom it is spoken to.
    ///
    /// # Errors
    /// [`PeerFault`].
    pub async fn admit(&self, certificate: &NodeCertificate, wanted: &Expectation) -> Result<Peer, PeerFault> {
        self.judged(certificate, wanted).await.map(|(peer, _)| peer)
    }

    /// How long a certificate that counts will do so by itself, in seconds of the alliance chain.
    pub(super) async fn seconds_left(
        &self,
        certificate: &NodeCertificate,
        wanted: &Expectation,
    ) -> Result<u64, PeerFault> {
        let (_, now) = self.judged(certificate, wanted).await?;
        Ok(certificate.not_after.saturating_sub(now))
    }

    /// The node, and the time at which it was found.
    async fn judged(&self, certificate: &NodeCertificate, wanted: &Expectation) -> Result<(Peer, u64), PeerFault> {
        self.identity.check(&certificate.claim)?;
        let standing = Box::pin(self.standing(&certificate.claim)).await?;
        Ok((judge(certificate, &standing.recorded, standing.now, wanted)?, standing.now))
    }

    /// Ends when a certificate that was admitted does not count any more, with the reason; a chain that cannot be read is such a reason after a while.
    pub(crate) async fn refused(&self, certificate: &NodeCertificate, wanted: &Expectation) -> PeerFault {
        let mut known = Instant::now();
        loop {
            sleep(RECHECK).await;
            match self.admit(certificate, wanted).await {
                Ok(_) => known = Instant::now(),
                Err(fault) if fault.is_temporary() && known.elapsed() < MAX_UNCHECKED => {}
                Err(fault) => return fault,
            }
        }
    }

    async fn standing(&self, claim: &Claim) -> Result<Standing, PeerFault> {
        let key = (claim.transaction.unwrap_or_default(), claim.identity, claim.member);
        // Before the chain is asked: answers to several questions may overtake one another.
        let known = self.newest.lock().number;
        let head = self.alliance.chain.head().await.map_err(undetermined)?.number;
        self.see(known, head)?;
        if let Some(standing) = self.remembered.lock().get(&key).filter(|standing| standing.block >= head) {
            return Ok(*standing);
        }
        let _turn = self.lookups.acquire().await.map_err(|_| unsure("nothing is looked up any more"))?;
        let slots = positions(key.0, key.1, key.2);
        let evidence = self.alliance.chain.state(self.alliance.address, &slots).await.map_err(undetermined)?;
        let evidence = evidence.ok_or_else(|| PeerFault::Undetermined { reason: NoGenesis.to_string() })?;
        self.see(head, evidence.block.number)?;
        let values: Vec<U256> = evidence.state.storage.iter().map(|(_, value)| *value).collect();
        let words = <[U256; WORDS]>::try_from(values).map_err(|_| unsure("its state is incomplete"))?;
        let (block, now) = (evidence.block.number, evidence.block.time_ms / 1000);
        let standing = Standing { block, now, recorded: read(&words) };
        Ok(if standing.is_of(claim) { remember(&mut self.remembered.lock(), key, standing) } else { standing })
    }

    /// Takes note of a block that the chain shows as its newest, by whoever knew another one before.
    fn see(&self, known: u64, shown: u64) -> Result<(), PeerFault> {
        if shown < known {
            tracing::warn!(shown, known, "the alliance chain is shown as it was before");
            return Err(unsure("the alliance chain is shown as it was before"));
        }
        let mut newest = self.newest.lock();
        if shown > newest.number {
            *newest = Newest { number: shown, advanced_at: Instant::now() };
        } else if newest.advanced_at.elapsed() > self.max_silence {
            tracing::warn!(number = newest.number, "the alliance chain shows no new block");
            return Err(unsure("the alliance chain shows no new block"));
        }
        Ok(())
    }
}

impl Standing {
    /// Whether somebody of the alliance has that claim: what strangers make up is not remembered.
    fn is_of(&self, claim: &Claim) -> bool {
        let named = |serial| self.recorded.transaction.is_some_and(|it| serial != 0 && it.identity == claim.identity);
        self.recorded.identity.is_some_and(|it| it.member == claim.member && it.key == claim.key)
            && claim.transaction.is_none_or(named)
    }
}

/// What is newer of a certificate, after it was put in the place of what was looked up longest ago.
fn remember(remembered: &mut Remembered, key: (u64, u64, B256), standing: Standing) -> Standing {
    match remembered.get(&key) {
        // What was true later counts, whoever shows an older block.
        Some(newer) if newer.block > standing.block => return *newer,
        None if remembered.len() >= MAX_REMEMBERED => {
            let oldest = remembered.iter().min_by_key(|(_, it)| it.block).map(|(oldest, _)| *oldest);
            if let Some(oldest) = oldest {
                remembered.remove(&oldest);
            }
        }
        Some(_) | None => {}
    }
    remembered.insert(key, standing);
    standing
}

fn unsure(reason: &str) -> PeerFault {
    PeerFault::Undetermined { reason: reason.to_owned() }
}

fn undetermined(error: chancery_ledger::LedgerError) -> PeerFault {
    // The answer may go to another organization: it does not learn our endpoints.
    tracing::warn!(%error, "a certificate could not be looked up on the alliance chain");
    PeerFault::Undetermined { reason: "the alliance chain could not be read".to_owned() }
}

/// What is wrong with a certificate by what the alliance has recorded at a time; the first fault.
fn judge(
    certificate: &NodeCertificate,
    recorded: &Recorded,
    now: u64,
    wanted: &Expectation,
) -> Result<Peer, PeerFault> {
    let claim = &certificate.claim;
    let unknown = || -> PeerFault {
        if now < certificate.not_before.saturating_add(BACKDATED_S + MAX_LAG_S) {
            return unsure("the certificate is new, and not on the alliance chain as it is seen here");
        }
        SignatureFault::CertificateUnknown.into()
    };
    let identity = recorded.identity.ok_or_else(unknown)?;
    if identity.member != claim.member {
        return Err(SignatureFault::CertificateUnknown.into());
    }
    if identity.key != claim.key {
        return Err(PeerFault::AddressUnknown { address: claim.key });
    }
    let is_active = |_: B256| recorded.member_is_active;
    let scope = match claim.transaction {
        None => {
            check_identity(&identity, is_active, now)?;
            None
        }
        Some(_) => {
            let Some(transaction) = recorded.transaction else {
                let fault = unknown();
                // It may come here yet; that its identity does not count any more has come.
                if fault.is_temporary() {
                    check_identity(&identity, is_active, now)?;
                }
                return Err(fault);
            };
            if transaction.identity != claim.identity {
                return Err(SignatureFault::CertificateUnknown.into());
            }
            // Whether it allows what is wanted is looked at below, for both kinds.
            check(Some((&transaction, &identity)), is_active, transaction.scope, now)?;
            Some(transaction.scope)
        }
    };
    let (not_before, not_after) = (certificate.not_before, certificate.not_after);
    if now < not_before {
        return Err(unsure("the certificate begins later than the alliance's time as it is seen here"));
    }
    if now > not_after {
        return Err(PeerFault::OutOfTime { not_before, not_after, now });
    }
    let (node, member) = (identity.node, identity.member);
    let peer = Peer { node, member, identity: claim.identity, transaction: claim.transaction, scope };
    if let Some(expected) = wanted.member.filter(|expected| *expected != peer.member) {
        return Err(PeerFault::OtherMember { expected, found: peer.member });
    }
    if wanted.scope.is_some_and(|wanted| !peer.allows(wanted)) {
        return Err(SignatureFault::ScopeMissing.into());
    }
    Ok(peer)
}

impl Peer {
    /// Whether its transaction certificate allows this.
    #[must_use]
    pub fn allows(&self, wanted: Scope) -> bool {
        self.scope.is_some_and(|scope| scope.allows(wanted))
    }
}

#[cfg(test)]
mod tests;
