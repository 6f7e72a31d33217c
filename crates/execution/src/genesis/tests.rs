#![allow(clippy::unwrap_used)]

use alloy_eips::eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, U256, address, b256, hex, keccak256};

use super::*;
use crate::{
    Blockchain, ExecutionConfig,
    testing::{TestChain, WRITER, Wallet, genesis_config},
};

const PLACE: Address = address!("0xC4A0000000000000000000000000000000000001");

/// A constructor that keeps its address in slot 0, its caller in slot 1, its own code size in slot 2 and its argument in slot 3,
/// and leaves code that answers its address, as an immutable would be.
///
/// ```text
/// ADDRESS PUSH0 SSTORE   CALLER PUSH1 1 SSTORE   ADDRESS EXTCODESIZE PUSH1 1 ADD PUSH1 2 SSTORE
/// PUSH1 32 DUP1 CODESIZE SUB PUSH0 CODECOPY   PUSH0 MLOAD PUSH1 3 SSTORE
/// PUSH1 0x73 PUSH0 MSTORE8  ADDRESS PUSH1 0x60 SHL PUSH1 1 MSTORE   PUSH8 5f5260205ff30000 PUSH1 0xc0 SHL PUSH1 21 MSTORE
/// PUSH1 27 PUSH0 RETURN
/// ```
const CONSTRUCTOR: [u8; 57] = hex!(
    "305f55 33600155 303b600101600255"
    "60208038035f39 5f51600355"
    "60735f53 3060601b600152 675f5260205ff3000060c01b601552"
    "601b5ff3"
);

fn predeploy() -> PredeployConfig {
    let mut init_code = CONSTRUCTOR.to_vec();
    init_code.extend_from_slice(&U256::from(77).to_be_bytes::<32>());
    PredeployConfig { address: PLACE, init_code: init_code.into(), deployer: Address::repeat_byte(0xde) }
}

#[test]
fn a_constructor_runs_at_its_final_address() {
    let mut config = genesis_config();
    config.predeploys.push(predeploy());
    let genesis = config.build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let chain = Blockchain::open(directory.path(), &genesis, ExecutionConfig::default()).unwrap();
    let state = chain.head_state();
    let slot = |number: u64| state.storage(PLACE, U256::from(number)).unwrap();
    assert_eq!(slot(0), U256::from_be_slice(PLACE.as_slice()));
    assert_eq!(slot(1), U256::from_be_slice(predeploy().deployer.as_slice()));
    assert_eq!(slot(2), U256::from(1), "a contract has no code while its constructor runs");
    assert_eq!(slot(3), U256::from(77));
    let account = state.account(PLACE).unwrap().unwrap();
    assert_eq!(account.nonce, 1);
    // What the file makes is proven as the store proves it.
    let proof = genesis.proof(PLACE).unwrap();
    assert_eq!((proof.account, &proof), (Some(account), &chain.proof(PLACE, &[], 0).unwrap()));
    let code = state.code(account.code_hash).unwrap();
    assert_eq!(&code[1..21], PLACE.as_slice());
    assert_eq!(state.account(predeploy().deployer).unwrap(), None, "the deployer leaves no trace");
}

/// Whoever asks for the hash of a stranger's file runs what it says.
#[test]
fn constructors_share_one_amount_of_gas() {
    let made_by = |number: u8, init_code: &[u8]| PredeployConfig {
        address: Address::with_last_byte(number),
        init_code: init_code.to_vec().into(),
        ..predeploy()
    };
    // JUMPDEST GAS GAS SSTORE PUSH0 JUMP
    let endless = made_by(1, &hex!("5b5a5a555f56"));
    // PUSH0 PUSH offset MSTORE: memory for 2,144 and for 4 million gas of 2,147; PUSH1 1 PUSH0 RETURN
    let most = made_by(2, &hex!("5f6301ff3ae05260015ff3"));
    let some = made_by(3, &hex!("5f6215f8e05260015ff3"));
    let built = |predeploys: &[&PredeployConfig]| {
        let mut config = genesis_config();
        config.predeploys = predeploys.iter().map(|predeploy| (*predeploy).clone()).collect();
        config.build().map(|_| ())
    };
    built(&[&most, &predeploy()]).unwrap();
    built(&[&some, &predeploy()]).unwrap();
    for (predeploys, last) in [(vec![&endless], 1), (vec![&most, &some], 3)] {
        let error = built(&predeploys).unwrap_err();
        let is_told = matches!(&error, GenesisError::Predeploy { address, problem } if *address == Address::with_last_byte(last) && problem.contains("OutOfGas"));
        assert!(is_told, "{error}");
    }
}

