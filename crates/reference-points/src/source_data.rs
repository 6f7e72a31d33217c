//! Data of registered sources (R2D; `docs/specs/data.md`): what they hand in, what they get at once, and what they can ask for later.

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use chancery_data::{
    SourceId,
    key::Jwk,
    proof::OperationProof,
    source::{ShownKey, SourceKind, SourceStatement},
    submission::Access,
};
use serde::{Deserialize, Serialize};

/// Most operations of one submission.
pub use chancery_data::submission::MAX_OPERATIONS;

use crate::{
    data_block::TransactionLocator,
    trace::{HandOver, HandedBy},
};

/// A submission as it arrives: signed statement, and the exact bytes of its operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSubmission {
    /// JWS, compact.
    pub submission: String,
    /// The operations.
    pub operations: Vec<Bytes>,
}

impl SourceSubmission {
    /// What it takes of memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.submission.len() + self.operations.iter().map(|operation| operation.len() + 32).sum::<usize>()
    }
}

/// The acknowledgement of a submission; it is durable (DATA-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedSubmission {
    /// Its place in the journal.
    pub place: u64,
    /// SHA-256 of what was signed.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// Its idempotency key.
    pub key: FixedBytes<16>,
    /// How many operations.
    pub count: u32,
    /// When it was accepted first, Unix milliseconds.
    pub accepted_at_ms: u64,
    /// It had been accepted before (DATA-3).
    pub repeated: bool,
    /// The same, signed by the journal's key: the text that [`chancery_data::receipt::Receipt::verify`] reads.
    pub receipt: String,
}

/// What has become of an accepted submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionState {
    /// Its place.
    pub place: u64,
    /// SHA-256 of what was signed.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// How many operations.
    pub count: u32,
    /// When it was accepted, Unix milliseconds.
    pub accepted_at_ms: u64,
    /// Access class; restricted also for what was accepted in clear of a format that is sealed.
    pub access: Access,
    /// End of its retention, Unix milliseconds.
    pub expires_ms: u64,
    /// Root of its data block and where that is recorded; absent until it is final.
    pub recorded: Option<(B256, TransactionLocator)>,
}

/// A change of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceChange {
    /// A statement that the source's own key has signed: registration, or a rotation.
    Statement {
        /// By the key in it: JWS.
        statement: String,
        /// For a rotation, the same payload by the key before: JWS. Without it an operator has to ask.
        approval: Option<String>,
    },
    /// Nothing more is accepted from it.
    Withdraw {
        /// Which.
        source: SourceId,
        /// Why.
        reason: String,
    },
    /// Takes a withdrawal back: its key of then submits again.
    Restore {
        /// Which.
        source: SourceId,
        /// Why.
        reason: String,
    },
}

impl SourceChange {
    /// The organization that a registration names, as it stands in the statement: whoever takes the change in verifies that.
    #[must_use]
    pub fn organization(&self) -> Option<String> {
        let Self::Statement { statement, .. } = self else { return None };
        match ShownKey::parse(statement).ok()?.statement {
            SourceStatement::Register { organization, .. } => Some(organization),
            SourceStatement::Rotate { .. } => None,
        }
    }
}

/// A key of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceKey {
    /// The key.
    pub jwk: Jwk,
    /// Its thumbprint, as `kid` says it.
    pub kid: String,
    /// Accepted from, Unix milliseconds.
    pub from_ms: u64,
    /// Until; absent for the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// The statement that introduced it: JWS.
    pub statement: String,
    /// The approval by the key before; absent for the first key, and where an operator stood in for a lost key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// When and why a source ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Which operator.
    pub by: Address,
    /// Why.
    pub reason: String,
}

/// A withdrawal that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restoration {
    /// What was taken back.
    pub withdrawn: Withdrawal,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Which operator.
    pub by: Address,
    /// Why.
    pub reason: String,
}

/// A registered source, with the history of its keys (M-REP-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its name.
    pub source: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// Whose it is.
    pub organization: String,
    /// What people call it.
    pub name: String,
    /// Its keys, oldest first; the last is in use unless it is withdrawn.
    pub keys: Vec<SourceKey>,
    /// Which operator registered it.
    pub registered_by: Address,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// Ends that were taken back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<Restoration>,
}

