//! `certificates.staple`: what is handed out was verified, and what cannot be proven is refused by name.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::{CertificateRegistry, OrganizationRegistry, predeploys};
use chancery_light::{AccountProof, ChainEssentials, FinalityProof, ProofBundle, StateProof, TrustedChain};
use chancery_primitives::UnixSeconds;
use chancery_reference_points::{
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    data_block::TransactionLocator,
    operation::ChainName,
    s2p::Retrieval,
};

use super::*;
use crate::{
    registry::IssuedCertificate,
    stapled::{Policy, StapledFile, Trust, tests::vectors},
};

/// The chains of the shared vectors, which prove what the file `whole` proves.
struct ProvenCity {
    chain: ChainEssentials,
    authority: ChainEssentials,
    file: StapledFile,
    bundle: ProofBundle,
    event: EventRecord,
    issued: IssuedCertificate,
    issued_at: UnixSeconds,
    /// Whether the main chain has finality certificates.
    is_proven: bool,
    /// Whether the key had the right.
    is_authorized: bool,
}

impl ProvenCity {
    fn new() -> Self {
        let vectors = vectors();
        let file = StapledFile::from_json(&serde_json::to_vec(&vectors.bases["whole"]).unwrap()).unwrap();
        let bundle = file.certificate.proof.clone().unwrap();
        let proven = bundle.verify(&TrustedChain::new(vectors.chain.clone()).unwrap()).unwrap();
        let log = proven.receipt.receipt.logs()[0].clone();
        let issued = IssuedCertificate::from_log(log.topics(), &log.data.data).unwrap();
        let event = EventRecord {
            locator: TransactionLocator {
                chain: ChainName("degree".into()),
                tx_hash: proven.transaction.hash,
                block_number: proven.header.number(),
                block_hash: proven.header.hash(),
            },
            block_time_ms: proven.header.time_ms(),
            log_index: 0,
            contract: log.address,
            topics: log.topics().to_vec(),
            data: log.data.data.clone(),
        };
        let issued_at = UnixSeconds(proven.header.header().timestamp);
        let (chain, authority) = (vectors.chain, vectors.authority);
        Self { chain, authority, file, bundle, event, issued, issued_at, is_proven: true, is_authorized: true }
    }

    fn status(&self, name: &str, essentials: &ChainEssentials) -> ChainStatus {
        let validators: Vec<Value> = essentials.validators.iter().map(|key| json!({"blsPublicKey": key})).collect();
        ChainStatus {
            name: ChainName(name.into()),
            chain_id: essentials.chain_id,
            rpc_url: String::new(),
            genesis_hash: essentials.genesis_hash,
            genesis: Some(json!({"chainId": essentials.chain_id, "validators": validators})),
            height: Some(9),
            block_time_ms: None,
        }
    }

    fn record(&self) -> CertificateRegistry::CertificateRecord {
        let issue = &self.issued.operation;
        CertificateRegistry::CertificateRecord {
            word: CertificateRegistry::StatusWord {
                status: 1,
                validFrom: issue.valid_from.get(),
                changedAt: self.issued_at.get(),
                ..Default::default()
            },
            kind: issue.kind.to_bytes32(),
            organization: issue.organization.to_bytes32(),
            holder: issue.holder,
            issuer: self.issued.issuer,
            issuedAt: self.issued_at.get(),
            issuedBlock: self.event.locator.block_number,
            contentHash: issue.content_hash,
            sealedHash: issue.sealed_hash,
            ..Default::default()
        }
    }

    fn key_record(&self, key: Address) -> OrganizationRegistry::KeyRecord {
        OrganizationRegistry::KeyRecord {
            key,
            authorizedAt: 1,
            reason: 0,
            right: self.issued.operation.kind.to_bytes32(),
            notBefore: 1,
            notAfter: 0,
            revokedAt: 0,
        }
    }

    fn view(&self, call: &[u8]) -> Option<Vec<u8>> {
        use OrganizationRegistry as Organizations;
        if CertificateRegistry::certificateCall::abi_decode(call).is_ok() {
            return Some(CertificateRegistry::certificateCall::abi_encode_returns(&self.record()));
        }
        if Organizations::organizationCall::abi_decode(call).is_ok() {
            let found =
                Organizations::Organization { registeredAt: 1, name: "Sample University".into(), ..Default::default() };
            return Some(Organizations::organizationCall::abi_encode_returns(&found));
        }
        if Organizations::rightPeriodsCall::abi_decode(call).is_ok() {
            let periods = vec![Organizations::Period { from: 1, until: 0 }];
            return Some(Organizations::rightPeriodsCall::abi_encode_returns(&periods));
        }
        if Organizations::suspensionsCall::abi_decode(call).is_ok() {
            return Some(Organizations::suspensionsCall::abi_encode_returns(&Vec::new()));
        }
        // The second record is the issuer's, as the vectors have it.
        let issuer = if self.is_authorized { self.issued.issuer } else { Address::repeat_byte(9) };
        let records = vec![self.key_record(Address::repeat_byte(8)), self.key_record(issuer)];
        let is_asked = Organizations::keyRecordsCall::abi_decode(call).is_ok();
        is_asked.then(|| Organizations::keyRecordsCall::abi_encode_returns(&records))
    }
}

