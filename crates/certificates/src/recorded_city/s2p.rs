//! What is written down, through the door that the application reads by.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{
    CertificateRegistry, ConditionalCertificateRegistry, EthereumDIDRegistry, OrganizationRegistry, TrustRefusal,
    TrustRegistry, predeploys,
};
use chancery_light::StateProof;
use chancery_primitives::{CertificateId, OrganizationCode, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    operation::ChainName,
    s2p::Retrieval,
};

use super::{BEFORE, NOW, RecordedCity, Records};
use crate::registry::KeyEntry;

fn silent(chain: &ChainName) -> DoorError {
    DoorError::new(Code::ChainUnreachable, format!("chain {chain} does not answer")).with("chain", chain.0.as_str())
}

fn reading<C: SolCall>(call: &[u8], answer: impl FnOnce(C) -> C::Return) -> Option<Bytes> {
    let call = C::abi_decode(call).ok()?;
    Some(C::abi_encode_returns(&answer(call)).into())
}

fn key_record(entry: &KeyEntry) -> OrganizationRegistry::KeyRecord {
    OrganizationRegistry::KeyRecord {
        key: entry.key,
        authorizedAt: entry.not_before.get(),
        reason: 0,
        right: entry.right.to_bytes32(),
        notBefore: entry.not_before.get(),
        notAfter: entry.not_after.get(),
        revokedAt: entry.revoked_at.get(),
    }
}

impl Records {
    fn check(&mut self, chain: &ChainName) -> DoorResult<()> {
        self.readings += 1;
        if self.silent.contains(chain) { Err(silent(chain)) } else { Ok(()) }
    }

    fn keys_on(&self, chain: &ChainName, code: B256) -> Vec<KeyEntry> {
        let of = |(on, organization, _): &&(ChainName, OrganizationCode, KeyEntry)| {
            on == chain && organization.to_bytes32() == code
        };
        self.keys.iter().filter(of).map(|(_, _, entry)| *entry).collect()
    }

    fn suspended(&self, code: B256) -> Option<bool> {
        self.organizations.iter().find(|(known, _)| known.to_bytes32() == code).map(|(_, suspended)| *suspended)
    }

    fn view(&self, chain: &ChainName, call: &[u8]) -> Option<Bytes> {
        use CertificateRegistry as Certificates;
        use EthereumDIDRegistry as Identities;
        use OrganizationRegistry as Organizations;
        if let Some(kind) = self.missing {
            let missing = |_| kind.to_bytes32();
            if let Some(answer) = reading::<ConditionalCertificateRegistry::missingForCall>(call, missing) {
                return Some(answer);
            }
        }
        reading::<Organizations::isAuthorizedCall>(call, |call| {
            let counts = |entry: &KeyEntry| {
                entry.key == call.key
                    && entry.right.to_bytes32() == call.right
                    && entry.is_in_force(UnixSeconds(call.time))
            };
            self.suspended(call.code) == Some(false) && self.keys_on(chain, call.code).iter().any(counts)
        })
        .or_else(|| {
            reading::<Organizations::organizationCall>(call, |call| match self.suspended(call.code) {
                None => Organizations::Organization::default(),
                Some(suspended) => Organizations::Organization {
                    code: call.code,
                    registeredAt: BEFORE.get(),
                    suspended,
                    name: "Sample Office".to_owned(),
                    ..Default::default()
                },
            })
        })
        .or_else(|| {
            reading::<Organizations::keyRecordsOfCall>(call, |call| {
                let entries = self.keys_on(chain, call.code);
                let wanted = |entry: &&KeyEntry| entry.key == call.key && entry.right.to_bytes32() == call.right;
                entries.iter().filter(wanted).map(key_record).collect()
            })
        })
        .or_else(|| {
            reading::<Organizations::keyRecordsCall>(call, |call| {
                let entries = self.keys_on(chain, call.code);
                entries.iter().skip(call.offset.to()).take(call.limit.to()).map(key_record).collect()
            })
        })
        .or_else(|| {
            reading::<Organizations::organizationsOfKeyCall>(call, |call| {
                let own = |code: &&OrganizationCode| {
                    self.keys_on(chain, code.to_bytes32()).iter().any(|entry| entry.key == call.key)
                };
                self.organizations.keys().filter(own).map(|code| code.to_bytes32()).collect()
            })
        })
        .or_else(|| {
            reading::<Certificates::certificateCall>(call, |call| {
                let id = CertificateId::new(call.certificateId).ok();
                let known = id.and_then(|id| self.certificates.get(&(chain.clone(), id)));
                known.cloned().unwrap_or_default()
            })
        })
        .or_else(|| {
            reading::<Certificates::isInspectionRecordedCall>(call, |call| self.inspections.contains(&call.digest))
        })
        .or_else(|| {
            reading::<Certificates::organizationRegistryCall>(call, |_| {
                if self.proves { predeploys::TRUST_REGISTRY } else { predeploys::ORGANIZATION_REGISTRY }
            })
        })
        .or_else(|| {
            reading::<TrustRegistry::isAuthorizedNowCall>(call, |call| {
                let counts = |entry: &KeyEntry| {
                    entry.key == call.key && entry.right.to_bytes32() == call.right && entry.is_in_force(NOW)
                };
                !self.frozen && self.keys_on(chain, call.code).iter().any(counts)
            })
        })
        .or_else(|| {
            reading::<TrustRegistry::refusalOfCall>(call, |_| {
                let why = if self.frozen { TrustRefusal::ANCHOR_FROZEN } else { TrustRefusal::ORGANIZATION_NOT_SHOWN };
                why.0
            })
        })
        .or_else(|| reading::<Identities::nonceCall>(call, |call| U256::from(self.nonce(call.owner))))
        .or_else(|| {
            reading::<Identities::changedCall>(call, |call| {
                U256::from(self.changed.get(&call.identity).copied().unwrap_or_default())
            })
        })
    }

