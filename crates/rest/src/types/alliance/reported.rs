//! What is said of a request before it has a number: reported, and proven by nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    types::{Example, example_hash, example_time},
    values::{HexHash, Timestamp},
};

/// How far a request is that has no number yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceProposalState {
    /// Endorsers are asked.
    UnderWay,
    /// A relay has it.
    HandedIn,
    /// Its requester has given it up before it handed it in, as it reports.
    Ended,
    /// A final block of the alliance chain is later than the last moment at which it could get a number, as that is reported.
    Lapsed,
    /// It has its number: what is proven is told of that.
    Sequenced,
}

/// Who reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceReporter {
    /// An endorser, of its own answer.
    Endorser,
    /// A relay, of what it was handed.
    Relay,
    /// The requester, through a relay.
    Requester,
}

/// How a step before the number went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceSaid {
    /// The requester asks endorsers.
    Proposed,
    /// The endorser has signed.
    Endorsed,
    /// The endorser has not.
    Declined,
    /// The relay was handed the request with its endorsements.
    HandedIn,
    /// The relay has not had it sequenced; another one may.
    NotCarried,
    /// The requester does not go on with it.
    GivenUp,
}

/// Why a part is not endorsed, without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AllianceDeclineReason {
    /// A version is no longer the one that was read.
    Stale,
    /// The call writes something else.
    Differs,
    /// The member's own rule does not let the call happen.
    Rule,
    /// The member's database does not bear it out, or does not take it.
    Database,
    /// The member's database has promised others what does not go with it.
    Promised,
    /// It would have to be promised for too long.
    TooLong,
    /// The endorser cannot say at present.
    Unavailable,
    /// Not more than half of the member's weight has endorsed.
    TooFew,
}

/// What somebody has reported of a request. It is their word, and nothing rests on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceReport {
    /// Who says it.
    pub reporter: AllianceReporter,
    /// The endorser's member; of a requester that has given up, the member because of whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "land registry")]
    pub member: Option<String>,
    /// The member whose node asked who reports, or told it, by that node's certificate; absent: it was not asked for one. What a requester says is the word of a node of this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "bank")]
    pub asker: Option<String>,
    /// What.
    pub said: AllianceSaid,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<AllianceDeclineReason>,
    /// When, by the gateway's clock and how long ago it was said to be.
    pub time: Timestamp,
}

/// A request that has no number yet, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllianceProposal {
    /// The hash by which the alliance knows the request from its number on (`requestHash`); of one that was never put together, the Keccak-256 hash of its idempotency key.
    pub id: HexHash,
    /// How far it is.
    pub state: AllianceProposalState,
    /// Its number; absent: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 7)]
    pub number: Option<u64>,
    /// The member whose node asks; absent: nobody who reports knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "bank")]
    pub requester: Option<String>,
    /// The members of its parts.
    pub parties: Vec<String>,
    /// Until when it can get a number, by the alliance chain's clock; absent: it was never put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When it was first heard of.
    pub heard: Timestamp,
    /// What was reported, in the order of time.
    pub reports: Vec<AllianceReport>,
}

impl Example for AllianceProposal {
    fn example() -> Self {
        let report = |reporter, member: Option<&str>, said| AllianceReport {
            reporter,
            member: member.map(str::to_owned),
            asker: Some("bank".into()),
            said,
            reason: None,
            time: example_time(),
        };
        Self {
            id: example_hash(0x07),
            state: AllianceProposalState::UnderWay,
            number: None,
            requester: Some("bank".into()),
            parties: vec!["bank".into(), "land registry".into()],
            valid_until: Some(example_time()),
            heard: example_time(),
            reports: vec![
                report(AllianceReporter::Requester, None, AllianceSaid::Proposed),
                report(AllianceReporter::Endorser, Some("land registry"), AllianceSaid::Endorsed),
            ],
        }
    }
}
