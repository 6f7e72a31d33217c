//! The gateway's port over what the chains show of holders: read from the chains, and sent there by the relay's account, which holds no right.

use std::sync::{Arc, OnceLock};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_certificates::{
    shown::{FactoryProof, SHOWN_PROOF_VERSION, ShownProof, anchor_slots, consent_slot, factory_slots, period_slot},
    stapled::ProvenState,
};
use chancery_contracts::{Anchor, HeldCertificates, predeploys};
use chancery_execution::GenesisConfig;
use chancery_gateway::doors::ShownCertificates;
use chancery_ledger::{Call, Chain, LedgerError, StateEvidence};
use chancery_light::{ChainReference, StateProof};
use chancery_primitives::{CertificateKind, Disclose, SignedOperation as _, SigningDomain};
use chancery_reference_points::{Code, DoorError, DoorResult, data_block::TransactionLocator, operation::ChainName};
use chancery_rest::{
    types::shown::{HolderKinds, ShownKind},
    values::{HexAddress, Timestamp},
};

use genesis::GenesisProofs;
use places::{EventOf, Places};

use crate::city::{
    genesis::TRUST_MAX_AGE_S,
    layout::CityChain,
    relay::{Board, Reached},
};

mod genesis;
mod places;

/// Something is shown anew every some minutes: its parts, read one after the other, are of one moment at the latest then.
const ATTEMPTS: usize = 3;

/// What the relay of this city shows.
pub(crate) struct ShownPort {
    board: Arc<Board>,
    reached: Arc<OnceLock<Reached>>,
    genesis: GenesisProofs,
    places: Places,
}

impl ShownPort {
    pub(in crate::city) fn new(
        board: Arc<Board>,
        reached: Arc<OnceLock<Reached>>,
        genesis: &[(CityChain, GenesisConfig)],
    ) -> Self {
        Self { board, reached, genesis: GenesisProofs::new(genesis), places: Places::default() }
    }

    fn reached(&self, chain: &str) -> DoorResult<(&Reached, &Chain)> {
        let reached = self.reached.get().ok_or_else(|| unreachable(chain, "the relay has not reached it yet"))?;
        let found = reached
            .ledger
            .chain(chain)
            .map_err(|_| DoorError::new(Code::UnknownChain, format!("there is no chain `{chain:.40}`")))?;
        Ok((reached, found))
    }

    /// The contract on a chain to which certificates of a kind are shown.
    fn contract(&self, chain: &str, kind: CertificateKind) -> DoorResult<Address> {
        let found = self.board.held_on(chain).into_iter().find(|(follows, _)| *follows == kind.as_str());
        let unknown = || DoorError::new(Code::UnknownKind, format!("chain {chain} shows no certificates of {kind}"));
        found.map(|(_, contract)| contract).ok_or_else(unknown)
    }
}

impl ShownPort {
    /// What the factory of the genesis says that it has made; `None`: the chain was founded without one, or its node does not prove it.
    async fn factory(&self, chain: &str, host: &Chain, proof: &ShownProof) -> Option<serde_json::Value> {
        let founded = self.genesis.factory(chain).await?;
        let ChainReference { chain_id, genesis_hash } = proof.follows;
        let slots = factory_slots(chain_id, genesis_hash, proof.anchor.account.address, TRUST_MAX_AGE_S);
        let made = match host.state(predeploys::ANCHOR_FACTORY, &slots).await {
            Ok(evidence) => proven(evidence?.proof)?,
            Err(error) => {
                tracing::warn!(chain, %error, "what a chain shows certificates by is not proven");
                return None;
            }
        };
        serde_json::to_value(FactoryProof { header: founded.header, founded: founded.account, made }).ok()
    }
}

#[async_trait]
impl ShownCertificates for ShownPort {
    async fn of_holder(&self, chain: &str, holder: Address) -> DoorResult<HolderKinds> {
        let (_, host) = self.reached(chain)?;
        let chain_id = host.config().chain_id;
        let mut kinds = Vec::new();
        for (kind, contract) in self.board.held_on(chain) {
            let (shown, proof) = shown(host, &self.places, contract, kind, holder).await?;
            // What is not proven needs no codes.
            let Some(proof) = proof else {
                kinds.push(shown);
                continue;
            };
            let genesis = self.genesis.of(chain, contract).await;
            let factory = if genesis.is_none() { self.factory(chain, host, &proof).await } else { None };
            let proof = Some(serde_json::to_value(&proof).map_err(DoorError::internal)?);
            kinds.push(ShownKind { proof, genesis, factory, ..shown });
        }
        Ok(HolderKinds { chain: chain.to_owned(), chain_id, holder: HexAddress(holder), kinds })
    }