fn state(finality: &FinalityProof, account: &AccountProof) -> StateProof {
    StateProof { finality: Some(finality.clone()), account: account.clone() }
}

#[async_trait]
impl Retrieval for ProvenCity {
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        Ok(vec![self.status("main", &self.authority), self.status("degree", &self.chain)])
    }

    async fn transaction(&self, _: Option<&ChainName>, _: u64, _: B256) -> DoorResult<TransactionRecord> {
        Ok(TransactionRecord {
            locator: self.event.locator.clone(),
            block_time_ms: self.event.block_time_ms,
            from: Address::ZERO,
            to: Some(predeploys::CERTIFICATE_REGISTRY),
            input: Bytes::new(),
            succeeded: true,
            events: vec![self.event.clone()],
            proof: Some(self.bundle.clone()),
        })
    }

    async fn events(&self, _: EventQuery) -> DoorResult<Vec<EventRecord>> {
        Ok(vec![self.event.clone()])
    }

    async fn view(&self, chain: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        let data = self.view(&call).ok_or_else(|| {
            DoorError::new(Code::TransactionRefused, format!("{contract} of {chain} has no such function"))
        })?;
        Ok(ViewRecord { block_number: 9, block_time_ms: NOW.get() * 1000, data: data.into() })
    }

    async fn state_proof(&self, chain: &ChainName, _: Address, _: Vec<B256>) -> DoorResult<Option<StateProof>> {
        let (status, right) = (&self.file.staple.status, &self.file.staple.right.state);
        Ok(match chain.0.as_str() {
            "degree" => Some(state(&status.finality, &status.account)),
            _ => self.is_proven.then(|| state(&right.finality, &right.account)),
        })
    }
}

async fn stapled(city: &ProvenCity) -> DoorResult<Value> {
    let query = json!({"certificateId": city.issued.operation.certificate_id, "kind": "degree"});
    service(names::STAPLE).answer(&Actor::public(), query, city).await
}

// C-API-5, STAPLE-10
#[tokio::test]
async fn what_is_handed_out_verifies_by_the_genesis_alone() {
    let city = ProvenCity::new();
    let answer = stapled(&city).await.unwrap();
    let file = StapledFile::from_json(&serde_json::to_vec(&answer).unwrap()).unwrap();
    let (chain, authority) =
        (TrustedChain::new(city.chain.clone()).unwrap(), TrustedChain::new(city.authority.clone()).unwrap());
    let trust = Trust { chain: &chain, authority: &authority };
    let verified = file.verify(trust, Policy { now: NOW, max_age_s: Some(600) }).unwrap();
    assert_eq!((verified.outcome, verified.age_s), (chancery_primitives::Outcome::Valid, 600));
    assert_eq!(file.staple, city.file.staple);
}

// STAPLE-10: nothing that does not verify leaves the gateway.
#[tokio::test]
async fn what_does_not_verify_is_not_handed_out_and_is_named() {
    let mut city = ProvenCity::new();
    city.file.staple.status.account.storage_proof[0].value = U256::from(3);
    let error = stapled(&city).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::NotProvable, Code::NotProvable.class()));

    let mut other = ProvenCity::new();
    other.chain.genesis_hash = keccak256("another genesis");
    assert_eq!(stapled(&other).await.unwrap_err().code(), Code::NotProvable);
}

#[tokio::test]
async fn what_only_time_can_prove_is_asked_for_again() {
    let mut city = ProvenCity::new();
    // The registry went on between reading and proving: another record than was read.
    city.file.staple.right.state.account.storage_proof.swap(3, 4);
    assert_eq!(stapled(&city).await.unwrap_err().code(), Code::NotFinalYet);
}

#[tokio::test]
async fn without_finality_certificates_or_a_right_nothing_is_stapled() {
    let city = ProvenCity { is_proven: false, ..ProvenCity::new() };
    assert_eq!(stapled(&city).await.unwrap_err().code(), Code::NotProvable);
    let city = ProvenCity { is_authorized: false, ..ProvenCity::new() };
    assert_eq!(stapled(&city).await.unwrap_err().code(), Code::IssuerNotAuthorized);
}
