//! The registered sources: whose key is whose, now and before (DATA-1).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use alloy_primitives::Address;
use chancery_data::{
    Jws, PublicKey, SourceId, Submission, Thumbprint,
    source::{ShownKey, SourceStatement},
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    quota::QuotaSubject,
    source_data::{Source, SourceChange, SourceKey, Withdrawal},
};

use crate::{
    entry::Head,
    limits::{MAX_KEYS_OF_SOURCE, MAX_REASON_BYTES, MAX_SOURCES},
};

/// A key that was or is a source's.
#[derive(Clone)]
struct Holder {
    source: SourceId,
    key: Arc<PublicKey>,
    is_present: bool,
}

/// All sources.
#[derive(Default)]
pub(crate) struct Sources {
    by_id: HashMap<SourceId, Source>,
    by_key: HashMap<Thumbprint, Holder>,
}

impl Sources {
    /// Takes a source as it stands in the index or journal.
    pub(crate) fn put(&mut self, source: Source) -> DoorResult<()> {
        let is_open = source.withdrawn.is_none();
        for (position, known) in source.keys.iter().enumerate() {
            let key = PublicKey::from_jwk(&known.jwk).map_err(DoorError::internal)?;
            let is_present = is_open && position + 1 == source.keys.len();
            let holder = Holder { source: source.source, key: Arc::new(key.clone()), is_present };
            self.by_key.insert(key.thumbprint(), holder);
        }
        self.by_id.insert(source.source, source);
        Ok(())
    }

    pub(crate) fn get(&self, source: SourceId) -> DoorResult<&Source> {
        self.by_id
            .get(&source)
            .ok_or_else(|| DoorError::new(Code::UnknownSource, format!("there is no source {source}")))
    }

    /// All sources and their organizations, as quotas name them.
    pub(crate) fn parties(&self) -> BTreeSet<QuotaSubject> {
        let sources = self.by_id.values();
        sources
            .flat_map(|source| {
                [QuotaSubject::Organization(source.organization.clone()), QuotaSubject::Source(source.source)]
            })
            .collect()
    }

    /// The key that a submission has to be verified with, if its source may submit at this moment.
    ///
    /// # Errors
    /// `UnknownSource`, `SignatureInvalid` for a key of another source, `KeyRotated`, `SourceWithdrawn`.
    pub(crate) fn key_for(&self, submission: &Submission) -> DoorResult<Arc<PublicKey>> {
        let claimed = submission.statement.source;
        let holder = self.by_key.get(&submission.jws.kid);
        let holder = holder.ok_or_else(|| DoorError::new(Code::UnknownSource, "kid: no source has this key"))?;
        if holder.source != claimed {
            return Err(DoorError::new(Code::SignatureInvalid, format!("kid: the key is not of source {claimed}")));
        }
        if !holder.is_present {
            let is_withdrawn = self.get(claimed)?.withdrawn.is_some();
            let (code, detail) = if is_withdrawn {
                (Code::SourceWithdrawn, "the source was withdrawn")
            } else {
                (Code::KeyRotated, "kid: another key has taken the place of this one")
            };
            return Err(DoorError::new(code, detail));
        }
        Ok(Arc::clone(&holder.key))
    }

    /// What a change makes of a source, and how it stands in a data block.
    ///
    /// # Errors
    /// As `R2dSources::change_source`.
    pub(crate) fn change(
        &self,
        actor: &Actor,
        change: SourceChange,
        chain_id: u64,
        now_ms: u64,
    ) -> DoorResult<(Source, Head)> {
        match change {
            SourceChange::Statement { statement, approval } => {
                let shown = ShownKey::parse(&statement).map_err(|error| match &error {
                    chancery_data::source::SourceError::Jws(chancery_data::JwsError::Signature) => {
                        DoorError::new(Code::SignatureInvalid, error.to_string())
                    }
                    _ => DoorError::new(Code::MalformedRequest, error.to_string()),
                })?;
                self.state(actor, &shown, approval, chain_id, now_ms)
            }
            SourceChange::Withdraw { source, reason } => self.withdraw(operator(actor)?, source, reason, now_ms),
        }
    }

