#![allow(clippy::unwrap_used)]

use alloy_primitives::{address, b256, bytes};

use super::*;

const DEPOSIT: &str = r#"{"head":{"version":2,"chainId":7100,"genesis":"0x9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e","from":{"organization":"SENDER-1","address":"0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"},"to":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"sent":1795230000},"sealedHash":"0xcececececececececececececececececececececececececececececececece","sealedBytes":1024,"sealedTo":"x5vVAYw5UBqd2gsHn9eCbJjzSHgO7wcNNwFI3FVAT6k"}"#;
const ACKNOWLEDGEMENT: &str = r#"{"version":2,"chainId":7100,"genesis":"0x9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e","message":"0x988d6ac1fa2da0409b03e45820d67557d4736f3af19c6d673272aa078e5bff2a","deposit":"0x439508f08a1b90a8d765be5ba98651013e3533ca49124ae58ec777bf5a6a2a31","by":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"received":1795230060}"#;
/// Of version 1, as it was signed before statements named a genesis.
const FIRST_DEPOSIT: &str = r#"{"head":{"version":1,"chainId":7100,"from":{"organization":"SENDER-1","address":"0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"},"to":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"sent":1795230000},"sealedHash":"0xcececececececececececececececececececececececececececececececece","sealedBytes":1024,"sealedTo":"x5vVAYw5UBqd2gsHn9eCbJjzSHgO7wcNNwFI3FVAT6k"}"#;
const FIRST_ACKNOWLEDGEMENT: &str = r#"{"version":1,"chainId":7100,"message":"0x2522bbb038265a4b432d22eebbfb0378036fd809161e801a122f9b19da3a823c","deposit":"0x7c1cff69de9a1bcd42303b0ae5cc8d6e5d185c6a7f88171311126a1d84b5f3c6","by":{"organization":"RECEIVER-1","address":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},"received":1795230060}"#;

fn correspondent(organization: &str, address: Address) -> Correspondent {
    Correspondent { organization: OrganizationCode::parse(organization).unwrap(), address }
}

