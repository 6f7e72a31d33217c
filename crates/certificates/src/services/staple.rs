//! `certificates.staple`: the file that somebody without a network verifies ([`crate::stapled`]), made of what the chains prove now. Whatever is handed
//! out here was verified first, by the same rules and against the genesis of both chains.

use async_trait::async_trait;
use chancery_contracts::predeploys;
use chancery_light::{ChainEssentials, ChainReference, ProofBundle, StateProof, TrustedChain, ValidatorKey};
use chancery_primitives::Right;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, application::Service, chain_records::ChainStatus, operation::ChainName,
    s2p::Retrieval,
};
use serde::Deserialize;
use serde_json::Value;

use super::{CertificateById, Context, QueriedCertificate, names, parameters, query::complete, subject_member};
use crate::{
    registry::{IssuedCertificate, RegisteredCertificate, Registry},
    stapled::{MAX_STAPLED_BYTES, Policy, ProvenState, RightProof, STAPLE_VERSION, Staple, StapledFile, Trust},
    verify::{CertificateFile, VerificationFailure},
};

pub(super) struct StapleService(pub(super) Context);

#[async_trait]
impl Service for StapleService {
    fn name(&self) -> &'static str {
        names::STAPLE
    }

    fn description(&self) -> &'static str {
        "A certificate with the proof of its status and of its issuer's right, to be verified without a network."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: CertificateById = parameters(self.name(), value)?;
        let registry = Registry::new(chains, &self.0.directory);
        let certificate = registered(&registry, &query).await?;
        let trusted = Trusted::of(&registry, &certificate, chains.chains().await?)?;
        let file = gather(&registry, &certificate, &trusted).await?;
        let policy = Policy { now: self.0.now(), max_age_s: None };
        // Pairings take the processor for a while: not on the threads that answer.
        let verifying = tokio::task::spawn_blocking(move || {
            let trust = Trust { chain: &trusted.chain, authority: &trusted.authority };
            file.verify(trust, policy).map(|_| file)
        });
        let file = verifying
            .await
            .map_err(DoorError::internal)?
            .map_err(|failure| not_proven(&certificate.read_at.chain, failure))?;
        file.to_json()
            .map_err(|failure| DoorError::new(Code::StapleTooLarge, failure.detail).with("limit", MAX_STAPLED_BYTES))
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "certificateId")
    }
}

async fn registered(registry: &Registry<'_>, query: &CertificateById) -> DoorResult<RegisteredCertificate> {
    let id = query.certificate_id;
    match query.kind {
        None => registry.find_certificate(id).await,
        Some(kind) => registry.certificate(kind, id).await?.ok_or_else(|| {
            DoorError::new(Code::UnknownCertificate, format!("the chain of {kind} knows no certificate {id}"))
        }),
    }
}

async fn gather(
    registry: &Registry<'_>,
    certificate: &RegisteredCertificate,
    trusted: &Trusted,
) -> DoorResult<StapledFile> {
    let chain = &certificate.read_at.chain;
    let queried = query(registry, certificate).await?;
    let mut bundle = queried.proof.clone().ok_or_else(|| unprovable(chain))?;
    let status = proven(bundle.state.take()).ok_or_else(|| unproven_now(chain))?;
    let right = right(registry, certificate, trusted).await?;
    let staple = Staple { version: STAPLE_VERSION, status, right };
    Ok(StapledFile::new(certificate_file(queried, bundle), staple, None))
}

/// What C-API-5 answers, with the status proven as it is now.
async fn query(registry: &Registry<'_>, certificate: &RegisteredCertificate) -> DoorResult<QueriedCertificate> {
    let chain = &certificate.read_at.chain;
    let locator = registry.issuing_event(certificate).await?.locator;
    let transaction = registry.transaction(Some(chain), locator.block_number, locator.tx_hash).await?;
    let issued = transaction
        .events
        .iter()
        .filter(|event| event.contract == predeploys::CERTIFICATE_REGISTRY)
        .filter_map(|event| IssuedCertificate::from_log(&event.topics, &event.data))
        .find(|issued| issued.operation.certificate_id == certificate.id)
        .ok_or_else(|| unproven_now(chain))?;
    complete(registry, transaction, issued).await
}

