//! How a member's outcomes come to the alliance: proven, or attested by endorsers of a chain that proves nothing.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use chancery_contracts::Alliance;
use chancery_ledger::{Call, LedgerError};
use futures::future::join_all;

use super::{AnchorRelay, MemberLink, RelayError, RequestRelay};
use crate::{
    alliance::message::MAX_ENDORSEMENTS,
    contracts::AllianceContract,
    endorser::{AttestQuery, Attestation, Attester},
};

/// Where the word of a member's outcome comes from.
#[derive(Clone, Debug)]
pub enum Testimony {
    /// From the member's chain to its anchor on the alliance chain.
    Proven(AnchorRelay),
    /// From its endorsers; the first [`MAX_ENDORSEMENTS`] are asked. Which guarantees that costs, the specification says.
    Attested(Vec<Arc<dyn Attester>>),
}

impl RequestRelay {
    /// Shows the alliance what endorsers of a foreign member attest. Whoever signs badly is left out.
    pub(super) async fn attest(
        &self,
        member: &MemberLink,
        attesters: &[Arc<dyn Attester>],
        number: u64,
        party: u8,
    ) -> Result<(), RelayError> {
        let alliance = AllianceContract { chain: self.chain.clone(), address: self.contract };
        let part_hash = alliance.part_hash(number, member.name).await?;
        let query = AttestQuery { number, member: member.name, part_hash };
        let asked = attesters.iter().take(MAX_ENDORSEMENTS).map(|attester| attester.attest(&query));
        let (mut outcomes, mut said): (BTreeMap<u8, Vec<Attestation>>, _) = (BTreeMap::new(), Vec::new());
        for answer in join_all(asked).await {
            match answer {
                Ok(attestation) => outcomes.entry(attestation.outcome).or_default().push(attestation),
                Err(refusal) => said.push(refusal.to_string()),
            }
        }
        let most = outcomes.into_iter().max_by_key(|(_, attestations)| attestations.len());
        let Some((outcome, mut attestations)) = most else {
            return Err(RelayError::NotAttested { member: member.name, said: said.join("; ") });
        };
        loop {
            let each = attestations.iter().map(|attestation| Alliance::Attestation {
                certificate: attestation.certificate,
                signature: attestation.signature.clone(),
            });
            let call = Alliance::attestCall { number, party: U256::from(party), outcome, attestations: each.collect() };
            let call = Call { to: Some(self.contract), data: call.abi_encode().into() };
            let error = match self.chain.submit(&self.key, call).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let before = attestations.len();
            if let Some(bad) = refused_certificate(&error) {
                tracing::warn!(member = %member.name, certificate = bad, "an attestation is left out");
                attestations.retain(|attestation| attestation.certificate != bad);
            }
            if attestations.len() == before {
                return Err(error.into());
            }
        }
    }
}

/// The certificate of the attestation that the alliance names as bad.
fn refused_certificate(error: &LedgerError) -> Option<u64> {
    let LedgerError::Reverted { reason, .. } = error else { return None };
    let certificate = (reason.name == "AttestationRefused").then(|| reason.argument("certificate"))??;
    certificate.parse().ok()
}
