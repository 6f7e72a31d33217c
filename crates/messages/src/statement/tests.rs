#![allow(clippy::unwrap_used)]

use alloy_primitives::{address, b256, bytes};

use super::*;

const DEPOSIT: &str = r#"{"head":{"version":1,"chainId":7100,"from":{"organization":"SENDER-1","address":"0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"},"to":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"sent":1795230000},"sealedHash":"0xcececececececececececececececececececececececececececececececece","sealedBytes":1024,"sealedTo":"x5vVAYw5UBqd2gsHn9eCbJjzSHgO7wcNNwFI3FVAT6k"}"#;
const ACKNOWLEDGEMENT: &str = r#"{"version":1,"chainId":7100,"message":"0x2522bbb038265a4b432d22eebbfb0378036fd809161e801a122f9b19da3a823c","deposit":"0x7c1cff69de9a1bcd42303b0ae5cc8d6e5d185c6a7f88171311126a1d84b5f3c6","by":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"received":1795230060}"#;

fn correspondent(organization: &str, address: Address) -> Correspondent {
    Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address }
}

fn deposit() -> Deposit {
    Deposit {
        head: Head {
            version: VERSION,
            chain_id: 7100,
            from: correspondent("SENDER-1", address!("19e7e376e7c213b7e7e7e46cc70a5dd086daff2a")),
            to: correspondent("RECEIVER-1", address!("70997970c51812dc3a010c7d01b50e0d17dc79c8")),
            sent: UnixSeconds(1_795_230_000),
            in_reply_to: None,
        },
        sealed_hash: B256::repeat_byte(0xce),
        sealed_bytes: 1024,
        sealed_to: "x5vVAYw5UBqd2gsHn9eCbJjzSHgO7wcNNwFI3FVAT6k".to_owned(),
    }
}

// MSG-1. The texts, hashes, digests and the signature (key 0x11...11) were made with viem from npm.
#[test]
fn statements_are_hashed_and_signed_as_viem_does() {
    let stated = Stated::write(deposit()).unwrap();
    assert_eq!(stated.text, DEPOSIT);
    assert_eq!(stated, Stated::read(DEPOSIT).unwrap());
    assert_eq!(stated.id(), b256!("2522bbb038265a4b432d22eebbfb0378036fd809161e801a122f9b19da3a823c"));
    assert_eq!(stated.digest(), b256!("7c1cff69de9a1bcd42303b0ae5cc8d6e5d185c6a7f88171311126a1d84b5f3c6"));
    let signature = bytes!(
        "fc007f9f1e2bd2681cf3ed7b5cd21b788a3b2fb2e8bdb4437bff20f30a14a9d207738a23b82861c95e1881dd4bed2e44fde33ba9b5585712a74c4af5bab19c1d1c"
    );
    stated.verify(&signature).unwrap();

    let acknowledgement = Acknowledgement {
        version: VERSION,
        chain_id: 7100,
        message: stated.id(),
        deposit: stated.digest(),
        by: deposit().head.to,
        received: UnixSeconds(1_795_230_060),
    };
    let acknowledgement = Stated::write(acknowledgement).unwrap();
    assert_eq!(acknowledgement.text, ACKNOWLEDGEMENT);
    assert_eq!(acknowledgement.id(), b256!("fd99a0c6df01f018dd0fe0f4f39fa1bc95a49ba73177cc376322633f1b387536"));
    assert_eq!(acknowledgement.digest(), b256!("ab82596d319ac362db4f649b75a7fd05805a73e397041ebf4a0f82f12e753d7b"));
    assert!(matches!(acknowledgement.verify(&signature), Err(StatementError::Signature(_))));
}

// MSG-1
#[test]
fn every_member_of_a_deposit_is_signed() {
    let signed = Stated::write(deposit()).unwrap().digest();
    let alterations: [fn(&mut Deposit); 9] = [
        |deposit| deposit.head.chain_id += 1,
        |deposit| deposit.head.from.address = Address::ZERO,
        |deposit| deposit.head.from.organization = OrganizationCode::parse("SENDER-2").unwrap(),
        |deposit| deposit.head.to.address = Address::ZERO,
        |deposit| deposit.head.to.organization = OrganizationCode::parse("RECEIVER-2").unwrap(),
        |deposit| deposit.head.sent = UnixSeconds(1),
        |deposit| deposit.head.in_reply_to = Some(B256::ZERO),
        |deposit| deposit.sealed_hash = B256::ZERO,
        |deposit| deposit.sealed_to.push('A'),
    ];
    for (number, alter) in alterations.into_iter().enumerate() {
        let mut altered = deposit();
        alter(&mut altered);
        assert_ne!(Stated::write(altered).unwrap().digest(), signed, "alteration {number}");
    }
}

#[test]
fn what_is_no_statement_is_refused() {
    let read = |text: &str| Stated::<Deposit>::read(text).unwrap_err();
    assert!(matches!(read(""), StatementError::Unreadable(_)));
    assert!(matches!(read(ACKNOWLEDGEMENT), StatementError::Unreadable(_)));
    assert!(matches!(
        read(&DEPOSIT.replace("\"sealedBytes\"", "\"more\":1,\"sealedBytes\"")),
        StatementError::Unreadable(_)
    ));
    assert!(matches!(read(&DEPOSIT.replace("SENDER-1", "sender")), StatementError::Unreadable(_)));
    assert_eq!(read(&DEPOSIT.replace("\"version\":1", "\"version\":2")), StatementError::Version(2));
    assert_eq!(read(&format!("{DEPOSIT}{}", " ".repeat(MAX_STATEMENT_BYTES))), StatementError::TooLong);
}

// MSG-6
#[test]
fn an_acknowledgement_is_of_one_deposit_by_its_receiver() {
    let deposit = Stated::<Deposit>::read(DEPOSIT).unwrap();
    let said = Stated::<Acknowledgement>::read(ACKNOWLEDGEMENT).unwrap();
    assert_eq!(said.check_of(&deposit), Ok(()));
    let alterations: [fn(&mut Acknowledgement); 5] = [
        |said| said.message = B256::ZERO,
        |said| said.deposit = B256::ZERO,
        |said| said.by.address = Address::ZERO,
        |said| said.by.organization = OrganizationCode::parse("RECEIVER-2").unwrap(),
        |said| said.chain_id += 1,
    ];
    for (number, alter) in alterations.into_iter().enumerate() {
        let mut altered = said.statement.clone();
        alter(&mut altered);
        let refused = Stated::write(altered).unwrap().check_of(&deposit);
        assert!(matches!(refused, Err(StatementError::OtherMessage(_))), "alteration {number}");
    }
}
