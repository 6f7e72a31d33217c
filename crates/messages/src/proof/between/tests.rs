#![allow(clippy::unwrap_used)]

use chancery_certificates::keys::PersonKeys;

use super::*;
use crate::{
    made_city::{DEPOSIT_BLOCK, MadeCity, NOW_S, STANDING_BLOCK, of, persons, sign, word},
    statement::{Acknowledgement, Head, Stated, WithoutGenesis},
};

const NOW: UnixSeconds = UnixSeconds(NOW_S);

/// Two cities whose chains have the same id, and a message from the first to the second.
struct Post {
    north: MadeCity,
    south: MadeCity,
    sender: PersonKeys,
    receiver: PersonKeys,
}

impl Post {
    fn new() -> Self {
        let [sender, receiver] = persons();
        Self { north: MadeCity::new(1), south: MadeCity::new(2), sender, receiver }
    }

    fn head(&self) -> Head {
        let (from, to) = (of("SENDER-1", &self.sender), of("RECEIVER-1", &self.receiver));
        self.north.head(from, to, self.south.city())
    }

    fn proof(&self) -> MessageProof {
        self.north.delivery(self.head(), &self.sender, &self.receiver).1
    }

    fn acknowledged(&self) -> MessageProof {
        let proof = self.proof();
        let deposit = proof.signed().unwrap().0;
        let said =
            Stated::<Acknowledgement>::of(&deposit, self.south.city().genesis, NOW, WithoutGenesis::Refused).unwrap();
        let said = self.south.recorded(&said, sign(&self.receiver, &said), DEPOSIT_BLOCK);
        MessageProof { acknowledgement: Some(said), ..proof }
    }

    fn refused(&self, proof: &MessageProof) -> String {
        proof.verify_between(&self.north.chain(), &self.south.chain()).unwrap_err().check
    }
}

// MSG-12, MSG-13, MSG-15: deposit by the one chain, receipt by the other, knowing both by their genesis alone.
#[test]
fn a_message_between_two_cities_is_verified_by_both() {
    let post = Post::new();
    let proof = post.acknowledged();
    let verified = proof.verify_between(&post.north.chain(), &post.south.chain()).unwrap();
    assert_eq!(verified.sender_standing.unwrap().block_number, STANDING_BLOCK);
    assert!(verified.acknowledged.is_some() && verified.genesis_signed && !verified.organizations_proven);
    let ends = [verified.checks.first(), verified.checks.last()].map(|check| check.unwrap().as_str());
    assert_eq!(ends, ["cities-match", "sender-standing"]);
    assert_eq!(proof.cities(), Ok((post.north.city(), post.south.city())));
    // As it is written.
    let file = serde_json::to_vec(&proof).unwrap();
    assert_eq!(MessageProof::from_json(&file).unwrap(), proof);
    // The cities exchanged, and one alone, though all have one chain id.
    let exchanged = proof.verify_between(&post.south.chain(), &post.north.chain()).unwrap_err();
    assert_eq!(exchanged.check, "cities-match");
    let other = MadeCity::new(3).chain();
    assert_eq!(proof.verify_between(&post.north.chain(), &other).unwrap_err().check, "cities-match");
    assert_eq!(proof.verify_between(&other, &post.south.chain()).unwrap_err().check, "cities-match");
    for chain in [post.north.chain(), post.south.chain()] {
        assert_eq!(proof.verify(&chain).unwrap_err().check, "chain-matches");
    }
}

