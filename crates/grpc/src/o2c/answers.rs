//! What the doors answer operators, as messages.

use std::collections::HashMap;

use chancery_reference_points::{
    DoorError, DoorResult, Role,
    access_rule::{AccessRule as DoorRule, ServiceAccess as DoorAccess},
    alert::{AddedReceiver, AlertReceiver as DoorReceiver, TestedDelivery},
    change_approval::{ChangeReview as DoorReview, ProposedChange as DoorProposed, SignedChange as DoorSigned},
    contract_release::ReleaseStep,
    data_format::DataFormat,
    o2c::{ChangeResult, Mode},
    organization::{Organization as DoorOrganization, OrganizationKey as DoorKey},
    quota::Quota as DoorQuota,
    source_data::{
        Restoration as DoorRestoration, Source as DoorSource, SourceKey as DoorSourceKey, Withdrawal as DoorWithdrawal,
    },
    u2s::ServiceDescription,
};

use super::{
    AccessRule, AddedAlertReceiver, AlertReceiver, AlertTest, ChangeReview, Changed, Format, Organization,
    OrganizationKey, ProposedChange, Quota, Restoration, Service, ServiceAccess, SignedChange, Source, SourceKey, Step,
    Withdrawal, shown,
};

/// What a change has done, or would do.
#[must_use]
pub fn changed(result: ChangeResult, mode: Mode) -> Changed {
    Changed {
        applied: mode == Mode::Apply,
        effects: result.effects,
        recorded: result.recorded.into_iter().map(Into::into).collect(),
    }
}

impl From<DoorOrganization> for Organization {
    fn from(organization: DoorOrganization) -> Self {
        let key = |key: DoorKey| OrganizationKey {
            address: shown(key.address),
            right: key.right,
            not_before_s: key.not_before,
            not_after_s: key.not_after,
            revoked_at_s: key.revoked_at,
        };
        Self {
            code: organization.code,
            name: organization.name,
            administrator: shown(organization.administrator),
            suspended: organization.suspended,
            keys: organization.keys.into_iter().map(key).collect(),
        }
    }
}

impl From<DataFormat> for Format {
    fn from(format: DataFormat) -> Self {
        Self {
            format: format.id.0,
            version: format.version,
            chain: format.chain.0,
            title_en: format.title.en,
            title_zh: format.title.zh,
            source: format.source,
            sealed: format.sealed,
            schema_json: format.schema.to_string(),
            schema_hash: shown(format.schema_hash),
        }
    }
}

fn withdrawal(withdrawal: DoorWithdrawal) -> Withdrawal {
    Withdrawal { at_ms: withdrawal.at_ms, by: shown(withdrawal.by), reason: withdrawal.reason }
}

fn source_key(key: DoorSourceKey) -> DoorResult<SourceKey> {
    Ok(SourceKey {
        kid: key.kid,
        jwk_json: serde_json::to_string(&key.jwk).map_err(DoorError::internal)?,
        from_ms: key.from_ms,
        until_ms: key.until_ms,
        statement: key.statement,
        approval: key.approval,
    })
}

impl TryFrom<DoorSource> for Source {
    type Error = DoorError;

    /// Fails with `Internal` where what is kept cannot be written as JSON.
    fn try_from(source: DoorSource) -> DoorResult<Self> {
        let kind = serde_json::to_value(source.kind).map_err(DoorError::internal)?;
        let restored = |one: DoorRestoration| Restoration {
            withdrawn: Some(withdrawal(one.withdrawn)),
            at_ms: one.at_ms,
            by: shown(one.by),
            reason: one.reason,
        };
        Ok(Self {
            source: shown(source.source),
            kind: kind.as_str().unwrap_or_default().to_owned(),
            organization: source.organization,
            name: source.name,
            keys: source.keys.into_iter().map(source_key).collect::<DoorResult<_>>()?,
            registered_by: shown(source.registered_by),
            withdrawn: source.withdrawn.map(withdrawal),
            restored: source.restored.into_iter().map(restored).collect(),
        })
    }
}

fn names(roles: Vec<Role>) -> Vec<String> {
    roles.into_iter().map(|role| role.name().to_owned()).collect()
}

impl From<ServiceDescription> for Service {
    fn from(known: ServiceDescription) -> Self {
        Self { name: known.name, description: known.description, roles: names(known.roles) }
    }
}

impl From<DoorRule> for AccessRule {
    fn from(rule: DoorRule) -> Self {
        let entries = rule.entries.into_iter().map(|(subject, effect)| (subject.to_string(), effect.name().to_owned()));
        Self {
            version: rule.version,
            entries: entries.collect::<HashMap<_, _>>(),
            by: shown(rule.by),
            configured_at_s: rule.configured_at,
        }
    }
}

impl From<DoorAccess> for ServiceAccess {
    fn from(access: DoorAccess) -> Self {
        Self {
            service: access.service,
            anybody: access.roles.is_none(),
            roles: names(access.roles.unwrap_or_default()),
            versions: access.versions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<DoorQuota> for Quota {
    fn from(quota: DoorQuota) -> Self {
        let DoorQuota { operations_per_day, bytes_per_day, operations_per_minute } = quota;
        Self { operations_per_day, bytes_per_day, operations_per_minute }
    }
}

fn step(step: ReleaseStep) -> Step {
    Step { operator: shown(step.operator), time_s: step.time }
}

impl From<DoorProposed> for ProposedChange {
    fn from(change: DoorProposed) -> Self {
        Self {
            change: shown(change.change),
            kind: change.kind.as_str().to_owned(),
            status: change.status.as_str().to_owned(),
            change_hash: shown(change.change_hash),
            expires_at_s: change.expires_at,
            proposed: Some(step(change.proposed)),
            decided: change.decided.map(step),
            withdrawn: change.withdrawn.map(step),
            applied: change.applied.map(step),
        }
    }
}

impl From<DoorReview> for ChangeReview {
    fn from(review: DoorReview) -> Self {
        let DoorSigned { content, salt, expires_at, deadline, signature } = review.signed;
        let signed = SignedChange {
            content,
            salt: shown(salt),
            expires_at_s: expires_at,
            deadline_s: deadline,
            signature: shown(signature),
        };
        Self { proposal: Some(review.proposal.into()), signed: Some(signed) }
    }
}

impl From<DoorReceiver> for AlertReceiver {
    fn from(receiver: DoorReceiver) -> Self {
        Self {
            id: receiver.id,
            url: receiver.url,
            allow_private: receiver.allow_private,
            added_by: shown(receiver.added_by),
            added_at_ms: receiver.added_at_ms,
            waiting: receiver.waiting,
            delivered_at_ms: receiver.delivered_at_ms,
            trouble: receiver.trouble,
        }
    }
}

impl From<AddedReceiver> for AddedAlertReceiver {
    fn from(added: AddedReceiver) -> Self {
        let secret = added.secret.as_ref().map(|secret| secret.0.clone());
        Self { receiver: Some(added.receiver.into()), secret }
    }
}

impl From<TestedDelivery> for AlertTest {
    fn from(tested: TestedDelivery) -> Self {
        Self { delivered: tested.delivered, status: tested.status.map(Into::into), detail: tested.detail }
    }
}
