//! The validator registry over JSON-RPC.

use std::path::Path;

use alloy::{
    network::{EthereumWallet, TransactionBuilder as _},
    providers::{DynProvider, Provider as _, ProviderBuilder},
    rpc::types::TransactionRequest,
    sol_types::{SolCall, SolEvent as _},
    transports::{RpcError, TransportErrorKind},
};
use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result, anyhow, ensure};
use chancery_contracts::{
    ValidatorRegistry::{self, Validator, ValidatorRegistryErrors},
    predeploys::VALIDATOR_REGISTRY,
};

use super::answers::{self, ProposalAnswer, SetAnswer};
use crate::network::files::read_voting_key;

/// Items in one page of the registry.
const PAGE: usize = 100;
/// Most proposals that are looked at, the newest.
const NEWEST_PROPOSALS: u64 = 200;

/// The registry of one chain, and who asks.
pub(super) struct Registry {
    provider: DynProvider,
    me: Option<Address>,
}

/// A transaction to the registry that is final and was carried out.
pub(super) struct Sent {
    pub(super) transaction: B256,
    pub(super) block: u64,
    /// The proposal that it made.
    pub(super) proposal: Option<U256>,
}

impl Registry {
    /// Connects to a node; with a voting key, transactions are signed with it.
    pub(super) async fn connect(rpc: &str, voting_key: Option<&Path>) -> Result<Self> {
        let url = rpc.parse().with_context(|| format!("{rpc} is no URL"))?;
        let (provider, me) = match voting_key {
            None => (ProviderBuilder::new().connect_http(url).erased(), None),
            Some(path) => {
                let signer = read_voting_key(path)?;
                let me = signer.address();
                (ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(url).erased(), Some(me))
            }
        };
        let code = provider.get_code_at(VALIDATOR_REGISTRY).await.with_context(|| format!("{rpc} does not answer"))?;
        ensure!(
            !code.is_empty(),
            "this chain has no validator registry: its validators are those of its genesis; only another genesis changes them"
        );
        Ok(Self { provider, me })
    }

    /// What a view function answers.
    pub(super) async fn view<C: SolCall>(&self, call: C) -> Result<C::Return> {
        let answer = self.provider.call(request(&call)).await.map_err(refused)?;
        C::abi_decode_returns(&answer).context("the contract at the registry's address is not one of this version")
    }

    /// Sends a call that was tried before, and waits until it is final.
    pub(super) async fn send<C: SolCall>(&self, call: &C) -> Result<Sent> {
        let mut request = request(call);
        request.from = self.me;
        self.provider.call(request.clone()).await.map_err(refused)?;
        let pending = self.provider.send_transaction(request).await.map_err(refused)?;
        let hash = *pending.tx_hash();
        let receipt =
            pending.get_receipt().await.with_context(|| format!("{hash} was sent; its receipt did not come"))?;
        ensure!(receipt.status(), "the registry refused {hash}: something changed since it was tried; try again");
        let proposed = receipt.logs().iter().find_map(|log| ValidatorRegistry::Proposed::decode_log(&log.inner).ok());
        let block = receipt.block_number.unwrap_or_default();
        Ok(Sent { transaction: hash, block, proposal: proposed.map(|proposed| proposed.id) })
    }

    /// The validators as the next epoch will have them if nothing changes until then.
    pub(super) async fn validators(&self) -> Result<Vec<Validator>> {
        let mut validators = Vec::new();
        loop {
            let offset = U256::from(validators.len());
            let page = self.view(ValidatorRegistry::validatorsCall { offset, limit: U256::from(PAGE) }).await?;
            let last = page.len() < PAGE;
            validators.extend(page);
            if last {
                return Ok(validators);
            }
        }
    }

    /// A proposal with its votes.
    pub(super) async fn proposal(&self, id: U256) -> Result<ProposalAnswer> {
        let proposal = self.view(ValidatorRegistry::proposalCall { id }).await?;
        let votes = self.view(ValidatorRegistry::votesCall { id }).await?;
        Ok(ProposalAnswer::new(id, proposal, &votes))
    }

    /// Everything that somebody who votes wants to know.
    pub(super) async fn set(&self) -> Result<SetAnswer> {
        let validators = self.validators().await?;
        let mut organizations: Vec<B256> = validators.iter().map(|validator| validator.organization).collect();
        organizations.sort_unstable();
        organizations.dedup();
        let mut seats = Vec::with_capacity(organizations.len());
        for organization in organizations {
            seats.push((organization, self.view(ValidatorRegistry::seatCall { organization }).await?));
        }
        let count: u64 = self.view(ValidatorRegistry::proposalCountCall {}).await?.saturating_to();
        let mut open = Vec::new();
        for id in count.saturating_sub(NEWEST_PROPOSALS)..count {
            open.extend(Some(self.proposal(U256::from(id)).await?).filter(ProposalAnswer::is_open));
        }
        let epoch_length = self.view(ValidatorRegistry::epochLengthCall {}).await?;
        let head = self.provider.get_block_number().await?;
        Ok(SetAnswer::new(epoch_length, head, &validators, seats, open))
    }
}

fn request(call: &impl SolCall) -> TransactionRequest {
    // Gas is free, and an account that only votes owns nothing.
    TransactionRequest::default().with_to(VALIDATOR_REGISTRY).with_input(call.abi_encode()).with_gas_price(0)
}

/// The registry's reason, or what went wrong on the way.
fn refused(error: RpcError<TransportErrorKind>) -> anyhow::Error {
    let reason =
        error.as_error_resp().and_then(|answer| answer.as_decoded_interface_error::<ValidatorRegistryErrors>());
    match reason {
        Some(reason) => anyhow!("the registry refuses: {}", answers::refusal(&reason)),
        None => anyhow!(error),
    }
}
