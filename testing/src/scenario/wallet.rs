//! Signing transactions of every type.

use alloy::{
    consensus::{
        SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy, transaction::SignerRecoverable,
    },
    eips::{
        eip2718::Encodable2718,
        eip2930::{AccessList, AccessListItem},
        eip7702::{Authorization, SignedAuthorization},
    },
    network::TxSignerSync,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use anyhow::Result;

/// A signer that counts its nonces.
#[derive(Debug)]
pub struct Wallet {
    signer: PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
}

/// What a transaction does, whatever its type.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who is called, or that something is created.
    pub to: TxKind,
    /// Wei.
    pub value: u64,
    /// Call data or creation code.
    pub input: Bytes,
    /// Gas limit.
    pub gas: u64,
    /// Wei for a unit of gas, at most.
    pub price: u128,
}

impl Draft {
    /// A call with enough gas for anything in the story.
    #[must_use]
    pub fn call(to: Address, input: impl Into<Bytes>) -> Self {
        Self { to: to.into(), value: 0, input: input.into(), gas: 400_000, price: 0 }
    }

    /// A creation.
    #[must_use]
    pub fn create(code: impl Into<Bytes>) -> Self {
        Self { to: TxKind::Create, ..Self::call(Address::ZERO, code) }
    }

    /// With a value in wei.
    #[must_use]
    pub const fn value(mut self, value: u64) -> Self {
        self.value = value;
        self
    }

    /// With another gas limit.
    #[must_use]
    pub const fn gas(mut self, gas: u64) -> Self {
        self.gas = gas;
        self
    }

    /// With a price of gas in wei.
    #[must_use]
    pub const fn price(mut self, price: u128) -> Self {
        self.price = price;
        self
    }
}

impl Wallet {
    /// A signer whose next nonce is 0.
    #[must_use]
    pub const fn new(signer: PrivateKeySigner, chain_id: u64) -> Self {
        Self { signer, chain_id, nonce: 0 }
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// The nonce of its next transaction.
    #[must_use]
    pub const fn next_nonce(&self) -> u64 {
        self.nonce
    }

    /// The contract that its next transaction creates, if it creates one.
    #[must_use]
    pub fn next_contract(&self) -> Address {
        self.address().create(self.nonce)
    }

    fn take_nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce - 1
    }

    fn sign<T: SignableTransaction<alloy_primitives::Signature>>(&self, mut transaction: T) -> Result<TxEnvelope>
    where
        TxEnvelope: From<alloy::consensus::Signed<T>>,
    {
        let signature = self.signer.sign_transaction_sync(&mut transaction)?;
        Ok(transaction.into_signed(signature).into())
    }

    /// Type 0, with the chain's id (EIP-155).
    ///
    /// # Errors
    /// When signing fails.
    pub fn legacy(&mut self, draft: Draft) -> Result<TxEnvelope> {
        let Draft { to, value, input, gas, price } = draft;
        let (nonce, chain_id) = (self.take_nonce(), Some(self.chain_id));
        self.sign(TxLegacy { chain_id, nonce, gas_price: price, gas_limit: gas, to, value: U256::from(value), input })
    }

    /// Type 1, with a list of one address and storage keys.
    ///
    /// # Errors
    /// When signing fails.
    pub fn with_access_list(&mut self, draft: Draft, address: Address, storage_keys: Vec<B256>) -> Result<TxEnvelope> {
        let Draft { to, value, input, gas, price } = draft;
        let (nonce, chain_id) = (self.take_nonce(), self.chain_id);
        let access_list = AccessList(vec![AccessListItem { address, storage_keys }]);
        let value = U256::from(value);
        self.sign(TxEip2930 { chain_id, nonce, gas_price: price, gas_limit: gas, to, value, input, access_list })
    }

    /// Type 2.
    ///
    /// # Errors
    /// When signing fails.
    pub fn dynamic(&mut self, draft: Draft) -> Result<TxEnvelope> {
        let nonce = self.take_nonce();
        self.dynamic_at(draft, nonce, self.chain_id)
    }

    /// Type 2 with any nonce and chain, which the wallet does not count.
    ///
    /// # Errors
    /// When signing fails.
    pub fn dynamic_at(&self, draft: Draft, nonce: u64, chain_id: u64) -> Result<TxEnvelope> {
        let Draft { to, value, input, gas, price } = draft;
        self.sign(TxEip1559 {
            chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: price,
            to,
            value: U256::from(value),
            access_list: AccessList::default(),
            input,
        })
    }

    /// Type 4: sets the code of who authorized it. A creation becomes a call of the zero address, for type 4 creates nothing.
    ///
    /// # Errors
    /// When signing fails.
    pub fn set_code(&mut self, draft: Draft, authorization: SignedAuthorization) -> Result<TxEnvelope> {
        let Draft { to, value, input, gas, price } = draft;
        let nonce = self.take_nonce();
        self.sign(TxEip7702 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: price,
            to: to.to().copied().unwrap_or_default(),
            value: U256::from(value),
            access_list: AccessList::default(),
            authorization_list: vec![authorization],
            input,
        })
    }

    /// Allows a type 4 transaction to make `delegate`'s code its own.
    ///
    /// # Errors
    /// When signing fails.
    pub fn authorize(&mut self, delegate: Address) -> Result<SignedAuthorization> {
        let nonce = self.take_nonce();
        let authorization = Authorization { chain_id: U256::from(self.chain_id), address: delegate, nonce };
        let signature = self.signer.sign_hash_sync(&authorization.signature_hash())?;
        Ok(authorization.into_signed(signature))
    }
}

/// The EIP-2718 encoding of a transaction.
pub(super) fn encoded(transaction: &TxEnvelope) -> Bytes {
    transaction.encoded_2718().into()
}

/// Who signed a transaction.
///
/// # Errors
/// When its signature is none.
pub(super) fn sender(transaction: &TxEnvelope) -> Result<Address> {
    Ok(transaction.recover_signer()?)
}
