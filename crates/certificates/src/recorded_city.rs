//! A city written down by hand, for tests: what the readings of this application find on its chains, without a node.
#![allow(clippy::unwrap_used)]

pub(crate) mod desk;
mod people;
mod s2p;
pub(crate) mod samples;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEvent;
use chancery_contracts::{CertificateRegistry, EthereumDIDRegistry, predeploys};
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, Inspect, Issue, OrganizationCode, RevocationReason, Right,
    SignedOperation as _, UnixSeconds,
};
use chancery_reference_points::{
    chain_records::{EventRecord, TransactionRecord},
    data_block::TransactionLocator,
    operation::ChainName,
};
use parking_lot::Mutex;

pub(crate) use people::{INSPECTORS, OFFICE, holder, inspector, office, other_office, stranger};

use crate::{
    directory::CityDirectory,
    keys::PersonKeys,
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING, KeyEntry, identities::attribute_name},
};

/// The present time in tests.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
/// When everything that is there already was recorded.
pub(crate) const BEFORE: UnixSeconds = UnixSeconds(NOW.0 - 1000);

/// The chains. Clones are the same city.
#[derive(Clone, Default)]
pub(crate) struct RecordedCity(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    silent: BTreeSet<ChainName>,
    /// Whether it is suspended.
    organizations: BTreeMap<OrganizationCode, bool>,
    keys: Vec<(ChainName, OrganizationCode, KeyEntry)>,
    certificates: BTreeMap<(ChainName, CertificateId), CertificateRegistry::CertificateRecord>,
    inspections: BTreeSet<B256>,
    nonces: BTreeMap<Address, u64>,
    /// The block of the last change of an identity.
    changed: BTreeMap<Address, u64>,
    events: Vec<EventRecord>,
    transactions: Vec<TransactionRecord>,
    readings: usize,
    /// A query that finds more is refused; `None`: none is.
    most_events: Option<usize>,
    /// Side chains take rights over by proof.
    proves: bool,
    /// Their anchors of the main chain are frozen.
    frozen: bool,
    /// A rule of every side chain asks for this kind, which nobody was shown to have.
    missing: Option<CertificateKind>,
}

pub(crate) fn directory() -> Arc<CityDirectory> {
    Arc::new(CityDirectory::first_city())
}

pub(crate) fn chain(name: &str) -> ChainName {
    ChainName(name.to_owned())
}

impl RecordedCity {
    /// A city in which [`office`] issues degrees, [`inspector`] inspects, and [`holder`] has published keys.
    pub(crate) fn founded() -> Self {
        let city = Self::default();
        city.register(OFFICE);
        city.authorize(OFFICE, office().address(), Right::issue("degree".parse().unwrap()));
        city.register(INSPECTORS);
        city.authorize(INSPECTORS, inspector().address(), Right::INSPECTION);
        city.publish(holder());
        city
    }

    /// Side chains take rights over by proof from now on; what they have was shown to them.
    pub(crate) fn prove_rights(&self) {
        self.0.lock().proves = true;
    }

    /// Side chains take nothing of the main chain any more.
    pub(crate) fn freeze_anchors(&self) {
        self.0.lock().frozen = true;
    }

    /// Side chains ask for a certificate of a kind that no holder was shown to have; or for none.
    pub(crate) fn ask_for(&self, kind: Option<CertificateKind>) {
        self.0.lock().missing = kind;
    }

    /// The chain does not answer from now on.
    pub(crate) fn silence(&self, name: &str) {
        self.0.lock().silent.insert(chain(name));
    }

    /// All chains answer again.
    pub(crate) fn answer_again(&self) {
        self.0.lock().silent.clear();
    }

    /// A query that finds more events is refused from now on.
    pub(crate) fn answer_at_most(&self, events: usize) {
        self.0.lock().most_events = Some(events);
    }

    /// How often a chain was read.
    pub(crate) fn readings(&self) -> usize {
        self.0.lock().readings
    }

    pub(crate) fn register(&self, organization: &str) {
        self.0.lock().organizations.insert(organization.parse().unwrap(), false);
    }

    pub(crate) fn suspend(&self, organization: &str) {
        self.0.lock().organizations.insert(organization.parse().unwrap(), true);
    }

