//! How an application joins the entities: it brings the kinds of operations that it understands and the services that it offers.
//! The binary registers them; representation, processing and provisioning call them through these traits.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes};
use async_trait::async_trait;
use serde_json::Value;

use crate::{
    Actor, DoorError, DoorResult,
    operation::{ChainName, InterpretedOperation, OperationType, SignedOperation},
    right::Right,
    s2p::Retrieval,
};

/// A call of a contract that records an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCall {
    /// The chain that records it.
    pub chain: ChainName,
    /// The contract.
    pub to: Address,
    /// ABI-encoded function and arguments.
    pub data: Bytes,
}

/// Why a contract refused a call, in its own terms: a Solidity custom error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRefusal {
    /// Name of the error.
    pub name: String,
    /// Its parameters by name, values as text.
    pub arguments: Vec<(String, String)>,
}

impl ContractRefusal {
    /// The value of a parameter.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads, checks and translates one kind of operation.
#[async_trait]
pub trait OperationHandler: Send + Sync {
    /// The kind of operation this handler knows.
    fn operation_type(&self) -> OperationType;

    /// Reads the message and recovers who signed it. Pure: no I/O.
    ///
    /// # Errors
    /// `MalformedRequest`, `SignatureInvalid`, `WrongChain`, `SealedHashMismatch` and the like.
    fn interpret(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation>;

    /// Checks the operation against the declared format and against what is recorded (M-PRO-1..3): rights of the source, state of the
    /// subject, keys of the holder. Reads the chains through S2P only.
    ///
    /// # Errors
    /// Whatever is wrong, in the terms of the application; `ChainUnreachable` when that cannot be found out.
    async fn check(
        &self,
        operation: &SignedOperation,
        interpreted: &InterpretedOperation,
        chains: &dyn Retrieval,
        now: u64,
    ) -> DoorResult<()>;

    /// The contract call that records the operation, or `None` when its membership in a data block is the record.
    ///
    /// # Errors
    /// `MalformedRequest` when the message does not encode.
    fn contract_call(&self, operation: &SignedOperation) -> DoorResult<Option<ContractCall>>;

    /// What the contract's refusal of [`Self::contract_call`] means in the terms of the application. `None`: it stays
    /// `TransactionRefused` with the name of the contract's error. Pure.
    fn refused(&self, refusal: &ContractRefusal) -> Option<DoorError> {
        let _ = refusal;
        None
    }
}

/// A service of the catalogue (D3.7 8.3): asked at U2S, answered from the chains through S2P.
#[async_trait]
pub trait Service: Send + Sync {
    /// The name in the catalogue: `certificates.query`, ...
    fn name(&self) -> &'static str;

    /// One line for the catalogue.
    fn description(&self) -> &'static str;

    /// Answers a request. The caller's right to ask has been checked by role; what depends on the data (whose certificate it is) is checked here.
    ///
    /// # Errors
    /// In the terms of the application.
    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value>;

    /// What the access journal says that was looked at (a certificate id, an address), from the parameters; no personal data.
    fn subject(&self, parameters: &Value) -> Option<String>;

    /// What the access journal says of the right by which somebody asks whom the service answers, where it depends on whose it is; `None`: on the caller's
    /// role alone, or on what the service is about. Pure.
    fn right(&self, actor: &Actor, parameters: &Value) -> Option<Right> {
        let _ = (actor, parameters);
        None
    }

    /// Whether each answer is counted, for the bill of the organization for which was asked (C-FEE).
    fn is_charged(&self) -> bool {
        false
    }
}

/// The handlers of all applications, by operation type.
#[derive(Clone, Default)]
pub struct OperationHandlers(Vec<Arc<dyn OperationHandler>>);

impl OperationHandlers {
    /// Registers a handler. A second one for the same type replaces the first.
    #[must_use]
    pub fn with(mut self, handler: Arc<dyn OperationHandler>) -> Self {
        self.0.retain(|known| known.operation_type() != handler.operation_type());
        self.0.push(handler);
        self
    }

    /// The handler of a type.
    #[must_use]
    pub fn get(&self, operation_type: &OperationType) -> Option<&Arc<dyn OperationHandler>> {
        self.0.iter().find(|handler| &handler.operation_type() == operation_type)
    }
}
