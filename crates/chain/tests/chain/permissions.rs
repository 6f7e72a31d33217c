//! The contract itself in a genesis, as nodes read it: PERMIT-1, PERMIT-3, PERMIT-4, PERMIT-7.

use crate::support::{
    account,
    membership::{changing_genesis, voter},
    signed, transfer, validator_keys,
};
use alloy::{consensus::TxEip1559, primitives::B256, sol_types::SolCall};
use chancery_contracts::{PermissionSeat, Permissions, organization_name, permissions, predeploys::PERMISSIONS};
use chancery_execution::{
    Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, GenesisConfig, PoolErrorKind,
    PredeployConfig, permission_entries, permission_modes, permitted_nodes,
};
use chancery_primitives::permissions::{PermissionList, account_subject};

/// Funded, and listed.
const LISTED: u8 = 0;
/// Funded, and not listed.
const STRANGER: u8 = 1;

/// A chain of four organizations on which account [`LISTED`] alone may send and create contracts, and one node may connect.
fn closed() -> GenesisConfig {
    let keys = validator_keys(4);
    let mut config = changing_genesis(&keys, 4);
    let organization = organization_name("City Archive").unwrap();
    let subject = account_subject(account(LISTED).address());
    let first = [
        PermissionSeat { list: PermissionList::Connect, subject: B256::repeat_byte(9), organization },
        PermissionSeat { list: PermissionList::Send, subject, organization },
        PermissionSeat { list: PermissionList::Deploy, subject, organization },
    ];
    let contract = permissions(&PermissionList::ALL, &first);
    config.predeploys.push(PredeployConfig {
        address: contract.address,
        init_code: contract.init_code,
        deployer: alloy::primitives::Address::ZERO,
    });
    config
}

struct Chain {
    chain: Blockchain,
    _dir: tempfile::TempDir,
}

impl Chain {
    fn open(genesis: &GenesisConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let chain = Blockchain::open(dir.path(), &genesis.build().unwrap(), ExecutionConfig::default()).unwrap();
        Self { chain, _dir: dir }
    }

    fn add(&self, transaction: alloy::primitives::Bytes) -> Result<B256, PoolErrorKind> {
        self.chain.pool().add(vec![transaction]).remove(0).map_err(|error| error.kind)
    }

    /// Has an organization send a call to the contract, in a final block of its own.
    fn call(&self, organization: usize, nonce: u64, call: &impl SolCall) {
        let transaction = TxEip1559 {
            nonce,
            gas_limit: 3_000_000,
            to: PERMISSIONS.into(),
            input: call.abi_encode().into(),
            ..Default::default()
        };
        let hash = self.add(signed(voter(organization), transaction)).unwrap();
        let head = self.chain.head();
        let height = head.block().height();
        let attributes = BuildAttributes {
            time_ms: head.block().time_ms() + 100,
            epoch: u32::try_from(self.chain.epochs().of(height + 1)).unwrap(),
            view: height + 1,
            parent_view: height,
            beneficiary: alloy::primitives::Address::ZERO,
        };
        let budget =
            BuildBudget { max_time: std::time::Duration::from_secs(600), max_bytes: 1 << 20, max_transactions: 100 };
        let built = self.chain.tree().build(head.block().hash(), attributes, budget).unwrap();
        let block = built.block().clone();
        self.chain.tree().finalize(vec![Finalization { block, certificate: None }]).unwrap();
        let place = self.chain.transaction(hash).unwrap().unwrap();
        let receipts = self.chain.receipts(place.height).unwrap().unwrap();
        assert!(alloy::consensus::TxReceipt::status(&receipts[place.index as usize]), "refused");
    }
}

#[test]
fn nodes_read_what_the_constructor_wrote() {
    let genesis = closed();
    let chain = Chain::open(&genesis);
    let state = chain.chain.head_state();
    let modes = permission_modes(&state).unwrap();
    assert!(PermissionList::ALL.iter().all(|list| modes.is_closed(*list)));
    assert_eq!(modes.revision, 0);
    for list in PermissionList::ALL {
        let entries = permission_entries(&state, list).unwrap();
        assert_eq!(entries.len(), 1, "{list:?}");
        assert_eq!(entries[0].organization, organization_name("City Archive").unwrap());
    }
    // PERMIT-4: its validators, and the one that is listed.
    let permitted = permitted_nodes(&state).unwrap().unwrap();
    assert_eq!(permitted.len(), 5);
    assert!(genesis.validators.iter().all(|validator| permitted.contains(&validator.peer_public_key)));
}

// PERMIT-3
#[test]
fn a_chain_that_is_closed_to_all_is_opened_by_those_who_vote() {
    let chain = Chain::open(&closed());
    chain.add(transfer(LISTED, 0)).unwrap();
    assert!(matches!(chain.add(transfer(STRANGER, 0)), Err(PoolErrorKind::NotPermitted(_))));
    let send = PermissionList::Send.number();
    chain.call(0, 0, &Permissions::proposeModeCall { list: send, closed: false });
    let vote = Permissions::voteCall { id: alloy::primitives::U256::ZERO };
    chain.call(1, 0, &vote);
    assert!(chain.add(transfer(STRANGER, 0)).is_err(), "two of four are not more than two thirds");
    chain.call(2, 0, &vote);
    chain.add(transfer(STRANGER, 0)).unwrap();
    // Somebody is permitted by vote, and read with the same eyes.
    let subject = account_subject(account(STRANGER).address());
    let organization = organization_name("Tax Office").unwrap();
    let deploy = PermissionList::Deploy.number();
    chain.call(0, 1, &Permissions::proposePermitCall { list: deploy, subject, organization });
    let vote = Permissions::voteCall { id: alloy::primitives::U256::from(1) };
    chain.call(1, 1, &vote);
    chain.call(2, 1, &vote);
    let entries = permission_entries(&chain.chain.head_state(), PermissionList::Deploy).unwrap();
    assert!(entries.iter().any(|entry| entry.subject == subject && entry.organization == organization), "{entries:?}");
}