// MSG-12, MSG-13
#[test]
fn a_forged_file_fails_by_the_name_of_its_check() {
    let post = Post::new();
    let mut other_city = post.proof();
    // Another city has signed it all, with a key of its own making.
    let forger = MadeCity::new(9);
    other_city.deposit.proof =
        forger.recorded(&other_city.signed().unwrap().0, other_city.deposit.signature.clone(), DEPOSIT_BLOCK).proof;
    assert_eq!(post.refused(&other_city), "WrongChain");
    let genesis = post.north.city().genesis;
    other_city.deposit.proof.as_mut().unwrap().chain.genesis_hash = genesis;
    assert_eq!(post.refused(&other_city), "FinalitySignature");

    let mut standing_of_other = post.proof();
    standing_of_other.standing = Some(post.north.standing(of("SENDER-2", &post.sender), STANDING_BLOCK, NOW_S, |_| ()));
    assert_eq!(post.refused(&standing_of_other), "sender-standing");
    let mut standing_of_city = post.proof();
    standing_of_city.standing = Some(forger.standing(post.head().from, STANDING_BLOCK, NOW_S, |_| ()));
    assert_eq!(post.refused(&standing_of_city), "sender-standing");
    // A key that was revoked before it signed is not shown by a block from before.
    let mut early = post.proof();
    early.standing = Some(post.north.standing(post.head().from, DEPOSIT_BLOCK - 1, NOW_S, |_| ()));
    assert_eq!(post.refused(&early), "sender-standing");

    let mut unsigned = post.proof();
    unsigned.deposit.statement = unsigned.deposit.statement.replace("RECEIVER-1", "RECEIVER-2");
    assert_eq!(post.refused(&unsigned), "deposit-signature");
    let mut unrecorded = post.proof();
    unrecorded.deposit.siblings.push(genesis);
    assert_eq!(post.refused(&unrecorded), "deposit-operation-in-block");

    // The receipt is of this message, by its receiver, on the receiver's chain.
    let mut elsewhere = post.acknowledged();
    let said = elsewhere.signed().unwrap().1.unwrap();
    elsewhere.acknowledgement = Some(post.north.recorded(&said, sign(&post.receiver, &said), DEPOSIT_BLOCK));
    assert_eq!(post.refused(&elsewhere), "WrongChain");
    let mut by_sender = post.acknowledged();
    by_sender.acknowledgement.as_mut().unwrap().signature = sign(&post.sender, &said);
    assert_eq!(post.refused(&by_sender), "acknowledgement-signature");
}

// MSG-13, MSG-14
#[test]
fn what_arrives_has_a_young_standing_and_no_receipt() {
    let post = Post::new();
    let deliver = |proof: &MessageProof, now_s| {
        proof.verify_delivery(&post.north.chain(), post.south.city(), UnixSeconds(now_s)).map(drop)
    };
    assert_eq!(deliver(&post.proof(), NOW_S), Ok(()));
    let stale = deliver(&post.proof(), NOW_S + 1_000);
    assert!(matches!(stale, Err(DeliveryFailure::Standing(StandingError::Stale { .. }))), "{stale:?}");
    let mut revoked = post.proof();
    let words = |words: &mut [alloy_primitives::U256; 6]| words[5] = word(&[(1, 0), (NOW_S, 128)]);
    revoked.standing = Some(post.north.standing(post.head().from, STANDING_BLOCK, NOW_S, words));
    let refused = deliver(&revoked, NOW_S);
    assert!(matches!(refused, Err(DeliveryFailure::Standing(StandingError::Ended(_)))), "{refused:?}");
    let refused = deliver(&post.acknowledged(), NOW_S);
    assert!(matches!(&refused, Err(DeliveryFailure::Proof(failure)) if failure.check == "file-readable"));
}

// MSG-8, MSG-12: the form says which it is.
#[test]
fn a_file_of_one_version_is_not_read_as_the_other() {
    let proof = Post::new().proof();
    for altered in [
        MessageProof { version: super::super::VERSION, ..proof.clone() },
        MessageProof { standing: None, ..proof.clone() },
        MessageProof { version: 3, ..proof.clone() },
    ] {
        let refused = MessageProof::from_json(&serde_json::to_vec(&altered).unwrap()).unwrap_err();
        assert_eq!(refused.check, "file-readable");
    }
}
