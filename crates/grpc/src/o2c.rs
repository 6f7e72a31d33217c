//! O2C: what its messages ask controlling to change.

mod answers;

use std::collections::HashMap;

use alloy_primitives::{Address, B256};
use bytes::Bytes;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    access_rule::{AccessEffect, AccessEntries, AccessSubject},
    change_approval::{ApprovalStatus, SignedChange as DoorSigned, SignedDecision},
    data_format::{DataFormat, FormatId, Title},
    o2c::{Change, Mode},
    operation::ChainName,
    organization::OrganizationKey as DoorKey,
    price::{Price as DoorPrice, PriceSubject},
    quota::{Quota as DoorQuota, QuotaSubject},
    source_data::SourceChange,
};

pub use self::answers::changed;
use crate::r2d::{hash, malformed};
pub use crate::wire::o2c::v1::{
    AccessRule, AddAlertReceiverRequest, AddedAlertReceiver, AlertReceiver, AlertReceivers, AlertTest,
    AuthorizeKeyRequest, Chain, Chains, ChangeName, ChangeReview, Changed, ConfigureAccessRequest,
    ConfigureFormatRequest, Consensus, DecideChangeRequest, EndKeyRequest, Format, FormatName,
    ListAlertReceiversRequest, ListChainsRequest, ListChangesRequest, ListOrganizationsRequest, ListServicesRequest,
    Node, OfferServiceRequest, Organization, OrganizationKey, OrganizationName, Organizations, Price,
    ProposeChangeRequest, ProposedChange, ProposedChanges, Quota, RegisterOrganizationRequest, RegisterSourceRequest,
    RemoveAlertReceiverRequest, Restoration, Service, ServiceAccess, ServiceName, Services, SetConditionsRequest,
    SetPriceRequest, SetQuotaRequest, SignedChange, Source, SourceChanged, SourceEndRequest, SourceKey, SourceName,
    Step, SuspendOrganizationRequest, SuspendUserRequest, TestAlertReceiverRequest, Withdrawal, o2c_client, o2c_server,
    source_changed::Outcome as SourceOutcome,
};

/// A message that asks for a change of the configuration.
pub trait Configures {
    /// The change, and whether it is only looked at. `by`: the operator who asks. `now_s`: Unix seconds, for what counts from now on.
    ///
    /// # Errors
    /// `MalformedRequest`, `MalformedAddress` with the member that cannot be read; what the configuration may be is the door's to say.
    fn change(self, by: Address, now_s: u64) -> DoorResult<(Change, Mode)>;
}

/// Whether a change is only looked at.
#[must_use]
pub const fn mode(check: bool) -> Mode {
    if check { Mode::Check } else { Mode::Apply }
}

/// An address of 20 bytes.
///
/// # Errors
/// `MalformedAddress` with the member's name, for another length.
pub fn address(member: &str, bytes: &[u8]) -> DoorResult<Address> {
    Address::try_from(bytes).map_err(|_| {
        let detail = format!("{member}: 20 bytes, not {}", bytes.len());
        DoorError::new(Code::MalformedAddress, detail).with("member", member)
    })
}

pub(crate) fn shown(bytes: impl AsRef<[u8]>) -> Bytes {
    Bytes::copy_from_slice(bytes.as_ref())
}

impl Configures for RegisterOrganizationRequest {
    fn change(self, _: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let administrator = address("administrator", &self.administrator)?;
        Ok((Change::RegisterOrganization { code: self.code, name: self.name, administrator }, mode(self.check)))
    }
}

impl Configures for SuspendOrganizationRequest {
    fn change(self, _: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let change = Change::SuspendOrganization { organization: self.code, suspended: self.suspended };
        Ok((change, mode(self.check)))
    }
}

impl Configures for AuthorizeKeyRequest {
    fn change(self, _: Address, now_s: u64) -> DoorResult<(Change, Mode)> {
        let key = DoorKey {
            address: address("address", &self.address)?,
            right: self.right,
            not_before: self.not_before_s.unwrap_or(now_s),
            not_after: self.not_after_s,
            revoked_at: None,
        };
        Ok((Change::AuthorizeKey { organization: self.organization, key }, mode(self.check)))
    }
}

impl Configures for EndKeyRequest {
    fn change(self, _: Address, now_s: u64) -> DoorResult<(Change, Mode)> {
        let (organization, address) = (self.organization, address("address", &self.address)?);
        let change = match (self.compromised, self.right, self.from_s) {
            (false, _, Some(_)) => return Err(malformed("from_s", "only of a compromised key")),
            (true, Some(_), _) => return Err(malformed("right", "a compromised key loses all its rights")),
            (false, right, None) => Change::RetireKey { organization, address, right },
            (true, None, from) => Change::RevokeKey { organization, address, from: from.unwrap_or(now_s) },
        };
        Ok((change, mode(self.check)))
    }
}

