//! The story itself.

use alloy::consensus::TxEnvelope;
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use anyhow::Result;

use super::{
    contracts::{
        CALLER, DESTROYED_AT_BIRTH, EMITTER, ENVIRONMENT, FACTORY, HASHER, INVALID, LEADING_ZEROS, LOOPER, WRITER,
        creation, custom_reverter, reverter,
    },
    wallet::{Draft, Wallet, encoded, sender},
};
use crate::load::funded_signers;

/// Somebody who has nothing before the story begins.
const STRANGER: Address = address!("00000000000000000000000000000000000a11ce");
/// The precompile that hashes with SHA-256.
const SHA256: Address = address!("0000000000000000000000000000000000000002");

/// One transaction of the story.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does, in a few words.
    pub name: &'static str,
    /// EIP-2718 encoding.
    pub raw: Bytes,
    /// Transaction hash.
    pub hash: B256,
    /// Who signed it.
    pub sender: Address,
    /// Whether it succeeds.
    pub succeeds: bool,
}

/// The story: what is sent, and where the contracts are when all of it is in.
#[derive(Debug)]
pub struct Scenario {
    /// The transactions, each to be in a block before the next is sent.
    pub steps: Vec<Step>,
    /// Who sent most of them; its next nonce follows the story.
    pub author: Wallet,
    /// An account that delegates to the writer (EIP-7702).
    pub delegating: Address,
    /// Somebody who was given 5 wei.
    pub stranger: Address,
    /// Stores and logs.
    pub writer: Address,
    /// Reverts with a reason.
    pub reverter: Address,
    /// Reverts with an error of its own.
    pub custom_reverter: Address,
    /// Logs with every number of topics.
    pub emitter: Address,
    /// Creates.
    pub factory: Address,
    /// Calls, delegates and calls statically.
    pub caller: Address,
    /// Returns what it sees of its environment.
    pub environment: Address,
    /// Never ends.
    pub looper: Address,
    /// Counts leading zeros.
    pub leading_zeros: Address,
    /// Stores a hash.
    pub hasher: Address,
    /// Has no valid code.
    pub invalid: Address,
    /// What the factory created: a writer.
    pub child: Address,
}

/// Numbers as 32-byte words, one after the other.
#[must_use]
pub fn words(numbers: &[u64]) -> Bytes {
    numbers.iter().flat_map(|number| U256::from(*number).to_be_bytes::<32>()).collect::<Vec<_>>().into()
}

