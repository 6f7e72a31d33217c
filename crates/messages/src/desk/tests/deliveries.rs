//! Messages from and to other cities.

use std::{sync::mpsc, time::Instant};

use alloy_primitives::U256;

use super::*;
use crate::{
    cities::ListedCity,
    limits::{MAX_DELIVERY_AGE_S, MAX_DELIVERY_PROOF_BYTES, MAX_STANDING_AGE_S},
    made_city::{DEPOSIT_BLOCK, MadeCity, STANDING_BLOCK, word},
    statement::City,
};

const OWN: City = City { chain_id: CHAIN_ID, genesis: GENESIS };

/// This city, and another one that it lists, from which a sender writes.
struct Border {
    office: Office,
    north: MadeCity,
}

fn border() -> Border {
    let north = MadeCity::new(1);
    let listed = ListedCity { name: "north".to_owned(), chain: north.chain() };
    Border { office: office_of(Cities::from_iter([listed])), north }
}

impl Border {
    fn head(&self) -> Head {
        self.north.head(of("SENDER-1", &self.office.sender), of("RECEIVER-1", &self.office.receiver), OWN)
    }

    fn made_in(&self, city: &MadeCity, head: Head) -> (Sealed, MessageProof) {
        city.delivery(head, &self.office.sender, &self.office.receiver)
    }

    /// What the sender makes, altered.
    fn altered(&self, alter: impl FnOnce(&mut MessageProof)) -> (Sealed, MessageProof) {
        let (sealed, mut proof) = self.made_in(&self.north, self.head());
        alter(&mut proof);
        (sealed, proof)
    }

    async fn deliver(&self, by: &PersonKeys, (sealed, proof): &(Sealed, MessageProof)) -> DoorResult<Shown> {
        let file = serde_json::to_vec(proof).unwrap();
        self.office.desk.deliver(&actor(by), file, sealed.envelope.clone()).await
    }

    async fn refused(&self, delivery: (Sealed, MessageProof)) -> Code {
        let code = self.deliver(&self.office.sender, &delivery).await.unwrap_err().code();
        assert_eq!(self.office.received(&self.office.receiver).await, 0, "{code:?}");
        assert!(self.office.desk.0.mailbox.record(delivery.0.deposit.id()).unwrap().is_none(), "{code:?}");
        code
    }

    /// The code for a sender whose proven words are altered.
    async fn refused_with(&self, alter: impl FnOnce(&mut [U256; 6])) -> Code {
        let from = self.head().from;
        let standing = self.north.standing(from, STANDING_BLOCK, NOW_S, alter);
        self.refused(self.altered(|proof| proof.standing = Some(standing))).await
    }
}

// S-NET, MSG-6, MSG-12: its own city has recorded the deposit; this one records the receipt alone.
#[tokio::test]
async fn a_message_of_a_listed_city_is_taken_once_and_acknowledged_here() {
    let border = border();
    let office = &border.office;
    let delivery = border.made_in(&border.north, border.head());
    let shown = border.deliver(&office.sender, &delivery).await.unwrap();
    assert_eq!(shown.record.deposited.as_ref().unwrap().chain.0, "north");
    // A replay, also with another proof, and also by the time when its proof is old.
    office.now_s.fetch_add(2 * MAX_DELIVERY_AGE_S, Ordering::Relaxed);
    assert_eq!(border.deliver(&office.sender, &delivery).await.unwrap().record, shown.record);
    assert_eq!(office.received(&office.receiver).await, 1);
    let (_, envelope) = office.desk.fetch(&actor(&office.receiver), shown.id).await.unwrap();
    assert_eq!(envelope.as_deref(), Some(delivery.0.envelope.as_str()));
    let stranger = office.desk.delivery_proof(&actor(&office.stranger), shown.id).await;
    assert_eq!(stranger.unwrap_err().code(), Code::UnknownMessage);
    assert!(office.door.submitted.lock().is_empty(), "no chain of this city has the deposit");

    let now = UnixSeconds(NOW_S + 2 * MAX_DELIVERY_AGE_S);
    let said = Stated::of(&delivery.0.deposit, GENESIS, now, crate::statement::WithoutGenesis::Refused).unwrap();
    let acknowledged = office.acknowledge(&office.receiver, shown.id, &said).await.unwrap();
    assert!(acknowledged.record.is_acknowledged());
    // The sender, who has no right here, gets what it delivered with the receipt.
    let proof = office.desk.delivery_proof(&actor(&office.sender), shown.id).await.unwrap();
    let mut deposit = delivery.1.deposit.clone();
    deposit.recorded.chain = ChainName("north".to_owned());
    assert_eq!((&proof.deposit, &proof.standing), (&deposit, &delivery.1.standing));
    assert_eq!(proof.signed().unwrap().1.unwrap(), said);
}