fn deposit() -> Deposit {
    Deposit {
        head: Head {
            version: VERSION,
            chain_id: 7100,
            genesis: Some(B256::repeat_byte(0x9e)),
            to_city: None,
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
    assert_eq!(stated.id(), b256!("988d6ac1fa2da0409b03e45820d67557d4736f3af19c6d673272aa078e5bff2a"));
    assert_eq!(stated.digest(), b256!("439508f08a1b90a8d765be5ba98651013e3533ca49124ae58ec777bf5a6a2a31"));
    let signature = bytes!(
        "ad473eb5cba627210631c2a8841c023ea881b54e9b477c517bc6e6bc7a4733987d2a41a204f81f89df33f7998fd623777b682ac7cb6cc4fc6bd35024186f856e1c"
    );
    stated.verify(&signature).unwrap();

    let acknowledgement = Acknowledgement {
        version: VERSION,
        chain_id: 7100,
        genesis: deposit().head.genesis,
        message: stated.id(),
        deposit: stated.digest(),
        by: deposit().head.to,
        received: UnixSeconds(1_795_230_060),
    };
    let acknowledgement = Stated::write(acknowledgement).unwrap();
    assert_eq!(acknowledgement.text, ACKNOWLEDGEMENT);
    assert_eq!(acknowledgement.id(), b256!("cc3f19ad2ce36e50bd67b04560db66a04e1b079afe56b77e7e9fd0b1b7ae2025"));
    assert_eq!(acknowledgement.digest(), b256!("f66caa62feb42a9f7646b184eceee325d78aa2cb149dfdd73fe15555c20981ff"));
    assert!(matches!(acknowledgement.verify(&signature), Err(StatementError::Signature(_))));
}

// MSG-1: the client in TypeScript reads the same file.
#[test]
fn the_vectors_are_what_is_signed() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../vectors/statements.json")).unwrap();
    let text = |of: &str, member: &str| vectors[of][member].as_str().unwrap().to_owned();
    let signature = |of: &str| text(of, "signature").parse::<alloy_primitives::Bytes>().unwrap();
    let deposit = Stated::<Deposit>::read(&text("deposit", "text")).unwrap();
    assert_eq!(deposit.text, DEPOSIT);
    assert_eq!(
        (deposit.id().to_string(), deposit.digest().to_string()),
        (text("deposit", "id"), text("deposit", "digest"))
    );
    deposit.verify(&signature("deposit")).unwrap();
    let said = Stated::<Acknowledgement>::read(&text("acknowledgement", "text")).unwrap();
    assert_eq!(said.text, ACKNOWLEDGEMENT);
    assert_eq!(said.digest().to_string(), text("acknowledgement", "digest"));
    let first = Stated::<Deposit>::read(&text("first", "deposit")).unwrap();
    assert_eq!((first.text.as_str(), first.digest().to_string()), (FIRST_DEPOSIT, text("first", "digest")));
    first.verify(&signature("first")).unwrap();
    assert_eq!(text("first", "acknowledgement"), FIRST_ACKNOWLEDGEMENT);
}

// MSG-8: what was signed before statements named a genesis verifies as it did; texts, digest and signature are viem's.
#[test]
fn statements_of_version_1_are_read_as_they_were_signed() {
    let stated = Stated::<Deposit>::read(FIRST_DEPOSIT).unwrap();
    assert_eq!(Stated::write(stated.statement.clone()).unwrap().text, FIRST_DEPOSIT);
    assert_eq!(stated.digest(), b256!("7c1cff69de9a1bcd42303b0ae5cc8d6e5d185c6a7f88171311126a1d84b5f3c6"));
    let signature = bytes!(
        "fc007f9f1e2bd2681cf3ed7b5cd21b788a3b2fb2e8bdb4437bff20f30a14a9d207738a23b82861c95e1881dd4bed2e44fde33ba9b5585712a74c4af5bab19c1d1c"
    );
    stated.verify(&signature).unwrap();
    let said = Stated::<Acknowledgement>::read(FIRST_ACKNOWLEDGEMENT).unwrap();
    assert_eq!(said.check_of(&stated), Ok(()));
    // An acknowledgement of today is of it too.
    let genesis = Some(B256::repeat_byte(0x9e));
    let today = Stated::write(Acknowledgement { version: VERSION, genesis, ..said.statement }).unwrap();
    assert_eq!(today.check_of(&stated), Ok(()));
}

// MSG-1: whoever keeps another chain with the same id could have brought it here, so nobody signs a receipt that names this one unless asked to.
#[test]
fn what_names_no_genesis_is_neither_believed_nor_acknowledged_unasked() {
    let (ours, received) = (B256::repeat_byte(0x9e), UnixSeconds(1_795_230_060));
    let first = Stated::<Deposit>::read(FIRST_DEPOSIT).unwrap();
    let refused = StatementError::NamesNoGenesis;
    assert_eq!(first.ensure_names_genesis(WithoutGenesis::Refused), Err(refused.clone()));
    assert_eq!(first.ensure_names_genesis(WithoutGenesis::Accepted), Ok(()));
    assert_eq!(Stated::of(&first, ours, received, WithoutGenesis::Refused), Err(refused));
    let asked = Stated::of(&first, ours, received, WithoutGenesis::Accepted).unwrap();
    assert_eq!((asked.statement.version, asked.statement.genesis), (VERSION, Some(ours)));

    let second = Stated::<Deposit>::read(DEPOSIT).unwrap();
    assert_eq!(second.ensure_names_genesis(WithoutGenesis::Refused), Ok(()));
    assert_eq!(Stated::of(&second, ours, received, WithoutGenesis::Refused).unwrap().text, ACKNOWLEDGEMENT);
    for without in [WithoutGenesis::Refused, WithoutGenesis::Accepted] {
        let elsewhere = Stated::of(&second, B256::repeat_byte(0x9f), received, without);
        assert!(matches!(elsewhere, Err(StatementError::OtherMessage(_))));
    }
}

// MSG-1, MSG-12, MSG-15: the sender's chain records the deposit, the receiver's chain the receipt. Identifier and digest were made by a third implementation, of hash and EIP-712 alone; the
// client in TypeScript reads the same file.
#[test]
fn a_deposit_between_two_cities_names_the_receivers_whose_chain_has_the_receipt() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../vectors/statements.json")).unwrap();
    let member = |name: &str| vectors["betweenCities"][name].as_str().unwrap().to_owned();
    let text = member("text");
    let stated = Stated::<Deposit>::read(&text).unwrap();
    assert_eq!(Stated::write(stated.statement.clone()).unwrap().text, text);
    assert_eq!((stated.id().to_string(), stated.digest().to_string()), (member("id"), member("digest")));
    let city = City { chain_id: 7200, genesis: B256::repeat_byte(0x5e) };
    assert_eq!(stated.statement.head.to_city, Some(city));
    assert_eq!(stated.statement.head.received_on(), (7200, Some(city.genesis)));

    let received = UnixSeconds(1_795_230_060);
    let said = Stated::of(&stated, city.genesis, received, WithoutGenesis::Refused).unwrap();
    assert_eq!((said.statement.version, said.statement.chain_id), (VERSION, 7200));
    let of_sender = Stated::of(&stated, B256::repeat_byte(0x9e), received, WithoutGenesis::Refused);
    assert!(matches!(of_sender, Err(StatementError::OtherMessage(_))));

    let read = |text: &str| Stated::<Deposit>::read(text).unwrap_err();
    assert_eq!(read(&text.replace("\"version\":3", "\"version\":2")), StatementError::City);
    assert_eq!(read(&text.replace("\"version\":3", "\"version\":4")), StatementError::Version(4));
    let named = text.find("\"toCity\"").unwrap()..text.find("\"from\"").unwrap();
    let mut unnamed = text.clone();
    unnamed.replace_range(named, "");
    assert_eq!(read(&unnamed), StatementError::Version(VERSION_BETWEEN_CITIES));
    let said = said.text.replace("\"version\":2", "\"version\":3");
    assert!(matches!(Stated::<Acknowledgement>::read(&said), Err(StatementError::Version(3))));
}

