//! What is checked before a transaction is kept.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, KECCAK256_EMPTY, U256, keccak256, map::AddressMap};
use chancery_primitives::permissions::PermissionModes;
use revm::{
    context_interface::cfg::GasParams,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};

use super::{InsufficientFunds, PoolErrorKind};
use crate::{
    RecoveredTransaction, SignedTransaction, StateError, StateView, TRANSACTION_GAS_LIMIT_CAP,
    permissions::{SenderRights, permission_modes},
    state::AccountRecord,
};

/// What an account may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spendable {
    pub(super) nonce: u64,
    pub(super) balance: U256,
}

impl Spendable {
    pub(super) fn of(record: &AccountRecord) -> Self {
        Self { nonce: record.nonce, balance: record.balance }
    }
}

/// Rules that need no state.
pub(super) struct Rules {
    chain_id: u64,
    gas_cap: u64,
    gas: GasParams,
}

impl Rules {
    pub(super) fn new(chain_id: u64, block_gas_limit: u64) -> Self {
        let gas_cap = block_gas_limit.min(TRANSACTION_GAS_LIMIT_CAP);
        Self { chain_id, gas_cap, gas: GasParams::new_spec(SpecId::OSAKA) }
    }

    /// Chain id, gas, fees and sizes.
    pub(super) fn check_content(&self, transaction: &SignedTransaction) -> Result<(), PoolErrorKind> {
        let envelope = transaction.envelope();
        if envelope.chain_id() != Some(self.chain_id) {
            return Err(PoolErrorKind::ChainId { expected: self.chain_id, actual: envelope.chain_id() });
        }
        let gas_limit = envelope.gas_limit();
        if gas_limit > self.gas_cap {
            return Err(PoolErrorKind::GasLimit { gas_limit, cap: self.gas_cap });
        }
        if envelope.max_priority_fee_per_gas().is_some_and(|tip| tip > envelope.max_fee_per_gas()) {
            return Err(PoolErrorKind::TipAboveFeeCap);
        }
        let init_code = if envelope.is_create() { envelope.input().len() } else { 0 };
        if init_code > MAX_INITCODE_SIZE {
            return Err(PoolErrorKind::InitCodeSize { actual: init_code, max: MAX_INITCODE_SIZE });
        }
        let authorizations = envelope.authorization_list().map(<[_]>::len);
        if authorizations == Some(0) {
            return Err(PoolErrorKind::EmptyAuthorizationList);
        }
        let intrinsic = self.intrinsic_gas(transaction, authorizations.unwrap_or_default());
        if gas_limit < intrinsic {
            return Err(PoolErrorKind::IntrinsicGas { gas_limit, intrinsic });
        }
        Ok(())
    }

    /// The least gas that the transaction can be executed with.
    fn intrinsic_gas(&self, transaction: &SignedTransaction, authorizations: usize) -> u64 {
        let envelope = transaction.envelope();
        let (mut accounts, mut slots) = (0, 0);
        for item in envelope.access_list().map(|list| list.iter()).into_iter().flatten() {
            accounts += 1;
            slots += item.storage_keys.len() as u64;
        }
        let gas = self.gas.initial_tx_gas(
            envelope.input(),
            envelope.is_create(),
            accounts,
            slots,
            authorizations as u64,
            None,
        );
        gas.initial_total_gas().max(gas.floor_gas())
    }
}

/// The state of the latest final block, with what is read once of it.
pub(super) struct Head {
    state: StateView,
    modes: PermissionModes,
}

impl Head {
    pub(super) fn new(state: StateView) -> Result<Self, StateError> {
        Ok(Self { modes: permission_modes(&state)?, state })
    }

    /// Moves on to the state after further blocks, which have changed permissions or not.
    pub(super) fn follow(&mut self, state: StateView, permissions_changed: bool) {
        self.state = state;
        if !permissions_changed {
            return;
        }
        match permission_modes(&self.state) {
            Ok(modes) => self.modes = modes,
            // Blocks are held to the rule all the same.
            Err(error) => tracing::error!(%error, "cannot read who may send; the pool admits as before"),
        }
    }

    /// Whether a sender may still send what waits. What cannot be read now is looked at again when a block is built.
    pub(super) fn permits(&self, transaction: &RecoveredTransaction) -> bool {
        SenderRights::of(&self.state, self.modes, transaction.sender())
            .map_or(true, |rights| rights.check(transaction.sender(), transaction).is_ok())
    }
}

/// A sender as the state has it.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    spendable: Spendable,
    rights: SenderRights,
}

/// The senders, looked up once. `Err`: may send nothing, and why.
pub(super) type Accounts = AddressMap<Result<Sender, PoolErrorKind>>;

/// Looks up the senders in the state.
pub(super) fn accounts<'a>(head: &Head, transactions: impl Iterator<Item = &'a RecoveredTransaction>) -> Accounts {
    let mut accounts = Accounts::default();
    for transaction in transactions {
        accounts.entry(transaction.sender()).or_insert_with(|| look_up(head, transaction.sender()));
    }
    accounts
}

/// The sender of a transaction, if it may send it and can pay for it alone.
pub(super) fn account_of(accounts: &Accounts, transaction: &RecoveredTransaction) -> Result<Spendable, PoolErrorKind> {
    let address = transaction.sender();
    // Each sender was looked up before.
    let unknown = || Err(PoolErrorKind::State("a sender was not looked up".into()));
    let Sender { spendable: account, rights } = accounts.get(&address).cloned().unwrap_or_else(unknown)?;
    rights.check(address, transaction).map_err(PoolErrorKind::NotPermitted)?;
    let cost = cost(transaction);
    if cost > account.balance {
        let funds = InsufficientFunds { address, balance: account.balance, cost };
        return Err(PoolErrorKind::InsufficientFunds(Box::new(funds)));
    }
    Ok(account)
}

fn look_up(Head { state, modes }: &Head, address: Address) -> Result<Sender, PoolErrorKind> {
    let unreadable = |error: StateError| PoolErrorKind::State(error.to_string());
    let rights = SenderRights::of(state, *modes, address).map_err(unreadable)?;
    let Some(record) = state.record(&keccak256(address)).map_err(unreadable)? else {
        return Ok(Sender { spendable: Spendable::default(), rights });
    };
    if record.code_hash != KECCAK256_EMPTY {
        let code = state.bytecode(&record.code_hash).map_err(unreadable)?;
        // EIP-3607, and EIP-7702 for accounts that delegate.
        if !code.is_eip7702() {
            return Err(PoolErrorKind::SenderHasCode);
        }
    }
    Ok(Sender { spendable: Spendable::of(&record), rights })
}

/// The most that a transaction can take from its sender.
pub(super) fn cost(transaction: &SignedTransaction) -> U256 {
    let envelope = transaction.envelope();
    let fees = U256::from(envelope.max_fee_per_gas()).saturating_mul(U256::from(envelope.gas_limit()));
    fees.saturating_add(envelope.value())
}