    async fn disclose(&self, chain: &str, disclose: Disclose, signature: Bytes) -> DoorResult<TransactionLocator> {
        let (reached, host) = self.reached(chain)?;
        let contract = self.contract(chain, disclose.kind)?;
        // Looked at before anything is sent: what somebody else has signed costs nothing.
        let domain = SigningDomain::new(host.config().chain_id, contract);
        disclose.verify(&domain, &signature, disclose.holder).map_err(|error| {
            DoorError::new(Code::SignatureInvalid, error.to_string()).with("verifyingContract", contract.to_string())
        })?;
        let call = HeldCertificates::discloseCall {
            holder: disclose.holder,
            kind: disclose.kind.to_bytes32(),
            until: disclose.until.get(),
            signature,
        };
        let call = Call { to: Some(contract), data: call.abi_encode().into() };
        let sent = host.submit(&reached.key, call).await.map_err(|error| refused(chain, error))?;
        Ok(TransactionLocator {
            chain: ChainName(chain.to_owned()),
            tx_hash: sent.tx_hash,
            block_number: sent.block.number,
            block_hash: sent.block.hash,
        })
    }
}

/// A kind on a chain that shows it, and the proof of it. Its name is that of the followed chain.
async fn shown(
    host: &Chain,
    places: &Places,
    contract: Address,
    name: &str,
    holder: Address,
) -> DoorResult<(ShownKind, Option<ShownProof>)> {
    let named = name.parse::<CertificateKind>().map_err(DoorError::internal)?;
    let kind = named.to_bytes32();
    let until = view(host, contract, HeldCertificates::disclosedUntilCall { holder, kind }).await?;
    let nonce = view(host, contract, HeldCertificates::noncesCall { owner: holder }).await?;
    let mut fact = view(host, contract, HeldCertificates::heldFactCall { holder, kind }).await?;
    let (mut found, mut period) = (None, None);
    // What it says counts without a proof too, and a consent can be taken back: by the number that is next.
    let unproven = |error: DoorError| {
        tracing::warn!(chain = host.name(), kind = name, %error, "what is shown of a holder is not proven");
    };
    for attempt in 1..=ATTEMPTS {
        if fact.origin.time == 0 {
            // It was taken back meanwhile.
            found = None;
            break;
        }
        let (number, time) = (fact.origin.number, fact.origin.time);
        let event = EventOf { contract, holder, kind: named, number, time };
        found = Box::pin(proof(host, places, event)).await.unwrap_or_else(|error| {
            unproven(error);
            None
        });
        match Box::pin(kept_period(host, contract, (holder, named))).await {
            Ok(Some((of, kept))) if of == number => period = serde_json::to_value(kept).ok(),
            Ok(Some(_)) if attempt < ATTEMPTS => {
                fact = view(host, contract, HeldCertificates::heldFactCall { holder, kind }).await?;
                continue;
            }
            Ok(_) => {}
            Err(error) => unproven(error),
        }
        break;
    }
    let second = |time: u64| (time != 0).then(|| Timestamp::from_unix_seconds(time));
    let shown = ShownKind {
        kind: name.to_owned(),
        held: fact.origin.time != 0,
        as_of: second(fact.origin.time),
        agreed_until: second(until),
        contract: HexAddress(contract),
        next_nonce: u64::try_from(nonce).unwrap_or(u64::MAX),
        proof: None,
        genesis: None,
        factory: None,
        period: if found.is_some() { period } else { None },
    };
    Ok((shown, found))
}

/// The block of the followed chain and the end of the period, proven; `None`: the contract is of a version that keeps none, nothing stands for the kind, or its node does not prove it.
async fn kept_period(
    host: &Chain,
    contract: Address,
    (holder, kind): (Address, CertificateKind),
) -> DoorResult<Option<(u64, ProvenState)>> {
    let slots = [period_slot(holder, kind)];
    let evidence = host.state(contract, &slots).await.map_err(|error| refused(host.name(), error))?;
    let Some(evidence) = evidence else { return Ok(None) };
    let word = evidence.state.storage.first().map(|(_, word)| *word).filter(|word| !word.is_zero());
    Ok(word.and_then(|word| Some((word.as_limbs()[1], proven(evidence.proof)?))))
}

