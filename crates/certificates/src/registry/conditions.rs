//! Rules of `ConditionalCertificateRegistry`: which certificates of other chains a holder needs to get one of a kind.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{ConditionalCertificateRegistry, predeploys};
use chancery_primitives::CertificateKind;
use chancery_reference_points::{Code, DoorResult, operation::ChainName};

use super::{ReadAt, Registry, malformed_answer};

/// What a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The kind of which a valid certificate is needed.
    pub kind: CertificateKind,
    /// The contract on the same chain to which holders have it shown.
    pub source: Address,
}

impl Registry<'_> {
    /// What a kind asks for, what can be asked for, and where that was read.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn conditions(&self, kind: CertificateKind) -> DoorResult<(Vec<Condition>, Vec<Condition>, ReadAt)> {
        let chain = self.directory.chain_of(kind)?;
        let requirable = ConditionalCertificateRegistry::requirableKindsCall {};
        let Some((requirable, block_number)) = self.rule(&chain, requirable).await? else {
            let (_, block_number) = self
                .call(&chain, predeploys::CERTIFICATE_REGISTRY, chancery_contracts::CertificateRegistry::kindsCall {})
                .await?;
            return Ok((Vec::new(), Vec::new(), ReadAt { chain, block_number }));
        };
        let asked = ConditionalCertificateRegistry::conditionsOfCall { kind: kind.to_bytes32() };
        let asked = self.rule(&chain, asked).await?.map(|(asked, _)| asked).unwrap_or_default();
        let asked = asked.iter().map(|found| condition(&chain, found.requiredKind, found.source));
        let requirable = requirable.iter().map(|found| condition(&chain, found.kind, found.source));
        let asked = asked.collect::<DoorResult<_>>()?;
        let requirable = requirable.collect::<DoorResult<_>>()?;
        Ok((asked, requirable, ReadAt { chain, block_number }))
    }

    /// The first kind that the rule of a kind asks for and the holder was not shown to have; `None` when nothing is missing.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn missing_kind(&self, kind: CertificateKind, holder: Address) -> DoorResult<Option<CertificateKind>> {
        let chain = self.directory.chain_of(kind)?;
        let asked = ConditionalCertificateRegistry::missingForCall { holder, kind: kind.to_bytes32() };
        match self.rule(&chain, asked).await? {
            Some((missing, _)) if !missing.is_zero() => {
                CertificateKind::from_bytes32(missing).map(Some).map_err(|error| malformed_answer(&chain, &error))
            }
            _ => Ok(None),
        }
    }

    /// `None` on a chain whose registry has no rules: one by itself, or one without finality certificates.
    async fn rule<C: SolCall>(&self, chain: &ChainName, call: C) -> DoorResult<Option<(C::Return, u64)>> {
        match self.call(chain, predeploys::CERTIFICATE_REGISTRY, call).await {
            Err(error) if error.code() == Code::TransactionRefused => Ok(None),
            answer => answer.map(Some),
        }
    }
}

fn condition(chain: &ChainName, kind: B256, source: Address) -> DoorResult<Condition> {
    let kind = CertificateKind::from_bytes32(kind).map_err(|error| malformed_answer(chain, &error))?;
    Ok(Condition { kind, source })
}