// MSG-12, MSG-13, MSG-14
#[tokio::test]
async fn what_another_city_does_not_prove_is_refused_and_leaves_nothing() {
    let border = border();
    let office = &border.office;
    // A city that is not listed, one that has another genesis than it says, a message for another city.
    let unlisted = MadeCity::new(2);
    let head = unlisted.head(border.head().from, border.head().to, OWN);
    assert_eq!(border.refused(border.made_in(&unlisted, head)).await, Code::UnknownCity);
    assert_eq!(border.refused(border.made_in(&unlisted, border.head())).await, Code::ProofInvalid);
    let elsewhere = Head { to_city: Some(City { chain_id: CHAIN_ID, ..unlisted.city() }), ..border.head() };
    assert_eq!(border.refused(border.made_in(&border.north, elsewhere)).await, Code::WrongChain);
    // Somebody else hands it in; its envelope is another one; the file is none.
    let good = border.made_in(&border.north, border.head());
    let by_other = border.deliver(&office.stranger, &good).await;
    assert_eq!(by_other.unwrap_err().code(), Code::SignatureInvalid);
    let other = border.made_in(&border.north, border.head());
    assert_eq!(border.refused((other.0, good.1.clone())).await, Code::MalformedRequest);
    let desk = &office.desk;
    let sent = desk.deliver(&actor(&office.sender), b"{}".to_vec(), good.0.envelope.clone()).await;
    assert_eq!(sent.unwrap_err().code(), Code::ProofInvalid);
    let long = vec![b' '; MAX_DELIVERY_PROOF_BYTES + 1];
    let sent = desk.deliver(&actor(&office.sender), long, good.0.envelope.clone()).await;
    assert_eq!(sent.unwrap_err().code(), Code::BodyTooLarge);
    let sent = desk.deliver(&Actor::public(), Vec::new(), String::new()).await;
    assert_eq!(sent.unwrap_err().code(), Code::AuthenticationRequired);
    // The deposit is not recorded, or by another block than it says.
    let unproven = border.altered(|proof| proof.deposit.proof = None);
    assert_eq!(border.refused(unproven).await, Code::ProofInvalid);
    let moved = border.altered(|proof| proof.deposit.recorded.block_number += 1);
    assert_eq!(border.refused(moved).await, Code::ProofInvalid);

    // The sender's key, by the words that its city proves.
    assert_eq!(border.refused_with(|words| words[0] = word(&[(1, 160), (1, 224)])).await, Code::OrganizationSuspended);
    assert_eq!(border.refused_with(|words| words[5] = word(&[(1, 0), (NOW_S, 128)])).await, Code::KeyRotated);
    assert_eq!(border.refused_with(|words| words[2] = word(&[(1, 0), (NOW_S, 64)])).await, Code::KeyRotated);
    assert_eq!(border.refused_with(|words| words[0] = U256::ZERO).await, Code::RoleRequired);
    let of_other = border.north.standing(of("SENDER-2", &office.sender), STANDING_BLOCK, NOW_S, |_| ());
    assert_eq!(border.refused(border.altered(|proof| proof.standing = Some(of_other))).await, Code::ProofInvalid);
    let stale = border.north.standing(border.head().from, STANDING_BLOCK, NOW_S - MAX_STANDING_AGE_S - 1, |_| ());
    assert_eq!(border.refused(border.altered(|proof| proof.standing = Some(stale))).await, Code::OperationExpired);
    let early = border.north.standing(border.head().from, DEPOSIT_BLOCK - 1, NOW_S, |_| ());
    assert_eq!(border.refused(border.altered(|proof| proof.standing = Some(early))).await, Code::ProofInvalid);

    // Its time, and its receiver.
    let old = Head { sent: UnixSeconds(NOW_S - MAX_DELIVERY_AGE_S - 1), ..border.head() };
    assert_eq!(border.refused(border.made_in(&border.north, old)).await, Code::OperationExpired);
    let ahead = Head { sent: UnixSeconds(NOW_S + MAX_CLOCK_SKEW_S + 1), ..border.head() };
    assert_eq!(border.refused(border.made_in(&border.north, ahead)).await, Code::ClockSkew);
    office.roll.0.lock().push((office.receiver.address(), Authorization::KeyEnded));
    assert_eq!(border.refused(good.clone()).await, Code::UnknownAddress);
    office.roll.0.lock().clear();
    border.deliver(&office.sender, &good).await.unwrap();
}