/// What somebody verifies who asks: that it was shown of this block of the followed chain, and how consent and anchor stand now. `None` where the host has no finality
/// certificates, or its node does not tell the event.
async fn proof(host: &Chain, places: &Places, of: EventOf) -> DoorResult<Option<ShownProof>> {
    let failed = |error| refused(host.name(), error);
    let EventOf { contract, holder, kind, number, .. } = of;
    let Some(event) = places.event(host, of).await.map_err(failed)? else { return Ok(None) };
    let shown = host.transaction(event.tx_hash, Some(event.block_number)).await.map_err(failed)?;
    let anchor = view(host, contract, HeldCertificates::anchorCall {}).await?;
    let generation = view(host, anchor, Anchor::generationCall {}).await?;
    let consent = host.state(contract, &[consent_slot(holder, kind)]).await.map_err(failed)?;
    let anchored = host.state(anchor, &anchor_slots(generation.into(), number)).await.map_err(failed)?;
    let (Some(bundle), Some(consent), Some(anchored)) = (shown.bundle, consent, anchored) else { return Ok(None) };
    let follows = follows(&anchored);
    let (Some(consent), Some(anchor), Some(follows)) = (proven(consent.proof), proven(anchored.proof), follows) else {
        return Ok(None);
    };
    Ok(Some(ShownProof {
        version: SHOWN_PROOF_VERSION,
        chain: bundle.chain,
        follows,
        finality: bundle.finality,
        receipt: bundle.receipt,
        consent,
        anchor,
    }))
}

fn proven(state: StateProof) -> Option<ProvenState> {
    let StateProof { finality, account } = state;
    Some(ProvenState { finality: finality?, account })
}

/// Which chain the anchor says that it follows: the first two of its slots.
fn follows(anchor: &StateEvidence) -> Option<ChainReference> {
    let [(_, chain), (_, genesis), ..] = anchor.state.storage.as_slice() else { return None };
    Some(ChainReference { chain_id: chain.as_limbs()[0], genesis_hash: B256::from(*genesis) })
}

async fn view<C: SolCall>(host: &Chain, contract: Address, call: C) -> DoorResult<C::Return> {
    let answer = host.view(contract, &call.abi_encode().into()).await.map_err(|error| refused(host.name(), error))?;
    C::abi_decode_returns(&answer.data)
        .map_err(|error| unreachable(host.name(), "its contract does not answer as it should").caused_by(error))
}

fn unreachable(chain: &str, what: &str) -> DoorError {
    DoorError::new(Code::ChainUnreachable, format!("chain {chain}: {what}")).with("chain", chain)
}

/// What went wrong on a chain, in the words of the interface.
fn refused(chain: &str, error: LedgerError) -> DoorError {
    match &error {
        LedgerError::Reverted { reason, .. } => match reason.name.as_str() {
            // The number was used meanwhile, or is not the next one: the contract hashes another.
            "SignatureInvalid" => {
                DoorError::new(Code::SignatureInvalid, "sign it for the number that is next: another was sent before")
            }
            "DisclosureTime" => DoorError::new(
                Code::MalformedRequest,
                "until: 0 to take the consent back, or a time that lies ahead, at most 366 days",
            )
            .with("member", "until"),
            name => DoorError::new(Code::TransactionRefused, format!("a contract of {chain} refuses: {reason}"))
                .with("chain", chain)
                .with("reason", name),
        },
        LedgerError::NotFinalYet { tx_hash, .. } => {
            DoorError::new(Code::NotFinalYet, format!("transaction {tx_hash} of {chain} is sent but not final yet"))
                .with("chain", chain)
                .with("txHash", tx_hash.to_string())
        }
        LedgerError::NotPermitted { account, .. } => DoorError::new(
            Code::TransactionRefused,
            format!("the organizations that run {chain} do not let the relay's account {account} send this"),
        )
        .with("chain", chain)
        .with("reason", "NotPermitted"),
        _ => unreachable(chain, "it does not answer").caused_by(error),
    }
}