    fn nonce(&self, identity: Address) -> u64 {
        self.nonces.get(&identity).copied().unwrap_or_default()
    }
}

fn matches(event: &EventRecord, query: &EventQuery) -> bool {
    let topics = query
        .topics
        .iter()
        .enumerate()
        .all(|(at, wanted)| wanted.is_empty() || event.topics.get(at).is_some_and(|topic| wanted.contains(topic)));
    topics
        && query.chain.as_ref().is_none_or(|chain| *chain == event.locator.chain)
        && query.contract.is_none_or(|contract| contract == event.contract)
        && event.locator.block_number >= query.from_block
        && query.to_block.is_none_or(|last| event.locator.block_number <= last)
        && query.from_ms.is_none_or(|from| event.block_time_ms >= from)
        && query.to_ms.is_none_or(|to| event.block_time_ms < to)
}

#[async_trait]
impl Retrieval for RecordedCity {
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        let records = self.0.lock();
        let status = |name: ChainName| ChainStatus {
            chain_id: 0,
            rpc_url: String::new(),
            genesis_hash: B256::ZERO,
            genesis: None,
            height: (!records.silent.contains(&name)).then_some(records.events.len() as u64),
            block_time_ms: None,
            name,
        };
        Ok(super::directory().kinds().iter().map(|kind| status(ChainName(kind.as_str().to_owned()))).collect())
    }

    async fn transaction(&self, chain: Option<&ChainName>, block: u64, tx_hash: B256) -> DoorResult<TransactionRecord> {
        let mut records = self.0.lock();
        if let Some(chain) = chain {
            records.check(chain)?;
        }
        let wanted = |known: &&TransactionRecord| {
            known.locator.tx_hash == tx_hash
                && known.locator.block_number == block
                && chain.is_none_or(|chain| *chain == known.locator.chain)
        };
        let found = records.transactions.iter().find(wanted).cloned();
        found.ok_or_else(|| DoorError::new(Code::UnknownTransaction, "there is no such transaction"))
    }

    async fn events(&self, query: EventQuery) -> DoorResult<Vec<EventRecord>> {
        let mut records = self.0.lock();
        if let Some(chain) = &query.chain {
            records.check(chain)?;
        }
        let found: Vec<_> = records.events.iter().filter(|event| matches(event, &query)).cloned().collect();
        if records.most_events.is_some_and(|most| found.len() > most) {
            return Err(DoorError::new(Code::MalformedRequest, "more match: narrow the query"));
        }
        Ok(found)
    }

    async fn view(&self, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        let mut records = self.0.lock();
        records.check(chain)?;
        let data = records.view(chain, &call);
        let unknown = || DoorError::new(Code::TransactionRefused, format!("{contract} has no such function"));
        let block_number = records.events.len() as u64;
        Ok(ViewRecord { block_number, block_time_ms: NOW.get() * 1000, data: data.ok_or_else(unknown)? })
    }

    async fn state_proof(&self, chain: &ChainName, _: Address, _: Vec<B256>) -> DoorResult<Option<StateProof>> {
        self.0.lock().check(chain)?;
        Ok(None)
    }
}