#[test]
fn the_same_file_gives_the_same_chain_and_another_file_another() {
    let mut config = genesis_config();
    config.predeploys.push(predeploy());
    let json = serde_json::to_string(&config).unwrap();
    let again: GenesisConfig = serde_json::from_str(&json).unwrap();
    assert_eq!(again, config);
    let hash = config.build().unwrap().header().hash();
    assert_eq!(again.build().unwrap().header().hash(), hash);
    type Change = fn(&mut GenesisConfig);
    let changes: [Change; 5] = [
        |config| config.timestamp += 1,
        |config| config.gas_limit += 1,
        |config| config.validators[0].bls_public_key.0[0] ^= 1,
        |config| config.alloc.values_mut().next().unwrap().balance += U256::from(1),
        |config| config.predeploys.clear(),
    ];
    for change in changes {
        let mut other = config.clone();
        change(&mut other);
        assert_ne!(other.build().unwrap().header().hash(), hash);
    }
}

/// Pinned: a change of this hash is a change of every chain that exists.
#[test]
fn the_hash_of_the_test_chain_is_pinned() {
    let genesis = genesis_config().build().unwrap();
    let pinned = (
        b256!("0x5aea7702e99413bc812b9e68a8a463326da3bf9d2e1990c42af314eb8202cdee"),
        b256!("0x7384071769f5b7c1d993518c1115b795369b6a337f728436efbde6ee52d494f7"),
    );
    assert_eq!((genesis.header().hash(), genesis.header().state_root), pinned);
    let set = chancery_primitives::extra_data::validator_set_hash(&[[0xb1; 48]]);
    assert_eq!(genesis.header().extra_data, set.to_vec());
}

#[test]
fn block_hashes_are_kept_in_state() {
    let chain = TestChain::new();
    let genesis_hash = chain.chain.genesis_hash();
    let first = chain.advance(vec![Wallet::new(0).write(0, 1, 1)]);
    let slot = |number: u64| chain.chain.head_state().storage(HISTORY_STORAGE_ADDRESS, U256::from(number)).unwrap();
    assert_eq!(B256::from(slot(0)), genesis_hash);
    chain.advance(Vec::new());
    assert_eq!(B256::from(slot(1)), first.hash());
    let code = chain.chain.head_state().account(HISTORY_STORAGE_ADDRESS).unwrap().unwrap().code_hash;
    assert_eq!(code, keccak256(&HISTORY_STORAGE_CODE));
}

#[test]
fn files_that_make_no_chain_are_refused_by_field() {
    let field = |change: fn(&mut GenesisConfig)| {
        let mut config = genesis_config();
        change(&mut config);
        match config.build() {
            Err(GenesisError::Field { field, .. }) => field,
            other => panic!("expected a refusal, got {other:?}"),
        }
    };
    assert_eq!(field(|config| config.name = "Main".into()), "name");
    assert_eq!(field(|config| config.chain_id = 0), "chainId");
    assert_eq!(field(|config| config.gas_limit = 16_777_215), "gasLimit");
    assert_eq!(field(|config| config.validators.clear()), "validators");
    assert_eq!(field(|config| config.validators.push(config.validators[0].clone())), "validators");
    assert_eq!(
        field(|config| {
            let account = GenesisAccount::default().with_storage(Some([(B256::ZERO, B256::repeat_byte(1))].into()));
            config.alloc.insert(Address::repeat_byte(9), account);
        }),
        "alloc"
    );
    let cut_delegation = |config: &mut GenesisConfig| {
        let account = GenesisAccount::default().with_code(Some(hex!("ef01005151").into()));
        config.alloc.insert(Address::repeat_byte(9), account);
    };
    assert_eq!(field(cut_delegation), "alloc");
    let mut config = genesis_config();
    config.predeploys = vec![PredeployConfig { init_code: hex!("5f5ffd").into(), ..predeploy() }];
    assert!(matches!(config.build(), Err(GenesisError::Predeploy { address: PLACE, .. })));
    config.predeploys = vec![PredeployConfig { address: WRITER, ..predeploy() }];
    assert!(matches!(config.build(), Err(GenesisError::Predeploy { address: WRITER, .. })));
    assert!(serde_json::from_str::<GenesisConfig>(r#"{"name":"x","unknown":1}"#).is_err());
}