    /// On the main chain and on the chains that the right counts on.
    pub(crate) fn authorize(&self, organization: &str, key: Address, right: Right) {
        let entry =
            KeyEntry { key, right, not_before: BEFORE, not_after: UnixSeconds::ZERO, revoked_at: UnixSeconds::ZERO };
        let kinds = directory().kinds().into_iter().filter(|kind| right.kind().is_none_or(|own| own == *kind));
        let chains = kinds.map(|kind| chain(kind.as_str())).chain([chain("main")]);
        let code: OrganizationCode = organization.parse().unwrap();
        self.0.lock().keys.extend(chains.map(|chain| (chain, code, entry)));
    }

    /// The key counts no more from this second on.
    pub(crate) fn end_key(&self, key: Address, from: UnixSeconds) {
        let mut records = self.0.lock();
        for (_, _, entry) in records.keys.iter_mut().filter(|(_, _, entry)| entry.key == key) {
            entry.revoked_at = from;
        }
    }

    /// One chain forgets a key, as if the change had not arrived there.
    pub(crate) fn forget_key(&self, name: &str, key: Address) {
        self.0.lock().keys.retain(|(on, _, entry)| on.0 != name || entry.key != key);
    }

    /// Both keys of a person stand on the main chain.
    pub(crate) fn publish(&self, person: &PersonKeys) {
        self.publish_attribute(person.address(), ATTRIBUTE_SIGNING, &person.public_key());
        self.publish_attribute(person.address(), ATTRIBUTE_ENCRYPTION, &person.encryption_public_key().0);
    }

    pub(crate) fn publish_attribute(&self, identity: Address, name: &str, value: &[u8]) {
        let event = EthereumDIDRegistry::DIDAttributeChanged {
            identity,
            name: attribute_name(name).unwrap(),
            value: Bytes::copy_from_slice(value),
            validTo: U256::from(NOW.get() + 1_000_000),
            previousChange: self.last_change(identity),
        };
        let event = self.happened("main", predeploys::ETHEREUM_DID_REGISTRY, BEFORE, &event);
        self.0.lock().changed.insert(identity, event.locator.block_number);
        *self.0.lock().nonces.entry(identity).or_default() += 1;
    }

    /// An identity has another owner from now on.
    pub(crate) fn hand_identity(&self, identity: Address, owner: Address) {
        let event =
            EthereumDIDRegistry::DIDOwnerChanged { identity, owner, previousChange: self.last_change(identity) };
        let event = self.happened("main", predeploys::ETHEREUM_DID_REGISTRY, NOW, &event);
        self.0.lock().changed.insert(identity, event.locator.block_number);
    }

    /// The same, so often in one block.
    pub(crate) fn hand_identity_often(&self, identity: Address, owner: Address, times: u64) {
        self.hand_identity(identity, owner);
        let again =
            EthereumDIDRegistry::DIDOwnerChanged { identity, owner, previousChange: self.last_change(identity) };
        let mut records = self.0.lock();
        let first = records.events.last().cloned().unwrap();
        let data = again.encode_log_data().data;
        records.events.extend((1..times).map(|log_index| EventRecord {
            log_index,
            data: data.clone(),
            ..first.clone()
        }));
    }

    fn last_change(&self, identity: Address) -> U256 {
        U256::from(self.0.lock().changed.get(&identity).copied().unwrap_or_default())
    }

    /// A certificate stands renewed by another.
    pub(crate) fn renewed(&self, id: CertificateId, by: CertificateId) {
        self.change(id, CertificateStatus::Renewed, RevocationReason::Superseded);
        let mut records = self.0.lock();
        for ((_, _), record) in records.certificates.iter_mut().filter(|((_, known), _)| *known == id) {
            record.renewedBy = by.to_bytes32();
        }
    }