impl Configures for ConfigureFormatRequest {
    fn change(self, _: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let schema =
            serde_json::from_str(&self.schema_json).map_err(|error| malformed("schema_json", &error.to_string()))?;
        let format = DataFormat {
            id: FormatId(self.format),
            version: self.version,
            chain: ChainName(self.chain),
            title: Title { en: self.title_en, zh: self.title_zh },
            source: self.source,
            sealed: self.sealed,
            schema,
            schema_hash: B256::ZERO,
        };
        let (_, schema_hash) = format.canonical_schema()?;
        Ok((Change::ConfigureFormat(DataFormat { schema_hash, ..format }), mode(self.check)))
    }
}

impl Configures for SetConditionsRequest {
    fn change(self, _: Address, _: u64) -> DoorResult<(Change, Mode)> {
        Ok((Change::SetConditions { kind: self.kind, requires: self.requires }, mode(self.check)))
    }
}

impl Configures for SuspendUserRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let address = address("address", &self.address)?;
        Ok((Change::SuspendUser { address, suspended: self.suspended, by }, mode(self.check)))
    }
}

impl Configures for OfferServiceRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        Ok((Change::OfferService { service: self.service, offered: self.offered, by }, mode(self.check)))
    }
}

impl Configures for ConfigureAccessRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let entries = entries(self.entries)?;
        let change = Change::ConfigureAccess { service: self.service, version: self.version, entries, by };
        Ok((change, mode(self.check)))
    }
}

fn entries(entries: HashMap<String, String>) -> DoorResult<AccessEntries> {
    let entry = |(subject, effect): (String, String)| -> DoorResult<(AccessSubject, AccessEffect)> {
        let known = [AccessEffect::Allow, AccessEffect::Deny].into_iter().find(|known| known.name() == effect);
        Ok((subject.parse::<AccessSubject>()?, known.ok_or_else(|| malformed("entries", "write allow or deny"))?))
    };
    entries.into_iter().map(entry).collect()
}

impl From<Quota> for DoorQuota {
    fn from(quota: Quota) -> Self {
        let Quota { operations_per_day, bytes_per_day, operations_per_minute } = quota;
        Self { operations_per_day, bytes_per_day, operations_per_minute }
    }
}

impl Configures for SetQuotaRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let subject = self.subject.parse::<QuotaSubject>()?;
        Ok((Change::SetQuota { subject, quota: self.quota.map(Into::into), by }, mode(self.check)))
    }
}

impl Configures for SetPriceRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let subject = self.subject.parse::<PriceSubject>()?;
        let price = self.price.map(|price| {
            let Price { amount, currency, check_amount, mebibyte_amount } = price;
            DoorPrice { amount, currency, check_amount, mebibyte_amount }
        });
        Ok((Change::SetPrice { subject, price, by }, mode(self.check)))
    }
}

impl Configures for ProposeChangeRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let signed = self.signed.ok_or_else(|| malformed("signed", "it is missing"))?;
        let proposal = DoorSigned {
            content: signed.content,
            salt: hash("salt", &signed.salt)?,
            expires_at: signed.expires_at_s,
            deadline: signed.deadline_s,
            signature: signed.signature.into(),
        };
        Ok((Change::ProposeChange { proposal, by }, mode(self.check)))
    }
}

impl Configures for DecideChangeRequest {
    fn change(self, by: Address, _: u64) -> DoorResult<(Change, Mode)> {
        let change = hash("change", &self.change)?;
        let status = STATUSES.into_iter().find(|known| known.as_str() == self.status);
        let decision = match status {
            None => return Err(malformed("status", "write approved, rejected, withdrawn or applied")),
            Some(ApprovalStatus::Applied) => {
                return Ok((Change::ApplyChange { proposed: change, by }, mode(self.check)));
            }
            Some(status) => SignedDecision {
                change,
                status,
                reason: self.reason,
                deadline: self.deadline_s,
                signature: self.signature.into(),
            },
        };
        Ok((Change::DecideChange { decision, by }, mode(self.check)))
    }
}

const STATUSES: [ApprovalStatus; 5] = [
    ApprovalStatus::Proposed,
    ApprovalStatus::Approved,
    ApprovalStatus::Rejected,
    ApprovalStatus::Withdrawn,
    ApprovalStatus::Applied,
];

/// Why, where nobody says it.
const UNSAID: &str = "unspecified";

impl SourceEndRequest {
    /// The source with its withdrawal, or with what takes that back.
    ///
    /// # Errors
    /// `MalformedAddress`.
    pub fn change(self, ends: bool) -> DoorResult<(Address, SourceChange)> {
        let source = address("source", &self.source)?;
        let reason = self.reason.unwrap_or_else(|| UNSAID.to_owned());
        let change =
            if ends { SourceChange::Withdraw { source, reason } } else { SourceChange::Restore { source, reason } };
        Ok((source, change))
    }
}

#[cfg(test)]
mod tests;
