//! Mailboxes computed anew.

use chancery_reference_points::data_search::Difference;

use super::*;
use crate::{
    cities::ListedCity,
    limits::KEPT_AFTER_ACKNOWLEDGEMENT_S,
    mailbox::{Incoming, Overwritten},
    statement::City,
};

const DEPOSIT_BLOCK: u64 = 5;
const RECEIPT_BLOCK: u64 = 6;

impl Office {
    /// The main chain has a statement.
    fn prove<S: Statement>(&self, stated: &Stated<S>, signed: Bytes, block: u64) -> ProvenStatement {
        let proven = MadeCity::new(0x9e).recorded(stated, signed, block);
        self.door.proven.lock().push(OperationProof {
            operation_digest: stated.digest(),
            source: Address::ZERO,
            operation_type: B256::ZERO,
            content_hash: stated.id(),
            time: NOW_S,
            siblings: proven.siblings.clone(),
            root: proven.root,
            chain: ChainName("main".to_owned()),
            recorded: proven.recorded.clone(),
            proof: proven.proof.clone(),
        });
        proven
    }

    /// A message that is deposited and acknowledged.
    fn acknowledged(&self) -> Sealed {
        let sealed = self.sealed(self.head());
        let (id, mailbox) = (sealed.deposit.id(), &self.desk.0.mailbox);
        let proven = self.prove(&sealed.deposit, sign(&self.sender, &sealed.deposit), DEPOSIT_BLOCK);
        let (deposit, signature) = (&sealed.deposit, &proven.signature);
        mailbox.keep(&Incoming { deposit, signature, envelope: &sealed.envelope, now: NOW_S }).unwrap();
        mailbox.deposited(id, &proven.recorded).unwrap();
        let receipt = self.acknowledgement(&sealed, NOW_S);
        let proven = self.prove(&receipt, sign(&self.receiver, &receipt), RECEIPT_BLOCK);
        mailbox.acknowledge(id, &receipt.text, &proven.signature, NOW_S).unwrap();
        mailbox.acknowledged(id, &proven.recorded, NOW_S).unwrap();
        sealed
    }

    /// What a whole pass finds.
    async fn differences(&self) -> Vec<Difference> {
        let look = MailboxPass::default().step(&self.desk).await.unwrap();
        assert!(look.is_end && look.found == look.differences.len() as u64, "{look:?}");
        look.differences
    }

    /// The one difference that a pass finds: its check, the message, and both hashes.
    async fn difference(&self) -> (String, B256, Option<B256>, Option<B256>) {
        let mut found = self.differences().await;
        assert_eq!(found.len(), 1, "{found:?}");
        let Difference { check, stored, .. } = found.remove(0);
        let stored = stored.unwrap();
        assert_eq!(stored.store, "mailboxes");
        (check, stored.id, stored.expected, stored.found)
    }

    /// The checks that find a message whose record was changed; afterwards it is as it was.
    async fn found_with(&self, id: B256, change: impl FnOnce(&mut Record)) -> Vec<String> {
        let mailbox = &self.desk.0.mailbox;
        let kept = mailbox.record(id).unwrap().unwrap();
        let mut changed = kept.clone();
        change(&mut changed);
        mailbox.overwrite(Overwritten::Record, id, Some(&serde_json::to_vec(&changed).unwrap()));
        let found = self.differences().await;
        assert_eq!(found[0].stored.as_ref().unwrap().id, id);
        mailbox.overwrite(Overwritten::Record, id, Some(&serde_json::to_vec(&kept).unwrap()));
        assert_eq!(self.differences().await, []);
        found.into_iter().map(|difference| difference.check).collect()
    }
}

