//! What the chains record about certificates, organizations and identities, read through S2P and decoded.
//!
//! A reading fails with `ChainUnreachable` when the chain does not answer; that is never the same as "there is none".

mod certificates;
mod conditions;
mod everything;
pub(crate) mod identities;
mod organizations;
mod owners;
mod rights;

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use chancery_reference_points::{Class, Code, DoorError, DoorResult, operation::ChainName, s2p::Retrieval};

pub use certificates::{IssuedCertificate, RegisteredCertificate};
pub use conditions::Condition;
pub use everything::{Blocks, MAX_COUNTED_EVENTS};
pub use identities::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING, PublishedKeys};
pub use organizations::{Authorization, KeyEntry, MAX_KEY_ENTRIES, MAX_ORGANIZATIONS_OF_KEY, OrganizationEntry};
pub use owners::MAX_CHANGED_BLOCKS;

use crate::directory::CityDirectory;

/// The chains of the city through S2P, with the directory that says which is which.
#[derive(Clone, Copy)]
pub struct Registry<'a> {
    s2p: &'a dyn Retrieval,
    directory: &'a CityDirectory,
}

/// The block that an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAt {
    /// The chain.
    pub chain: ChainName,
    /// Its final block.
    pub block_number: u64,
}

impl<'a> Registry<'a> {
    /// Reads through a door.
    #[must_use]
    pub const fn new(s2p: &'a dyn Retrieval, directory: &'a CityDirectory) -> Self {
        Self { s2p, directory }
    }

    /// The directory.
    #[must_use]
    pub const fn directory(&self) -> &'a CityDirectory {
        self.directory
    }

    async fn call<C: SolCall>(&self, chain: &ChainName, contract: Address, call: C) -> DoorResult<(C::Return, u64)> {
        let view = self.s2p.view(chain, contract, Bytes::from(call.abi_encode())).await?;
        let decoded = C::abi_decode_returns(&view.data).map_err(|error| malformed_answer(chain, &error))?;
        Ok((decoded, view.block_number))
    }
}

/// A chain whose contract answers nonsense cannot be asked: nothing may be concluded from it.
fn malformed_answer(chain: &ChainName, error: &impl std::fmt::Display) -> DoorError {
    DoorError::new(Code::ChainUnreachable, format!("chain {chain} gave an answer that cannot be read"))
        .with("chain", chain.0.as_str())
        .caused_by(std::io::Error::other(error.to_string()))
}

/// What was read, or which chain did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// It was read.
    Read(T),
    /// The chain did not answer, so nothing is known.
    Unreachable(ChainName),
}

impl<T> Reading<T> {
    /// Tells "does not answer" from other errors.
    ///
    /// # Errors
    /// What is not temporary.
    pub fn of(result: DoorResult<T>, chain: &ChainName) -> DoorResult<Self> {
        match result {
            Ok(value) => Ok(Self::Read(value)),
            Err(error) if error.class() == Class::Temporary => Ok(Self::Unreachable(chain.clone())),
            Err(error) => Err(error),
        }
    }
}