    /// The certificate is recorded as issued at [`BEFORE`].
    pub(crate) fn issue(&self, issue: &Issue, issuer: &PersonKeys, sealed: &str) -> EventRecord {
        let domain = directory().certificate_domain(issue.kind).unwrap();
        let digest = issue.digest(&domain);
        let event = CertificateRegistry::CertificateIssued {
            certificateId: issue.certificate_id.to_bytes32(),
            organization: issue.organization.to_bytes32(),
            holder: issue.holder,
            operation: issue.into(),
            issuer: issuer.address(),
            digest,
            signature: issuer.sign_digest(digest).unwrap().to_vec().into(),
            sealedPayload: sealed.as_bytes().to_vec().into(),
        };
        let event = self.happened(issue.kind.as_str(), predeploys::CERTIFICATE_REGISTRY, BEFORE, &event);
        let record = CertificateRegistry::CertificateRecord {
            word: CertificateRegistry::StatusWord {
                status: CertificateStatus::Valid.code(),
                validFrom: issue.valid_from.get(),
                validUntil: issue.valid_until.get(),
                changedAt: BEFORE.get(),
                ..Default::default()
            },
            kind: issue.kind.to_bytes32(),
            organization: issue.organization.to_bytes32(),
            holder: issue.holder,
            issuer: issuer.address(),
            issuedAt: BEFORE.get(),
            issuedBlock: event.locator.block_number,
            contentHash: issue.content_hash,
            sealedHash: issue.sealed_hash,
            previous: CertificateId::optional_to_bytes32(issue.previous),
            ..Default::default()
        };
        self.0.lock().certificates.insert((chain(issue.kind.as_str()), issue.certificate_id), record);
        event
    }

    /// The registry holds another status, one revision later.
    pub(crate) fn change(&self, id: CertificateId, status: CertificateStatus, reason: RevocationReason) {
        let mut records = self.0.lock();
        for ((_, _), record) in records.certificates.iter_mut().filter(|((_, known), _)| *known == id) {
            record.word.status = status.code();
            record.word.reason = reason.code();
            record.word.revision += alloy_primitives::aliases::U48::from(1);
        }
    }

    /// A status is changed on the chain.
    pub(crate) fn changed(
        &self,
        kind: &str,
        id: CertificateId,
        status: CertificateStatus,
        issuer: &PersonKeys,
        at: UnixSeconds,
    ) {
        self.change(id, status, RevocationReason::Unspecified);
        let event = CertificateRegistry::CertificateStatusChanged {
            certificateId: id.to_bytes32(),
            organization: OFFICE.parse::<OrganizationCode>().unwrap().to_bytes32(),
            issuer: issuer.address(),
            operation: CertificateRegistry::ChangeStatus {
                certificateId: id.to_bytes32(),
                status: status.code(),
                reason: 0,
                revision: 0,
                deadline: at.get(),
            },
            digest: B256::ZERO,
            signature: Bytes::new(),
        };
        self.happened(kind, predeploys::CERTIFICATE_REGISTRY, at, &event);
    }

    /// An inspection is recorded.
    pub(crate) fn inspected(&self, kind: &str, inspect: &Inspect, inspector: &PersonKeys, at: UnixSeconds) {
        let domain = directory().certificate_domain(kind.parse().unwrap()).unwrap();
        let digest = inspect.digest(&domain);
        let event = CertificateRegistry::CertificateInspected {
            certificateId: inspect.certificate_id.to_bytes32(),
            organization: inspect.organization.to_bytes32(),
            inspector: inspector.address(),
            operation: inspect.into(),
            digest,
            registered: CertificateRegistry::StatusWord::default(),
            registeredOutcome: inspect.outcome.code(),
            signature: inspector.sign_digest(digest).unwrap().to_vec().into(),
        };
        self.happened(kind, predeploys::CERTIFICATE_REGISTRY, at, &event);
        self.0.lock().inspections.insert(digest);
    }

    /// An event in a block of its own; its transaction can be asked for.
    fn happened(&self, on: &str, contract: Address, at: UnixSeconds, event: &impl SolEvent) -> EventRecord {
        let mut records = self.0.lock();
        let block_number = records.events.len() as u64 + 1;
        let log = event.encode_log_data();
        let event = EventRecord {
            locator: TransactionLocator {
                chain: chain(on),
                tx_hash: B256::with_last_byte(u8::try_from(block_number).unwrap()),
                block_number,
                block_hash: B256::repeat_byte(0xbb),
            },
            block_time_ms: at.get() * 1000,
            log_index: 0,
            contract,
            topics: log.topics().to_vec(),
            data: log.data,
        };
        records.transactions.push(TransactionRecord {
            locator: event.locator.clone(),
            block_time_ms: event.block_time_ms,
            from: Address::ZERO,
            to: Some(contract),
            input: Bytes::new(),
            succeeded: true,
            events: vec![event.clone()],
            proof: None,
        });
        records.events.push(event.clone());
        event
    }
}