// M-MON-4, MSG-18: a byte that is not what was signed, or not what stands on the chain, is found where it is kept.
#[tokio::test]
async fn a_changed_byte_of_a_message_is_found_with_both_hashes() {
    let office = office();
    let sealed = office.acknowledged();
    let (id, mailbox) = (sealed.deposit.id(), &office.desk.0.mailbox);
    assert_eq!(office.differences().await, []);

    let mut envelope = sealed.envelope.clone().into_bytes();
    *envelope.last_mut().unwrap() ^= 1;
    mailbox.overwrite(Overwritten::Envelope, id, Some(&envelope));
    let sealed_hash = Some(sealed.deposit.statement.sealed_hash);
    let found = ("mailbox-envelope".to_owned(), id, sealed_hash, Some(keccak256(&envelope)));
    assert_eq!(office.difference().await, found);
    mailbox.overwrite(Overwritten::Envelope, id, None);
    assert_eq!(office.difference().await, ("mailbox-envelope".to_owned(), id, sealed_hash, None));
    mailbox.overwrite(Overwritten::Envelope, id, Some(sealed.envelope.as_bytes()));

    let other = sealed.deposit.text.replace("SENDER-1", "SENDER-2");
    assert_eq!(office.found_with(id, |record| record.deposit = other).await, ["mailbox-deposit"]);
    let flipped = |signature: &Bytes| {
        let mut bytes = signature.to_vec();
        bytes[10] ^= 1;
        Bytes::from(bytes)
    };
    assert_eq!(
        office.found_with(id, |record| record.signature = flipped(&record.signature)).await,
        ["mailbox-signature"]
    );
    assert_eq!(office.found_with(id, |record| record.sealed_bytes += 1).await, ["mailbox-record"]);
    assert_eq!(office.found_with(id, |record| record.place = None).await, ["mailbox-record", "mailbox-complete"]);
    assert_eq!(office.found_with(id, |record| record.place = Some(9)).await, ["mailbox-list", "mailbox-complete"]);
    let moved = |record: &mut Record| record.deposited.as_mut().unwrap().block_number += 1;
    assert_eq!(office.found_with(id, moved).await, ["mailbox-place"]);
    let later = |record: &mut Record| {
        let receipt = record.acknowledgement.as_mut().unwrap();
        receipt.text = receipt.text.replace(&NOW_S.to_string(), &(NOW_S + 1).to_string());
    };
    assert_eq!(office.found_with(id, later).await, ["mailbox-receipt"]);
    let forged = |record: &mut Record| {
        let receipt = record.acknowledgement.as_mut().unwrap();
        receipt.signature = flipped(&receipt.signature);
    };
    assert_eq!(office.found_with(id, forged).await, ["mailbox-receipt"]);

    let kept = serde_json::to_vec(&mailbox.record(id).unwrap().unwrap()).unwrap();
    mailbox.overwrite(Overwritten::Record, id, Some(b"{"));
    assert_eq!(office.difference().await.0, "mailbox-record");
    mailbox.overwrite(Overwritten::Record, id, None);
    assert_eq!(office.difference().await, ("mailbox-complete".to_owned(), B256::ZERO, None, None));
    mailbox.overwrite(Overwritten::Record, id, Some(&kept));
    mailbox.unlist(Side::Received, office.receiver.address(), 1);
    assert_eq!(office.difference().await.0, "mailbox-list");
}

// M-MON-4, MSG-18: what is kept may be right, and still stand in no block.
#[tokio::test]
async fn a_message_that_no_block_proves_is_found() {
    let office = office();
    let sealed = office.acknowledged();
    let proofs = office.door.proven.lock().clone();
    let (deposit, receipt) = (&proofs[0], &proofs[1]);
    let other_root = OperationProof { root: B256::ZERO, ..deposit.clone() };
    let other_block = OperationProof { proof: receipt.proof.clone(), ..deposit.clone() };
    for shown in [vec![receipt.clone()], vec![other_root, receipt.clone()], vec![other_block, receipt.clone()]] {
        *office.door.proven.lock() = shown;
        let (check, id, ..) = office.difference().await;
        assert_eq!((check.as_str(), id), ("mailbox-proof", sealed.deposit.id()));
    }
    *office.door.proven.lock() = vec![deposit.clone()];
    assert_eq!(office.difference().await.0, "mailbox-proof", "the receipt is in no block");
    // A chain that proves nothing is no difference, and nothing is looked at.
    let unproven = OperationProof { proof: None, ..deposit.clone() };
    *office.door.proven.lock() = vec![unproven, receipt.clone()];
    let error = MailboxPass::default().step(&office.desk).await.unwrap_err();
    assert_eq!(error.code(), Code::NotProvable);
}

