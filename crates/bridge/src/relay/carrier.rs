//! To whom a requester hands what it has put together.

use alloy_primitives::U256;
use async_trait::async_trait;
use chancery_ledger::{LedgerError, RevertReason};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    alliance::{
        certificate::SignatureFault,
        submission::{Submission, SubmissionFault},
    },
    http::{CallError, JsonClient},
    tls::ChannelFault,
};

/// Where relays take submissions.
pub const PATH: &str = "/v1/submissions";

/// Has a submission sequenced and carried to its end.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// The number that it got. The same again is no error, and tells a carrier that was killed what it has forgotten.
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal>;

    /// Ends when the number seems to be decided, so that it is worth looking at the chain; never, if this carrier cannot tell. Nothing is believed for it.
    async fn decided(&self, _number: u64) {
        std::future::pending().await
    }

    /// Whether [`Self::decided`] can be expected to end: then one looks less often by oneself.
    fn announces(&self) -> bool {
        false
    }
}

/// What a submission was sequenced as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Carried {
    /// Its number.
    pub number: u64,
}

/// Why a submission is not carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum CarryRefusal {
    /// Correct its form.
    #[error("the submission is malformed: {fault}")]
    Malformed {
        /// What is wrong.
        fault: SubmissionFault,
    },
    /// It cannot be read at all.
    #[error("the submission cannot be read")]
    Unreadable,
    /// The requester's certificate or signature does not count.
    #[error("the requester's signature under certificate {certificate} does not count: {fault}")]
    RequesterRefused {
        /// Serial number of its transaction certificate.
        certificate: u64,
        /// What is wrong.
        fault: SignatureFault,
    },
    /// Another request has the key.
    #[error("another request of this node has the idempotency key: number {number}")]
    IdempotencyKeyUsed {
        /// That one.
        number: u64,
    },
    /// The alliance contract does not take it.
    #[error("the alliance refuses: {reason}")]
    Refused {
        /// In the contract's own terms.
        reason: String,
    },
    /// Renew or correct a certificate, or ask at another address: the two do not speak to each other.
    #[error("{fault}")]
    Channel {
        /// Why.
        fault: ChannelFault,
    },
    /// Send it again: whether it was sequenced is not known.
    #[error("it is not known whether it was sequenced: {reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },
}

impl CarryRefusal {
    /// Whether the same is to be sent again.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Channel { fault } => fault.is_temporary(),
            _ => false,
        }
    }
}

impl From<CallError> for CarryRefusal {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Channel(fault) => Self::Channel { fault },
            // That of an interrupted call too: it may have been sequenced.
            error => Self::Unavailable { reason: error.to_string() },
        }
    }
}

/// What the alliance contract said.
impl From<&RevertReason> for CarryRefusal {
    fn from(reason: &RevertReason) -> Self {
        let number = |name| reason.argument(name).and_then(|text| text.parse::<U256>().ok());
        let known = match reason.name.as_str() {
            "RequesterRefused" => {
                let fault =
                    number("fault").and_then(|code| u8::try_from(code).ok()).and_then(SignatureFault::from_code);
                let certificate = number("certificate").and_then(|serial| u64::try_from(serial).ok());
                certificate.zip(fault).map(|(certificate, fault)| Self::RequesterRefused { certificate, fault })
            }
            "IdempotencyKeyUsed" => number("number")
                .and_then(|number| u64::try_from(number).ok())
                .map(|number| Self::IdempotencyKeyUsed { number }),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Refused { reason: reason.to_string() })
    }
}

impl From<LedgerError> for CarryRefusal {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Reverted { reason, .. } => Self::from(reason.as_ref()),
            error => {
                // The answer may go to another organization: it does not learn our endpoints.
                tracing::warn!(%error, "a submission could not be brought to the alliance chain");
                Self::Unavailable { reason: "the alliance chain could not be reached".to_owned() }
            }
        }
    }
}

/// A relay that is asked over HTTP.
#[derive(Clone, Debug)]
pub struct RemoteCarrier {
    client: JsonClient,
    url: Url,
}

impl RemoteCarrier {
    /// `url` with its path: a relay answers at [`PATH`].
    #[must_use]
    pub const fn new(client: JsonClient, url: Url) -> Self {
        Self { client, url }
    }
}

#[async_trait]
impl Carrier for RemoteCarrier {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        match self.client.post::<Carried, CarryRefusal>(self.url.clone(), submission).await {
            Ok(answer) => answer.map(|carried| carried.number),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;

    use super::*;

    fn reason(name: &str, arguments: &[(&str, &str)]) -> RevertReason {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        RevertReason { name: name.to_owned(), arguments: arguments.collect(), data: Bytes::new() }
    }

    // A-CERT, A-ERR: only what ended before anything was sent was certainly not sequenced.
    #[test]
    fn a_fault_after_the_submission_was_sent_is_no_refusal() {
        let fault = || ChannelFault::Theirs { fault: SignatureFault::CertificateRevoked.into() };
        let before = CarryRefusal::from(CallError::Channel(fault()));
        assert!(!before.is_temporary() && before == CarryRefusal::Channel { fault: fault() });
        let after = CarryRefusal::from(CallError::Interrupted(fault()));
        assert!(matches!(&after, CarryRefusal::Unavailable { .. }) && after.is_temporary(), "{after}");
    }

    #[test]
    fn what_the_contract_says_keeps_its_meaning() {
        let expired = reason("RequesterRefused", &[("certificate", "7"), ("fault", "3")]);
        let expected = CarryRefusal::RequesterRefused { certificate: 7, fault: SignatureFault::CertificateExpired };
        assert_eq!(CarryRefusal::from(&expired), expected);
        let used = reason("IdempotencyKeyUsed", &[("number", "12")]);
        assert_eq!(CarryRefusal::from(&used), CarryRefusal::IdempotencyKeyUsed { number: 12 });
        let other = CarryRefusal::from(&reason("RequestLapsed", &[("validUntil", "9")]));
        assert_eq!(other, CarryRefusal::Refused { reason: "RequestLapsed(validUntil: 9)".to_owned() });
        let odd = CarryRefusal::from(&reason("RequesterRefused", &[("certificate", "7"), ("fault", "300")]));
        assert!(matches!(odd, CarryRefusal::Refused { .. }));
    }
}
