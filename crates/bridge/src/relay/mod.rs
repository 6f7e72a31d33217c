//! The relay: carries headers and proofs between chains, and the steps of requests that follow from them.
//!
//! | module | carries |
//! |---|---|
//! | [`anchor`] | headers with certificates, changes of validators, proven accounts and slots to an [`crate::anchor`] on chain |
//! | [`request`] | a sequenced request to its members, their outcomes back, and the decision to them |
//! | [`ferry`] | slots of one account for many requests at once, with the step that each takes by its own |
//! | [`step`] | which of these is next, from what is on chain |
//! | [`courier`] | all requests of an alliance, until they are at their end |
//! | [`ways`] | nothing: says where members are reached, those that have left too |
//! | [`measured`] | nothing: says how well it goes |
//! | [`trust`] | rights of the main chain and kinds of certificates, to the contracts that keep what was proven of them |
//! | [`push`] | new headers, every K blocks |
//! | [`branch`] | the second certificate of a number, to an anchor that has another header of it than the followed chain's node |
//! | [`standing`] | nothing: makes an anchor where there is none, finds it again, and says what it has |
//! | [`carrier`] | nothing: what a requester sees of a relay, here or over HTTP ([`router`]) |
//!
//! Whoever runs one is trusted with nothing (ANCHOR-6): its key pays for transactions, and each of them says only what a chain can verify. A step that is done
//! already is not an error, so several relays may carry the same, and one that was killed begins anew from what is on chain.

pub mod anchor;
pub mod branch;
pub mod carrier;
pub mod courier;
mod decided;
mod docket;
mod errand;
mod factory;
pub mod ferry;
mod gas;
pub mod measured;
mod parts;
pub mod push;
mod reception;
pub mod request;
mod roads;
mod service;
pub mod standing;
pub mod step;
mod stop;
mod sweeping;
mod testimony;
pub mod trust;
pub(crate) mod unended;
mod visit;
pub mod ways;

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use chancery_contracts::PointError;
use chancery_ledger::{Chain, LedgerError};
use chancery_light::VerifyError;

pub(crate) use self::parts::reserved as reserved_part;
pub use self::{
    anchor::{AnchorRelay, Proven, ProvenSlot},
    branch::Branch,
    carrier::{Carrier, CarryRefusal, RemoteCarrier},
    courier::{Courier, CourierLimits},
    measured::{Measured, MemberMeasured},
    push::{AnchorBoard, AnchorSeen},
    request::{MemberLink, RequestRelay, Settlement},
    service::{router, submissions},
    standing::{AnchoredHeader, Standing},
    testimony::Testimony,
    trust::{HeldRelay, TrustRelay},
    ways::{MemberWay, Way, Ways, member_links},
};
use crate::contracts::ViewError;

/// Why something was not carried.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A chain does not answer, refuses, or shows what does not verify.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Its members' outcomes can be attested, not proven.
    #[error("chain {chain} has no block with a finality certificate: nothing of it can be proven elsewhere")]
    NoCertificate {
        /// Its name.
        chain: String,
    },
    /// No endorser of a foreign member says what became of its part.
    #[error("nobody attests for {member}: {said}")]
    NotAttested {
        /// The member.
        member: alloy_primitives::B256,
        /// What each said instead.
        said: String,
    },
    /// What would have carried it was given up; the same again begins anew.
    #[error("a crossing that carried others too was given up")]
    LeftBehind,
    /// Register it on the main chain first.
    #[error("the main chain knows no organization {organization}")]
    NotRegistered {
        /// Its code.
        organization: alloy_primitives::B256,
    },
    /// Its key records are more than a relay looks through: the newest of them were, and the organization and its rights are not concerned.
    #[error("organization {organization} has {count} key records, of which only the newest {limit} are looked through")]
    TooManyKeyRecords {
        /// Its code.
        organization: alloy_primitives::B256,
        /// How many it has.
        count: u64,
        /// How many are looked through.
        limit: u64,
    },
    /// A host refuses what comes from so far ahead: correct the clock that is wrong, of the one chain or the other.
    #[error("the newest final block of {followed} lies {ahead_s} seconds ahead of {host}")]
    ClockAhead {
        /// The chain that is followed.
        followed: String,
        /// The chain to which it is shown.
        host: String,
        /// By how many seconds.
        ahead_s: u64,
    },
    /// What the host was shown lies ahead of the followed chain, which was put back, as from a back-up: all chains of a city are restored from one moment, or the
    /// organizations vote trust anew on the host.
    #[error(
        "the newest final block of {followed} is {head}, and {host} was shown its block {known}: {followed} lies behind what the host was shown"
    )]
    FollowedBehind {
        /// The chain that is followed.
        followed: String,
        /// The chain to which it is shown.
        host: String,
        /// Number of the newest final block of the one.
        head: u64,
        /// Number of the block from which the other knows the same.
        known: u64,
    },
    /// The side chain knows no such certificate.
    #[error("the chain knows no certificate {certificate_id}")]
    CertificateUnknown {
        /// Its id.
        certificate_id: alloy_primitives::B256,
    },
    /// A view function answered something else.
    #[error("the contract's answer cannot be read: {0}")]
    Answer(#[from] alloy_sol_types::Error),
    /// A contract could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A header of the chain cannot be read.
    #[error(transparent)]
    Header(#[from] VerifyError),
    /// A certificate or a key of the chain is none.
    #[error(transparent)]
    Point(#[from] PointError),
}

impl RelayError {
    /// Whether this chain does not answer, or does not take what is sent.
    fn is_silence_of(&self, chain: &str) -> bool {
        let (Self::Ledger(error) | Self::View(ViewError::Ledger(error))) = self else { return false };
        let (LedgerError::ChainUnreachable { chain: silent, .. }
        | LedgerError::NotFinalYet { chain: silent, .. }
        | LedgerError::Busy { chain: silent, .. }) = error
        else {
            return false;
        };
        silent == chain
    }

    /// Whether a chain refused the transaction, or it failed: another gas limit, or another moment, may help.
    const fn is_refusal(&self) -> bool {
        matches!(self, Self::Ledger(LedgerError::Reverted { .. } | LedgerError::SubmissionRefused { .. }))
    }
}

async fn view<C: SolCall>(chain: &Chain, contract: Address, call: &C) -> Result<C::Return, RelayError> {
    let answer = chain.view(contract, &encoded(call)).await?;
    Ok(C::abi_decode_returns(&answer.data)?)
}

fn encoded(call: &impl SolCall) -> alloy_primitives::Bytes {
    call.abi_encode().into()
}
