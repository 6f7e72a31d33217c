//! `certificates.query` (C-API-5): the certificate that a transaction recorded, with its proof.

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_contracts::predeploys;
use chancery_light::{ProofBundle, StateProof};
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, OrganizationCode,
    certificate_storage::{CertificateSlots, StatusWord},
};
use chancery_reference_points::{
    Actor, Class, Code, DoorError, DoorResult, application::Service, chain_records::TransactionRecord,
    operation::ChainName, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, answer, names, parameters, subject_member, timestamp::rfc3339_of_ms};
use crate::registry::{IssuedCertificate, Reading, Registry};

/// Which transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateQuery {
    /// The holder.
    pub address: Address,
    /// Number of the block.
    pub block: u64,
    /// The transaction.
    pub tx_hash: B256,
    /// The chain; without it, all are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainName>,
}

/// The certificate, with everything that is needed to verify it offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueriedCertificate {
    /// Who issued it.
    pub organization: OrganizationCode,
    /// Its public name; empty when the main chain does not answer or does not know it.
    pub organization_name: String,
    /// Its kind.
    pub kind: CertificateKind,
    /// Its identifier.
    pub certificate_id: CertificateId,
    /// Whose it is.
    pub holder: Address,
    /// The sealed document.
    pub sealed: String,
    /// Time of the block that recorded it, RFC 3339.
    pub issued_at: String,
    /// The key that signed it.
    pub issuer_key: Address,
    /// Its status now.
    pub status: CertificateStatus,
    /// Transaction, receipt, header and finality; with the status now, where that could be proven. Absent for chains without finality
    /// certificates.
    pub proof: Option<ProofBundle>,
}

pub(super) struct QueryService(pub(super) Context);

#[async_trait]
impl Service for QueryService {
    fn name(&self) -> &'static str {
        names::QUERY
    }

    fn description(&self) -> &'static str {
        "The certificate that a transaction recorded for a holder, sealed, with the proof that it is final."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: CertificateQuery = parameters(self.name(), value)?;
        let registry = Registry::new(chains, &self.0.directory);
        let transaction = registry.transaction(query.chain.as_ref(), query.block, query.tx_hash).await?;
        let issued = issued_to(&transaction, query.address).ok_or_else(|| {
            let detail = format!("transaction {} issued nothing to {}", query.tx_hash, query.address);
            DoorError::new(Code::UnknownTransaction, detail)
        })?;
        answer(&complete(&registry, transaction, issued).await?)
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "txHash")
    }
}

/// The certificate that a transaction issued to a holder, from the events of the registry alone.
fn issued_to(transaction: &TransactionRecord, holder: Address) -> Option<IssuedCertificate> {
    transaction
        .events
        .iter()
        .filter(|event| event.contract == predeploys::CERTIFICATE_REGISTRY)
        .filter_map(|event| IssuedCertificate::from_log(&event.topics, &event.data))
        .find(|issued| issued.operation.holder == holder)
}

/// The answer about a certificate, with everything that proves it.
pub(super) async fn complete(
    registry: &Registry<'_>,
    transaction: TransactionRecord,
    issued: IssuedCertificate,
) -> DoorResult<QueriedCertificate> {
    let operation = issued.operation;
    let chain = transaction.locator.chain;
    let registered = registry.certificate(operation.kind, operation.certificate_id).await?.ok_or_else(|| {
        // The event is final, so the registry knows it; a node that says otherwise cannot be asked.
        DoorError::new(Code::ChainUnreachable, format!("chain {chain} contradicts itself"))
            .with("chain", chain.0.as_str())
    })?;
    let name = Reading::of(registry.organization(operation.organization).await, &registry.directory().main())?;
    let organization_name = match name {
        Reading::Read(Some(entry)) => entry.name,
        Reading::Read(None) | Reading::Unreachable(_) => String::new(),
    };
    let proof = match transaction.proof {
        Some(bundle) => Some(with_status(bundle, registry, &chain, operation.certificate_id).await?),
        None => None,
    };
    let sealed = String::from_utf8(issued.sealed.to_vec()).map_err(|_| {
        DoorError::new(Code::MalformedJwe, "what was recorded is no JWE; it was not issued through this platform")
    })?;
    Ok(QueriedCertificate {
        organization: operation.organization,
        organization_name,
        kind: operation.kind,
        certificate_id: operation.certificate_id,
        holder: operation.holder,
        sealed,
        issued_at: rfc3339_of_ms(transaction.block_time_ms),
        issuer_key: issued.issuer,
        // The proof is of a later block than the reading: where both are there, the file has to say what it proves.
        status: proof
            .as_ref()
            .and_then(|proof| stapled_status(proof, operation.certificate_id))
            .unwrap_or(registered.status),
        proof,
    })
}

fn stapled_status(bundle: &ProofBundle, id: CertificateId) -> Option<CertificateStatus> {
    let slot = CertificateSlots::of(id).status;
    let proofs = &bundle.state.as_ref()?.account.storage_proof;
    let proof = proofs.iter().find(|proof| B256::from(proof.key) == slot)?;
    Some(StatusWord::decode(proof.value).ok()??.status)
}

/// Staples the status to the proof. Without it the proof still shows that the certificate was issued, and says no more.
async fn with_status(
    mut bundle: ProofBundle,
    registry: &Registry<'_>,
    chain: &ChainName,
    id: CertificateId,
) -> DoorResult<ProofBundle> {
    let status: Option<StateProof> = match registry.status_proof(chain, id).await {
        Ok(status) => status,
        Err(error) if error.class() == Class::Temporary => None,
        Err(error) => return Err(error),
    };
    bundle.state = status;
    Ok(bundle)
}
