//! An identity that was changed before it registers (C-API-1, ERC-1056).

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{B256, Bytes, U256, keccak256},
    signers::{
        SignerSync,
        local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
    },
    sol_types::SolCall,
};
use chancery_contracts::{EthereumDIDRegistry, predeploys};
use chancery_testing::process::rpc;
use serde_json::json;

use crate::support::{answer, key_of, registration, shared};

const PHRASE: &str = "test test test test test test test test test test test junk";
/// A funded development account that no other test sends from.
const SENDER: u32 = 19;

fn signer(phrase: &str, index: u32) -> PrivateKeySigner {
    MnemonicBuilder::<English>::default().phrase(phrase.trim()).index(index).unwrap().build().unwrap()
}

/// `setAttributeSigned` of the owner's first change.
fn first_change(owner: &PrivateKeySigner) -> Vec<u8> {
    let (mut name, value, validity) = (B256::ZERO, Bytes::from_static(b"https://hub.example"), U256::from(1_000_000));
    name[..11].copy_from_slice(b"did/svc/Hub");
    let mut preimage = vec![0x19, 0x00];
    preimage.extend_from_slice(predeploys::ETHEREUM_DID_REGISTRY.as_slice());
    preimage.extend_from_slice(&[0; 32]);
    preimage.extend_from_slice(owner.address().as_slice());
    preimage.extend_from_slice(b"setAttribute");
    preimage.extend_from_slice(name.as_slice());
    preimage.extend_from_slice(&value);
    preimage.extend_from_slice(&validity.to_be_bytes::<32>());
    let signature = owner.sign_hash_sync(&keccak256(preimage)).unwrap().as_bytes();
    let call = EthereumDIDRegistry::setAttributeSignedCall {
        identity: owner.address(),
        sigV: signature[64],
        sigR: B256::from_slice(&signature[..32]),
        sigS: B256::from_slice(&signature[32..64]),
        name,
        value,
        validity,
    };
    call.abi_encode()
}

async fn send(input: Vec<u8>) {
    let url = &shared().city.chains["main"];
    let sender = signer(PHRASE, SENDER);
    let transaction = TxEip1559 {
        chain_id: 7100,
        gas_limit: 500_000,
        to: predeploys::ETHEREUM_DID_REGISTRY.into(),
        input: input.into(),
        ..TxEip1559::default()
    };
    let signature = sender.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let raw = Bytes::from(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718());
    let receipt = rpc(url, "eth_sendRawTransactionSync", json!([raw])).await.unwrap();
    assert_eq!(receipt["status"], "0x1", "{receipt}");
}

#[tokio::test]
async fn an_address_whose_identity_was_changed_before_can_register() {
    let (key, address) = key_of("changed-before");
    let owner = signer(&std::fs::read_to_string(&key).unwrap(), 0);
    assert_eq!(owner.address().to_string(), address);
    send(first_change(&owner)).await;
    assert_eq!(answer(&registration(&key, "changed-before", "changed-before", &[]))["status"], "pending");
    assert_eq!(answer(&["--dev-key", "6", "user", "confirm", &address])["status"], "confirmed");
    assert!(answer(&["public-key", &address])["encryptionKey"]["thumbprint"].is_string());
}