impl Scenario {
    /// The story on a chain of this id, told by the first funded accounts of the development phrase.
    ///
    /// # Errors
    /// When signing fails.
    pub fn new(chain_id: u64) -> Result<Self> {
        let mut signers = funded_signers(3)?.into_iter().map(|signer| Wallet::new(signer, chain_id));
        let (Some(mut author), Some(mut second), Some(mut delegating)) =
            (signers.next(), signers.next(), signers.next())
        else {
            anyhow::bail!("there are three funded signers");
        };
        let mut steps = Steps::default();

        let mut deploy = |name, runtime: &[u8]| -> Result<Address> {
            let contract = author.next_contract();
            steps.add(name, author.dynamic(Draft::create(creation(runtime)))?)?;
            Ok(contract)
        };
        let writer = deploy("deploy the writer", WRITER)?;
        let reverting = deploy("deploy the reverter", &reverter())?;
        let custom = deploy("deploy the custom reverter", &custom_reverter())?;
        let emitter = deploy("deploy the emitter", EMITTER)?;
        let factory = deploy("deploy the factory", FACTORY)?;
        let caller = deploy("deploy the caller", CALLER)?;
        let environment = deploy("deploy the environment", ENVIRONMENT)?;
        let looper = deploy("deploy the looper", LOOPER)?;
        let leading_zeros = deploy("deploy the counter of leading zeros", LEADING_ZEROS)?;
        let hasher = deploy("deploy the hasher", HASHER)?;
        let invalid = deploy("deploy code that is none", INVALID)?;

        let slot = B256::from(U256::from(7));
        steps.add("write, type 0", author.legacy(Draft::call(writer, words(&[7, 1])))?)?;
        steps.add(
            "write, type 1",
            author.with_access_list(Draft::call(writer, words(&[7, 2])), writer, vec![slot, B256::ZERO])?,
        )?;
        steps.add("write, type 2, paid", author.dynamic(Draft::call(writer, words(&[7, 3])).price(5))?)?;
        let authorization = delegating.authorize(writer)?;
        steps.add(
            "an account gets code, type 4",
            author.set_code(Draft::call(delegating.address(), words(&[9, 90])), authorization)?,
        )?;
        steps
            .add("call the account with code", second.dynamic(Draft::call(delegating.address(), words(&[10, 91])))?)?;
        steps.add("clear a slot", author.dynamic(Draft::call(writer, words(&[7, 0])))?)?;
        steps.add("log everything", author.dynamic(Draft::call(emitter, words(&[0xda7a])))?)?;
        steps.add("create by create2", author.dynamic(Draft::call(factory, creation(WRITER)))?)?;
        steps.add("create by create2 again, in vain", author.dynamic(Draft::call(factory, creation(WRITER)))?)?;
        let nested = [writer.into_word().as_slice(), &words(&[11, 12])].concat();
        steps.add("call, delegate, call statically", author.dynamic(Draft::call(caller, nested).value(3))?)?;
        steps.add("hash with a precompile", author.dynamic(Draft::call(hasher, "hello".as_bytes().to_vec()))?)?;
        steps.add("call a precompile", author.dynamic(Draft::call(SHA256, vec![1, 2, 3]))?)?;
        steps.add("give to a stranger", author.legacy(Draft::call(STRANGER, vec![]).value(5).gas(21_000))?)?;
        let own = author.address();
        steps.add("give to oneself", author.dynamic(Draft::call(own, vec![]).value(6).gas(21_000))?)?;
        steps.add("born and gone", author.dynamic(Draft::create(DESTROYED_AT_BIRTH.to_vec()).value(8))?)?;

        steps.add_failing("revert", author.dynamic(Draft::call(reverting, vec![]).value(2))?)?;
        steps.add_failing("revert with an own error", author.legacy(Draft::call(custom, vec![]))?)?;
        steps.add_failing("run out of gas", author.dynamic(Draft::call(looper, vec![]).gas(60_000))?)?;
        steps.add_failing("an invalid opcode", author.dynamic(Draft::call(invalid, vec![]).gas(50_000))?)?;
        steps.add_failing("a creation that reverts", author.dynamic(Draft::create(reverter()))?)?;
        steps.add_failing(
            "a creation of forbidden code",
            author.dynamic(Draft::create(creation(&[0xef, 0])).gas(90_000))?,
        )?;

        let child = factory.create2(B256::from(U256::from(0x43)), keccak256(creation(WRITER)));
        Ok(Self {
            steps: steps.0,
            author,
            delegating: delegating.address(),
            stranger: STRANGER,
            writer,
            reverter: reverting,
            custom_reverter: custom,
            emitter,
            factory,
            caller,
            environment,
            looper,
            leading_zeros,
            hasher,
            invalid,
            child,
        })
    }

    /// The step of this name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn step(&self, name: &str) -> &Step {
        let found = self.steps.iter().find(|step| step.name == name);
        found.unwrap_or_else(|| panic!("no step is called {name}"))
    }
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, name: &'static str, transaction: TxEnvelope) -> Result<()> {
        self.push(name, &transaction, true)
    }

    fn add_failing(&mut self, name: &'static str, transaction: TxEnvelope) -> Result<()> {
        self.push(name, &transaction, false)
    }

    fn push(&mut self, name: &'static str, transaction: &TxEnvelope, succeeds: bool) -> Result<()> {
        let (raw, hash, sender) = (encoded(transaction), *transaction.tx_hash(), sender(transaction)?);
        self.0.push(Step { name, raw, hash, sender, succeeds });
        Ok(())
    }
}