impl Source {
    /// In whose hands the source was: its keys, one after the other, and its end.
    #[must_use]
    pub fn hand_overs(&self) -> Vec<HandOver> {
        let mut from: Option<&SourceKey> = None;
        let mut path = Vec::with_capacity(self.keys.len() + 1);
        let hand_over = |from: Option<&SourceKey>, to: Option<&SourceKey>, at, how| HandOver {
            of: self.source,
            from: from.map(|key| key.kid.clone()),
            to: to.map(|key| key.kid.clone()),
            at,
            how,
            recorded: None,
        };
        for key in &self.keys {
            let how = match (from, &key.approval) {
                (None, _) => HandedBy::Registration,
                (Some(_), Some(_)) => HandedBy::Approval,
                (Some(_), None) => HandedBy::Operator,
            };
            path.push(hand_over(from, Some(key), key.from_ms, how));
            from = Some(key);
        }
        for Restoration { withdrawn, at_ms, .. } in &self.restored {
            let then = self.keys.iter().rev().find(|key| key.from_ms <= withdrawn.at_ms);
            path.push(hand_over(then, None, withdrawn.at_ms, HandedBy::Withdrawal));
            path.push(hand_over(None, then, *at_ms, HandedBy::Operator));
        }
        // What happened in one millisecond stays in the order of the history.
        path.sort_by_key(|one| one.at);
        path.extend(self.withdrawn.as_ref().map(|end| hand_over(from, None, end.at_ms, HandedBy::Withdrawal)));
        path
    }
}

/// Proof of one operation: what `chancery verify` reads.
pub type SourceOperationProof = OperationProof;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-APP, DATA-10
    #[test]
    fn a_source_is_in_the_hands_of_one_key_after_the_other() {
        let jwk: Jwk = serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#).unwrap();
        let key = |kid: &str, from_ms, approval: Option<&str>| SourceKey {
            jwk: jwk.clone(),
            kid: kid.into(),
            from_ms,
            until_ms: None,
            statement: "s".into(),
            approval: approval.map(Into::into),
        };
        let source = Source {
            source: SourceId::repeat_byte(1),
            kind: SourceKind::Device,
            organization: "OFFICE".into(),
            name: "a pump".into(),
            keys: vec![key("first", 1, None), key("second", 2, Some("a")), key("third", 3, None)],
            registered_by: Address::ZERO,
            withdrawn: Some(Withdrawal { at_ms: 4, by: Address::ZERO, reason: "sold".into() }),
            restored: Vec::new(),
        };
        let path = source.hand_overs();
        let told: Vec<_> = path.iter().map(|one| (one.from.as_deref(), one.to.as_deref(), one.at, one.how)).collect();
        assert_eq!(
            told,
            [
                (None, Some("first"), 1, HandedBy::Registration),
                (Some("first"), Some("second"), 2, HandedBy::Approval),
                (Some("second"), Some("third"), 3, HandedBy::Operator),
                (Some("third"), None, 4, HandedBy::Withdrawal),
            ]
        );
        assert!(path.iter().all(|one| one.of == source.source));

        // A withdrawal that was taken back between two keys, and the one that stands.
        let past = Withdrawal { at_ms: 2, by: Address::ZERO, reason: "lost".into() };
        let restored = Restoration { withdrawn: past, at_ms: 3, by: Address::ZERO, reason: "found".into() };
        let keys = source.keys[..2].to_vec();
        let source = Source { keys, restored: vec![restored], ..source };
        let path = source.hand_overs();
        let told: Vec<_> = path.iter().map(|one| (one.from.as_deref(), one.to.as_deref(), one.at, one.how)).collect();
        assert_eq!(
            told[2..],
            [
                (Some("second"), None, 2, HandedBy::Withdrawal),
                (None, Some("second"), 3, HandedBy::Operator),
                (Some("second"), None, 4, HandedBy::Withdrawal),
            ]
        );
    }
}
