//! Recording, idempotent (PROCESSING-2): a refusal that says "it is there already" is looked into before it is believed to be one.

use alloy::sol_types::{SolCall, SolError, SolEvent};
use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::{
    CertificateRegistry, DataBlockRegistry, OrganizationRegistry, TrustRefusal, TrustRegistry, predeploys,
};
use chancery_ledger::{Call, Chain, Event, EventFilter, FinalTransaction, LedgerError, RevertReason};
use chancery_reference_points::{
    Class, Code, DoorError, DoorResult,
    application::{ContractCall, OperationHandler},
    data_block::{OperationOutcome, RootOfBlock, TransactionLocator},
    operation::{InterpretedOperation, SignedOperation},
};

use crate::{
    Processing,
    control::ask_contract,
    error::{contract_refusal, door_error},
    processing::name_of,
};

/// Earlier transactions about the same subject that are compared with a refused call.
const MAX_EARLIER_EVENTS: usize = 1000;

impl Processing {
    /// Records a root, or finds where it is recorded.
    pub(crate) async fn record_block(&self, chain: &Chain, block: &RootOfBlock) -> DoorResult<TransactionLocator> {
        let call = DataBlockRegistry::recordCall {
            root: block.root,
            operationCount: block.count,
            firstTime: block.first_time,
            lastTime: block.last_time,
        };
        let call = Call { to: Some(predeploys::DATA_BLOCK_REGISTRY), data: call.abi_encode().into() };
        match chain.submit(&self.config.submitter, call).await {
            Ok(transaction) => Ok(locator(chain, &transaction)),
            Err(LedgerError::Reverted { reason, .. }) if reason.name == "RootAlreadyRecorded" => {
                self.find_root(chain, block.root).await
            }
            Err(error) => Err(door_error(error)),
        }
    }

    async fn find_root(&self, chain: &Chain, root: B256) -> DoorResult<TransactionLocator> {
        let signature = DataBlockRegistry::DataBlockRecorded::SIGNATURE_HASH;
        let filter = EventFilter {
            contracts: vec![predeploys::DATA_BLOCK_REGISTRY],
            topics: [vec![signature], vec![root], Vec::new(), Vec::new()],
            ..EventFilter::default()
        };
        let events = chain.latest_events(&filter, 1).await.map_err(door_error)?;
        // The contract says that it is recorded: not to find it means that the node withholds the event.
        let event = events.first().ok_or_else(|| withheld(chain))?;
        chain.verify_event(event).await.map_err(door_error)?;
        Ok(event_locator(chain, event))
    }

    /// Sends an operation's own contract call, if its kind has one. What the contract refuses for good is an outcome; what may succeed
    /// later is an error.
    pub(crate) async fn record_call(
        &self,
        operation: &SignedOperation,
        interpreted: &InterpretedOperation,
    ) -> DoorResult<OperationOutcome> {
        let handler = self.handler(&operation.operation_type)?;
        let Some(ContractCall { chain, to, data }) = handler.contract_call(operation)? else {
            return Ok(OperationOutcome::InDataBlock);
        };
        let chain = self.chain(&chain)?;
        let call = Call { to: Some(to), data: data.clone() };
        match chain.submit(&self.config.submitter, call).await {
            Ok(transaction) => Ok(OperationOutcome::Recorded(locator(chain, &transaction))),
            Err(LedgerError::Reverted { chain: name, reason, tx_hash }) => {
                if let Some(earlier) = find_call(chain, to, &data, interpreted.subject).await? {
                    return Ok(OperationOutcome::Recorded(earlier));
                }
                if let Some(why) = self.not_shown(chain, &reason).await? {
                    return Err(not_shown(chain, why));
                }
                let refusal = handler
                    .refused(&contract_refusal(&reason))
                    .unwrap_or_else(|| door_error(LedgerError::Reverted { chain: name, reason, tx_hash }));
                Ok(OperationOutcome::Refused(refusal))
            }
            Err(error) => {
                let error = door_error(error);
                if error.class() == Class::Temporary { Err(error) } else { Ok(OperationOutcome::Refused(error)) }
            }
        }
    }
}

impl Processing {
    /// The transaction that recorded an operation's own contract call before.
    pub(crate) async fn recorded_call(
        &self,
        handler: &dyn OperationHandler,
        operation: &SignedOperation,
        subject: B256,
    ) -> DoorResult<Option<TransactionLocator>> {
        let Some(ContractCall { chain, to, data }) = handler.contract_call(operation)? else { return Ok(None) };
        find_call(self.chain(&chain)?, to, &data, subject).await
    }
}

impl Processing {
    /// Why a certificate registry refuses a signature that the main chain takes, if it does: then the right is on its way there, has to be shown anew, or waits for a
    /// vote, and the same call succeeds later.
    async fn not_shown(&self, chain: &Chain, reason: &RevertReason) -> DoorResult<Option<TrustRefusal>> {
        if reason.name != "SignerNotAuthorized" {
            return Ok(None);
        }
        let Some(trust) = self.trust_registry(chain).await? else { return Ok(None) };
        let Ok(refused) = CertificateRegistry::SignerNotAuthorized::abi_decode(&reason.data) else { return Ok(None) };
        let CertificateRegistry::SignerNotAuthorized { signer: key, organization: code, right } = refused;
        let call = OrganizationRegistry::isAuthorizedNowCall { key, code, right };
        if !ask_contract(self.main()?, predeploys::ORGANIZATION_REGISTRY, call).await? {
            return Ok(None);
        }
        let call = TrustRegistry::refusalOfCall { key, code, right };
        Ok(Some(TrustRefusal(ask_contract(chain, trust, call).await?)))
    }
}

fn not_shown(chain: &Chain, why: TrustRefusal) -> DoorError {
    let detail = format!("the main chain lets this key sign, and chain {} does not: {why}", chain.name());
    DoorError::new(Code::RightNotShown, detail).with("chain", chain.name())
}

/// The transaction by which exactly this call succeeded before (after a crash, or relayed by somebody else).
async fn find_call(
    chain: &Chain,
    contract: Address,
    data: &Bytes,
    subject: B256,
) -> DoorResult<Option<TransactionLocator>> {
    let filter = EventFilter {
        contracts: vec![contract],
        topics: [Vec::new(), vec![subject], Vec::new(), Vec::new()],
        ..EventFilter::default()
    };
    let events = chain.latest_events(&filter, MAX_EARLIER_EVENTS).await.map_err(door_error)?;
    for event in events {
        let transaction = chain.transaction(event.tx_hash, Some(event.block_number)).await.map_err(door_error)?;
        if transaction.succeeded && transaction.to == Some(contract) && &transaction.input == data {
            return Ok(Some(event_locator(chain, &event)));
        }
    }
    Ok(None)
}

pub(crate) fn locator(chain: &Chain, transaction: &FinalTransaction) -> TransactionLocator {
    TransactionLocator {
        chain: name_of(chain),
        tx_hash: transaction.tx_hash,
        block_number: transaction.block.number,
        block_hash: transaction.block.hash,
    }
}

pub(crate) fn event_locator(chain: &Chain, event: &Event) -> TransactionLocator {
    TransactionLocator {
        chain: name_of(chain),
        tx_hash: event.tx_hash,
        block_number: event.block_number,
        block_hash: event.block_hash,
    }
}

fn withheld(chain: &Chain) -> DoorError {
    door_error(LedgerError::ProofRefused { chain: chain.name().to_owned(), check: "EventWithheld".to_owned() })
}