    fn state(
        &self,
        actor: &Actor,
        shown: &ShownKey,
        approval: Option<String>,
        chain_id: u64,
        now_ms: u64,
    ) -> DoorResult<(Source, Head)> {
        let (SourceStatement::Register { chain_id: named, time, .. }
        | SourceStatement::Rotate { chain_id: named, time, .. }) = &shown.statement;
        if *named != chain_id {
            return Err(DoorError::new(
                Code::WrongChain,
                format!("chainId is {named}, sources are of chain {chain_id}"),
            ));
        }
        check_time(*time, now_ms)?;
        if self.by_key.contains_key(&shown.thumbprint) {
            return Err(DoorError::new(Code::SourceExists, "jwk: the key is, or was, a source's"));
        }
        let key = SourceKey {
            jwk: shown.key.to_jwk(),
            kid: shown.thumbprint.to_kid(),
            from_ms: now_ms,
            until_ms: None,
            statement: shown.jws.text().to_owned(),
            approval: approval.clone(),
        };
        let source = match &shown.statement {
            SourceStatement::Register { kind, organization, name, .. } => {
                let registered_by = operator(actor)?;
                if self.by_id.len() >= MAX_SOURCES {
                    return Err(DoorError::new(Code::TooManyRequests, format!("there are {MAX_SOURCES} sources")));
                }
                Source {
                    source: shown.thumbprint.source(),
                    kind: *kind,
                    organization: organization.clone(),
                    name: name.clone(),
                    keys: vec![key],
                    registered_by,
                    withdrawn: None,
                }
            }
            SourceStatement::Rotate { source, .. } => self.rotated(actor, *source, shown, key, approval, now_ms)?,
        };
        let head = Head::new(&shown.leaf(source.source), now_ms);
        Ok((source, head))
    }

    fn rotated(
        &self,
        actor: &Actor,
        source: SourceId,
        shown: &ShownKey,
        key: SourceKey,
        approval: Option<String>,
        now_ms: u64,
    ) -> DoorResult<Source> {
        let mut source = self.open(source)?.clone();
        if source.keys.len() >= MAX_KEYS_OF_SOURCE {
            return Err(DoorError::new(
                Code::MalformedRequest,
                format!("a source has at most {MAX_KEYS_OF_SOURCE} keys"),
            ));
        }
        let present = source.keys.last_mut().ok_or_else(|| DoorError::new(Code::UnknownSource, "it has no key"))?;
        match approval {
            Some(approval) => {
                let old = PublicKey::from_jwk(&present.jwk).map_err(DoorError::internal)?;
                shown
                    .approved_by(&approval, &old)
                    .map_err(|error| DoorError::new(Code::SignatureInvalid, format!("approval: {error}")))?;
            }
            None => drop(operator(actor)?),
        }
        present.until_ms = Some(now_ms);
        source.keys.push(key);
        Ok(source)
    }

    fn withdraw(&self, by: Address, source: SourceId, reason: String, now_ms: u64) -> DoorResult<(Source, Head)> {
        if reason.is_empty() || reason.len() > MAX_REASON_BYTES {
            return Err(DoorError::new(Code::MalformedRequest, format!("reason has 1 to {MAX_REASON_BYTES} bytes")));
        }
        let mut source = self.open(source)?.clone();
        let withdrawal = Withdrawal { at_ms: now_ms, by, reason };
        let digest = withdrawal_digest(source.source, &withdrawal);
        if let Some(key) = source.keys.last_mut() {
            key.until_ms = Some(now_ms);
        }
        source.withdrawn = Some(withdrawal);
        let head =
            Head { accepted_at_ms: now_ms, digest, source: source.source, content_hash: digest, time_s: now_ms / 1000 };
        Ok((source, head))
    }

    fn open(&self, source: SourceId) -> DoorResult<&Source> {
        let source = self.get(source)?;
        if source.withdrawn.is_some() {
            return Err(DoorError::new(Code::SourceWithdrawn, "the source was withdrawn"));
        }
        Ok(source)
    }
}

/// How a withdrawal is named in the data block.
pub(crate) fn withdrawal_digest(source: SourceId, withdrawal: &Withdrawal) -> alloy_primitives::B256 {
    let text = serde_json::json!({"do": "withdraw", "source": source, "withdrawal": withdrawal}).to_string();
    chancery_data::merkle::leaf_hash(text.as_bytes())
}

/// The keys of a source up to the one that signed, and what leads from each to the next; for a proof.
pub(crate) fn lineage(source: &Source, jws: &Jws) -> (Vec<chancery_data::key::Jwk>, Vec<[String; 2]>) {
    let until = source.keys.iter().position(|key| key.kid == jws.header.kid).unwrap_or_default();
    let keys = &source.keys[..=until.min(source.keys.len().saturating_sub(1))];
    let rotations = keys.iter().skip(1).filter_map(|key| Some([key.statement.clone(), key.approval.clone()?]));
    (keys.iter().map(|key| key.jwk.clone()).collect(), rotations.collect())
}

pub(crate) fn check_time(time_ms: u64, now_ms: u64) -> DoorResult<()> {
    if time_ms <= now_ms.saturating_add(crate::limits::MAX_CLOCK_SKEW_MS) {
        return Ok(());
    }
    Err(DoorError::new(Code::ClockSkew, format!("time: {time_ms} lies ahead of {now_ms}")).with("now", now_ms))
}

fn operator(actor: &Actor) -> DoorResult<Address> {
    let refused =
        || DoorError::new(Code::RoleRequired, "this needs an operator").with("required", vec![Role::Operator.name()]);
    if !actor.is(Role::Operator) {
        return Err(refused());
    }
    actor.address.ok_or_else(refused)
}