// MSG-1
#[test]
fn every_member_of_a_deposit_is_signed() {
    let signed = Stated::write(deposit()).unwrap().digest();
    let alterations: [fn(&mut Deposit); 11] = [
        |deposit| deposit.head.to_city = Some(City { chain_id: 7100, genesis: B256::ZERO }),
        |deposit| deposit.head.genesis = Some(B256::ZERO),
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
    assert_eq!(read(&DEPOSIT.replace("\"version\":2", "\"version\":3")), StatementError::Version(3));
    assert_eq!(read(&DEPOSIT.replace("\"version\":2", "\"version\":1")), StatementError::Genesis);
    assert_eq!(read(&FIRST_DEPOSIT.replace("\"version\":1", "\"version\":2")), StatementError::Genesis);
    assert_eq!(read(&format!("{DEPOSIT}{}", " ".repeat(MAX_STATEMENT_BYTES))), StatementError::TooLong);
}

// MSG-6
#[test]
fn an_acknowledgement_is_of_one_deposit_by_its_receiver() {
    let deposit = Stated::<Deposit>::read(DEPOSIT).unwrap();
    let said = Stated::<Acknowledgement>::read(ACKNOWLEDGEMENT).unwrap();
    assert_eq!(said.check_of(&deposit), Ok(()));
    let alterations: [fn(&mut Acknowledgement); 6] = [
        |said| said.genesis = Some(B256::ZERO),
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