// M-MON-4, MSG-18, MSG-9: what is gone when its time is over is no difference.
#[tokio::test]
async fn an_envelope_that_is_due_may_be_gone() {
    let office = office();
    office.acknowledged();
    office.now_s.fetch_add(KEPT_AFTER_ACKNOWLEDGEMENT_S + 1, Ordering::Relaxed);
    office.desk.0.mailbox.sweep(NOW_S + KEPT_AFTER_ACKNOWLEDGEMENT_S + 1).unwrap();
    assert_eq!(office.differences().await, []);
    // By a clock for which it is not.
    office.now_s.fetch_sub(2, Ordering::Relaxed);
    assert_eq!(office.difference().await.0, "mailbox-envelope");
}

// M-MON-4, MSG-18, MSG-12: of a message of another city, that city's chain proves the deposit, and this one the receipt.
#[tokio::test]
async fn the_proof_of_another_city_is_computed_anew() {
    let north = MadeCity::new(1);
    let office = office_of(Cities::from_iter([ListedCity { name: "north".to_owned(), chain: north.chain() }]));
    let own = City { chain_id: CHAIN_ID, genesis: GENESIS };
    let head = north.head(of("SENDER-1", &office.sender), of("RECEIVER-1", &office.receiver), own);
    let (sealed, proof) = north.delivery(head, &office.sender, &office.receiver);
    let file = serde_json::to_vec(&proof).unwrap();
    let id = office.desk.deliver(&actor(&office.sender), file, sealed.envelope.clone()).await.unwrap().id;
    assert_eq!(office.differences().await, []);
    let mailbox = &office.desk.0.mailbox;
    let kept = mailbox.delivery(id).unwrap().unwrap();
    let mut altered = MessageProof::from_json(&kept).unwrap();
    altered.deposit.root = B256::ZERO;
    mailbox.overwrite(Overwritten::Delivery, id, Some(&serde_json::to_vec(&altered).unwrap()));
    assert_eq!(office.difference().await.0, "mailbox-proof");
    mailbox.overwrite(Overwritten::Delivery, id, None);
    assert_eq!(office.difference().await.0, "mailbox-delivery");
    mailbox.overwrite(Overwritten::Delivery, id, Some(&kept));
    mailbox.overwrite(Overwritten::Envelope, id, Some(b"other"));
    assert_eq!(office.difference().await.0, "mailbox-envelope");
}

// M-MON-1, M-MON-4, MSG-18
#[tokio::test]
async fn supervisors_audit_mailboxes_and_nobody_else() {
    let office = office();
    let sealed = office.acknowledged();
    for role in Role::ALL {
        let audited = office.desk.audit(&Actor::new(Address::ZERO, [role]), 0).await;
        if role == Role::Supervisor {
            let report = audited.unwrap();
            assert_eq!((report.difference, report.complete, report.compared), (None, true, 1));
        } else {
            assert_eq!(audited.unwrap_err().code(), Code::RoleRequired, "{role:?}");
        }
    }
    office.desk.0.mailbox.overwrite(Overwritten::Envelope, sealed.deposit.id(), Some(b"other"));
    let report = office.desk.audit(&Actor::new(Address::ZERO, [Role::Supervisor]), 0).await.unwrap();
    assert_eq!((report.difference.unwrap().check.as_str(), report.complete), ("mailbox-envelope", false));
}