// MSG-9: what is kept is what was verified, not what was sent.
#[tokio::test]
async fn a_padded_file_is_kept_without_its_padding() {
    let border = border();
    let office = &border.office;
    let (sealed, mut proof) = border.made_in(&border.north, border.head());
    let padding = "x".repeat(100_000);
    proof.deposit.recorded.chain = ChainName(padding.clone());
    let mut file = serde_json::to_value(&proof).unwrap();
    file["deposit"]["recorded"]["more"] = padding.clone().into();
    let file = serde_json::to_vec(&file).unwrap();
    assert!((2 * padding.len()..MAX_DELIVERY_PROOF_BYTES).contains(&file.len()));
    let shown = office.desk.deliver(&actor(&office.sender), file, sealed.envelope.clone()).await.unwrap();
    let kept = office.desk.0.mailbox.delivery(shown.id).unwrap().unwrap();
    assert!(kept.len() < padding.len(), "{} bytes", kept.len());
    // And it still proves what it proved.
    let kept = MessageProof::from_json(&kept).unwrap();
    kept.verify_delivery(&border.north.chain(), OWN, UnixSeconds(NOW_S)).unwrap();
}

// MSG-14: the age of a standing counts when it is looked at, not when it came.
#[tokio::test]
async fn a_standing_grows_old_while_it_waits_for_its_turn() {
    let border = border();
    let office = &border.office;
    let good = border.made_in(&border.north, border.head());
    let listed = office.desk.0.cities.find(border.north.city().genesis).unwrap();
    let (release, released) = mpsc::channel::<()>();
    let before = listed.in_turn(move || released.recv().unwrap());
    let grown_old = async {
        let deadline = Instant::now() + std::time::Duration::from_secs(20);
        while listed.in_line() < 2 {
            assert!(Instant::now() < deadline, "the delivery never came into the line");
            tokio::task::yield_now().await;
        }
        office.now_s.fetch_add(MAX_STANDING_AGE_S + 1, Ordering::Relaxed);
        release.send(()).unwrap();
    };
    let (_, delivered, ()) = tokio::join!(before, border.deliver(&office.sender, &good), grown_old);
    assert_eq!(delivered.unwrap_err().code(), Code::OperationExpired);
}

// MSG-1, MSG-12: the sender's city records it for its own sender; whom another city lets receive is not asked here.
#[tokio::test]
async fn what_goes_to_another_city_is_recorded_here_and_seen_by_its_sender_alone() {
    let office = office();
    let elsewhere = City { chain_id: CHAIN_ID, genesis: B256::repeat_byte(1) };
    let head =
        |to_city| Head { version: crate::statement::VERSION_BETWEEN_CITIES, to_city: Some(to_city), ..office.head() };
    assert_eq!(office.refused(head(OWN)).await, Code::MalformedRequest);
    office.roll.0.lock().push((office.receiver.address(), Authorization::UnknownOrganization));
    let sealed = office.sealed(head(elsewhere));
    let shown = office.send(&sealed).await.unwrap();
    assert_eq!((shown.record.route, office.door.submitted.lock().len()), (Route::ToOtherCity, 1));
    assert_eq!(office.received(&office.receiver).await, 0);
    let sent = office.desk.list(&actor(&office.sender), Side::Sent, 0, 10).await.unwrap();
    assert_eq!(sent.len(), 1);
    // The door for senders without a role has messages of other cities alone.
    let at_the_door = office.desk.delivery_proof(&actor(&office.sender), shown.id).await;
    assert_eq!(at_the_door.unwrap_err().code(), Code::UnknownMessage);
    // No receipt of it is recorded here.
    let said = office.acknowledgement(&sealed, NOW_S);
    let refused = office.acknowledge(&office.receiver, shown.id, &said).await;
    assert_eq!(refused.unwrap_err().code(), Code::MalformedRequest);
    // The sender's own standing is asked as ever.
    office.roll.0.lock().push((office.sender.address(), Authorization::KeyEnded));
    let refused = office.send(&office.sealed(head(elsewhere))).await;
    assert_eq!(refused.unwrap_err().code(), Code::KeyRotated);
}
