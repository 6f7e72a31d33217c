#![allow(clippy::unwrap_used)]

use alloy_primitives::hex;
use chancery_certificates::keys::PersonKeys;
use chancery_light::ChainEssentials;
use chancery_primitives::OrganizationCode;
use chancery_reference_points::operation::ChainName;

use super::*;
use crate::statement::{Correspondent, Head, VERSION as STATEMENT_VERSION, VERSION_WITHOUT_GENESIS};

const CHAIN_ID: u64 = 7100;
/// The generator of G1: a point, as keys have to be.
const VALIDATOR: [u8; 48] =
    hex!("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb");

fn chain(chain_id: u64, genesis: u8) -> TrustedChain {
    let genesis_hash = B256::repeat_byte(genesis);
    TrustedChain::new(ChainEssentials { chain_id, genesis_hash, validators: vec![VALIDATOR.into()] }).unwrap()
}

/// A deposit that its sender has signed, of which no chain shows anything.
fn signed(version: u32, genesis: Option<u8>) -> MessageProof {
    let keys = PersonKeys::from_phrase("test test test test test test test test test test test junk").unwrap();
    let organization = OrganizationCode::parse("ONE").unwrap();
    let head = Head {
        version,
        chain_id: CHAIN_ID,
        genesis: genesis.map(B256::repeat_byte),
        to_city: None,
        from: Correspondent { organization, address: keys.address() },
        to: Correspondent { organization, address: Address::repeat_byte(2) },
        sent: UnixSeconds(1_795_230_000),
        in_reply_to: None,
    };
    let deposit = Deposit { head, sealed_hash: B256::repeat_byte(3), sealed_bytes: 4, sealed_to: "key".to_owned() };
    let stated = Stated::write(deposit).unwrap();
    let recorded = TransactionLocator {
        chain: ChainName("main".to_owned()),
        tx_hash: B256::ZERO,
        block_number: 1,
        block_hash: B256::ZERO,
    };
    let signature = Bytes::from(keys.sign_digest(stated.digest()).unwrap().to_vec());
    let deposit = ProvenStatement {
        statement: stated.text,
        signature,
        siblings: Vec::new(),
        root: B256::ZERO,
        recorded,
        proof: None,
    };
    MessageProof::new(deposit, None)
}

// MSG-1, MSG-8: a statement counts on the chain whose genesis it names, and on no other with the same id; one of version 1 names none.
#[test]
fn a_statement_is_for_one_genesis() {
    let failed = |proof: &MessageProof, chain: &TrustedChain| proof.verify(chain).unwrap_err().check;
    let ours = signed(STATEMENT_VERSION, Some(7));
    // What is asked next is not there to be shown.
    assert_eq!(failed(&ours, &chain(CHAIN_ID, 7)), "deposit-operation-in-block");
    assert_eq!(failed(&ours, &chain(CHAIN_ID, 8)), "deposit-chain-matches");
    assert_eq!(failed(&ours, &chain(CHAIN_ID + 1, 7)), "deposit-chain-matches");
    let first = signed(VERSION_WITHOUT_GENESIS, None);
    assert_eq!(failed(&first, &chain(CHAIN_ID, 8)), "deposit-operation-in-block");
    for unreadable in [signed(STATEMENT_VERSION, None), signed(VERSION_WITHOUT_GENESIS, Some(7))] {
        assert_eq!(failed(&unreadable, &chain(CHAIN_ID, 7)), "deposit-file-readable");
    }
}
