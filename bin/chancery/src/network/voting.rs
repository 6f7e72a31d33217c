//! A contract in which the organizations of a chain vote, over JSON-RPC.

use std::path::Path;

use alloy::{
    network::{EthereumWallet, TransactionBuilder as _},
    providers::{DynProvider, Provider as _, ProviderBuilder},
    rpc::{
        json_rpc::ErrorPayload,
        types::{Log, TransactionRequest},
    },
    sol_types::SolCall,
    transports::{RpcError, TransportErrorKind, http::reqwest},
};
use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result, anyhow, ensure};
use chancery_ledger::Endpoint;

use super::files::read_voting_key;
use crate::own_machine::encrypted_elsewhere;

/// Most proposals that are looked at, the newest.
const NEWEST_PROPOSALS: u64 = 200;

/// What is voted on, and how the contract tells of it.
pub(super) struct Subject {
    /// Where the contract stands.
    pub(super) address: Address,
    /// Its name in messages.
    pub(super) name: &'static str,
    /// What it means that a chain has none.
    pub(super) absent: &'static str,
    /// The number of the proposal that a log tells of.
    pub(super) proposed: fn(&Log) -> Option<U256>,
    /// What a refusal means, and what to do.
    pub(super) refusal: fn(&ErrorPayload) -> Option<String>,
}

/// The contract on one chain, and who asks.
pub(super) struct Assembly {
    subject: &'static Subject,
    address: Address,
    provider: DynProvider,
    me: Option<Address>,
}

/// A transaction that is final and was carried out.
pub(super) struct Sent {
    pub(super) transaction: B256,
    pub(super) block: u64,
    /// The proposal that it made.
    pub(super) proposal: Option<U256>,
}

impl Assembly {
    /// Connects to a node; with a voting key, transactions are signed with it.
    pub(super) async fn connect(subject: &'static Subject, rpc: &str, voting_key: Option<&Path>) -> Result<Self> {
        Self::connect_at(subject, subject.address, rpc, voting_key).await
    }

    /// The same of a contract that stands elsewhere than where every chain has it.
    pub(super) async fn connect_at(
        subject: &'static Subject,
        address: Address,
        rpc: &str,
        voting_key: Option<&Path>,
    ) -> Result<Self> {
        let endpoint = Endpoint::read(&encrypted_elsewhere(rpc, "--rpc")?)?;
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.default_headers(endpoint.headers()).build()?;
        let url = endpoint.url().clone();
        let (provider, me) = match voting_key {
            None => (ProviderBuilder::new().connect_reqwest(client, url).erased(), None),
            Some(path) => {
                let signer = read_voting_key(path)?;
                let me = signer.address();
                let wallet = EthereumWallet::from(signer);
                (ProviderBuilder::new().wallet(wallet).connect_reqwest(client, url).erased(), Some(me))
            }
        };
        let code = provider.get_code_at(address).await.with_context(|| format!("{rpc} does not answer"))?;
        ensure!(!code.is_empty(), "this chain has no {}: {}", subject.name, subject.absent);
        Ok(Self { subject, address, provider, me })
    }

    /// What a view function answers.
    pub(super) async fn view<C: SolCall>(&self, call: C) -> Result<C::Return> {
        self.view_at(self.address, call).await
    }

    /// The same of another contract of the chain.
    pub(super) async fn view_at<C: SolCall>(&self, address: Address, call: C) -> Result<C::Return> {
        let answer = self.provider.call(request(address, &call)).await.map_err(|error| self.refused(error))?;
        C::abi_decode_returns(&answer).with_context(|| {
            format!("the contract at the address of the {} is not one of this version", self.subject.name)
        })
    }

    /// Sends a call that was tried before, and waits until it is final.
    pub(super) async fn send<C: SolCall>(&self, call: &C) -> Result<Sent> {
        let mut request = request(self.address, call);
        request.from = self.me;
        self.provider.call(request.clone()).await.map_err(|error| self.refused(error))?;
        let pending = self.provider.send_transaction(request).await.map_err(|error| self.refused(error))?;
        let hash = *pending.tx_hash();
        let receipt =
            pending.get_receipt().await.with_context(|| format!("{hash} was sent; its receipt did not come"))?;
        ensure!(
            receipt.status(),
            "the {} refused {hash}: something changed since it was tried; try again",
            self.subject.name
        );
        let proposal = receipt.logs().iter().find_map(self.subject.proposed);
        Ok(Sent { transaction: hash, block: receipt.block_number.unwrap_or_default(), proposal })
    }

    /// The number of the newest block.
    pub(super) async fn height(&self) -> Result<u64> {
        Ok(self.provider.get_block_number().await?)
    }

    /// The numbers of the newest proposals, of `count` that there ever were.
    pub(super) fn newest(count: U256) -> std::ops::Range<u64> {
        let count: u64 = count.saturating_to();
        count.saturating_sub(NEWEST_PROPOSALS)..count
    }

    /// The contract's reason, or what went wrong on the way.
    fn refused(&self, error: RpcError<TransportErrorKind>) -> anyhow::Error {
        match error.as_error_resp().and_then(self.subject.refusal) {
            Some(reason) => anyhow!("the {} refuses: {reason}", self.subject.name),
            None => anyhow!(error),
        }
    }
}

fn request(to: Address, call: &impl SolCall) -> TransactionRequest {
    // Gas is free, and an account that only votes owns nothing.
    TransactionRequest::default().with_to(to).with_input(call.abi_encode()).with_gas_price(0)
}