async fn right(
    registry: &Registry<'_>,
    certificate: &RegisteredCertificate,
    trusted: &Trusted,
) -> DoorResult<RightProof> {
    let right = Right::issue(certificate.kind);
    let (key, organization, time) = (certificate.issuer, certificate.organization, certificate.issued_at);
    let main = registry.directory().main();
    let places = registry.right_places(key, organization, right, time).await?.ok_or_else(|| {
        let detail = format!("{key} had no right to issue {} for {organization} when it did", certificate.kind);
        DoorError::new(Code::IssuerNotAuthorized, detail)
    })?;
    let state = proven(registry.right_proof(&places).await?).ok_or_else(|| unprovable(&main))?;
    let authority = &trusted.authority;
    Ok(RightProof {
        chain: ChainReference { chain_id: authority.chain_id(), genesis_hash: authority.genesis_hash() },
        period: places.period,
        key_record: places.key_record,
        state,
    })
}

fn proven(state: Option<StateProof>) -> Option<ProvenState> {
    let StateProof { finality, account } = state?;
    Some(ProvenState { finality: finality?, account })
}

fn certificate_file(queried: QueriedCertificate, proof: ProofBundle) -> CertificateFile {
    CertificateFile {
        certificate_id: queried.certificate_id,
        organization: queried.organization,
        organization_name: Some(queried.organization_name),
        kind: queried.kind,
        holder: Some(queried.holder),
        sealed: queried.sealed,
        issuer_key: Some(queried.issuer_key),
        issued_at: Some(queried.issued_at),
        status: Some(queried.status),
        proof: Some(proof),
    }
}

/// The chains by whose genesis the result is verified before it is handed out.
struct Trusted {
    chain: TrustedChain,
    authority: TrustedChain,
}

/// The members of a genesis file that a light client reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Genesis {
    chain_id: u64,
    validators: Vec<GenesisValidator>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenesisValidator {
    bls_public_key: ValidatorKey,
}

impl Trusted {
    fn of(registry: &Registry<'_>, certificate: &RegisteredCertificate, chains: Vec<ChainStatus>) -> DoorResult<Self> {
        let of = |name: &ChainName| {
            let status = chains.iter().find(|status| status.name == *name).ok_or_else(|| unprovable(name))?;
            trusted_chain(status)
        };
        Ok(Self { chain: of(&certificate.read_at.chain)?, authority: of(&registry.directory().main())? })
    }
}

fn trusted_chain(status: &ChainStatus) -> DoorResult<TrustedChain> {
    let genesis = status.genesis.clone().ok_or_else(|| unprovable(&status.name))?;
    let genesis: Genesis = serde_json::from_value(genesis).map_err(DoorError::internal)?;
    let essentials = ChainEssentials {
        chain_id: genesis.chain_id,
        genesis_hash: status.genesis_hash,
        validators: genesis.validators.into_iter().map(|validator| validator.bls_public_key).collect(),
    };
    TrustedChain::new(essentials).map_err(DoorError::internal)
}

fn unprovable(chain: &ChainName) -> DoorError {
    let detail = format!("chain {chain} has no finality certificates, so nothing of it can be proven offline");
    DoorError::new(Code::NotProvable, detail).with("chain", chain.0.as_str())
}

/// The chain answered, and not with what it has to know.
fn unproven_now(chain: &ChainName) -> DoorError {
    let detail = format!("chain {chain} does not prove the certificate at present");
    DoorError::new(Code::ChainUnreachable, detail).with("chain", chain.0.as_str())
}

/// The result does not verify. Where the chains went on between reading and proving, or the main chain has no block yet that is as young as the issue, asking again
/// helps; anything else is not handed out, and named.
fn not_proven(chain: &ChainName, failure: VerificationFailure) -> DoorError {
    const PASSING: [&str; 4] = ["right-after-issue", "right-complete", "status-matches", "time-not-ahead"];
    let code = if PASSING.contains(&failure.check) { Code::NotFinalYet } else { Code::NotProvable };
    DoorError::new(code, failure.to_string()).with("check", failure.check).with("chain", chain.0.as_str())
}
