//! A message of another city comes in: its sender brings what its own city has recorded, and the proof of its standing there. Nothing of it is believed but the genesis of that city,
//! which the operator of this one has listed.

use std::sync::Arc;

use alloy_primitives::B256;
use chancery_primitives::UnixSeconds;
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, operation::ChainName};

use super::{Desk, Parts, Shown, address_of, errors, rules, unknown};
use crate::{
    envelope,
    limits::MAX_DELIVERY_PROOF_BYTES,
    mailbox::{Incoming, MailboxError, Route},
    proof::MessageProof,
    statement::City,
};

impl Desk {
    /// Takes a message of another city, with the file that proves its deposit and its sender's standing there ([`MessageProof::between`]): when this returns, it is on disk and its
    /// receiver sees it. The same message again is the same, whatever proof comes with it (MSG-6).
    ///
    /// # Errors
    /// `MalformedRequest`, `BodyTooLarge`, `ProofInvalid`, `SignatureInvalid`, `WrongChain`, `UnknownCity`, `ClockSkew`, `OperationExpired`, `UnknownOrganization`, `UnknownAddress`,
    /// `RoleRequired`, `KeyRotated`, `OrganizationSuspended`, `MailboxFull`, `TooManyRequests`, `ChainUnreachable`, `JournalUnavailable`.
    pub async fn deliver(&self, actor: &Actor, file: Vec<u8>, sealed: String) -> DoorResult<Shown> {
        let address = address_of(actor)?;
        if file.len() > MAX_DELIVERY_PROOF_BYTES {
            let detail = format!("proof: it is longer than {MAX_DELIVERY_PROOF_BYTES} bytes");
            return Err(DoorError::new(Code::BodyTooLarge, detail).with("limit", MAX_DELIVERY_PROOF_BYTES));
        }
        let proof = MessageProof::from_json(&file).map_err(errors::proof)?;
        let (from_city, to_city) = proof.cities().map_err(errors::proof)?;
        let deposit = proof.signed().map_err(errors::proof)?.0;
        let head = deposit.statement.head.clone();
        if head.from.address != address {
            let detail = "proof: the deposit is of another address than the one that authenticates the request";
            return Err(DoorError::new(Code::SignatureInvalid, detail));
        }
        let own = self.0.city();
        if to_city != own {
            let detail = format!("the message is for the city with genesis {}, this is another", to_city.genesis);
            return Err(DoorError::new(Code::WrongChain, detail).with("expected", own.genesis.to_string()));
        }
        let listed = self.0.cities.find(from_city.genesis).ok_or_else(|| {
            let detail = format!("this city lists no city with genesis {}", from_city.genesis);
            DoorError::new(Code::UnknownCity, detail)
        })?;
        envelope::check(&sealed, &deposit.statement).map_err(errors::envelope)?;
        let id = deposit.id();
        if let Some(record) = self.0.on_disk(move |mailbox| mailbox.record(id)).await? {
            return Ok(Shown { id, record });
        }
        rules::between_two(&head)?;
        let asked_at = self.0.now();
        rules::in_days(&deposit.statement, asked_at)?;
        // Before the line: nobody waits there for the own chain.
        rules::may_receive(self.0.members.standing(head.to, UnixSeconds(asked_at)).await?)?;
        let (parts, city) = (Arc::clone(&self.0), listed.city.clone());
        // Signatures and tries are computed beside the threads that serve; whoever goes away ends nothing half way.
        let kept = listed.in_turn(move || {
            // Now, not when it came: what has waited is not younger for that.
            let now = parts.now();
            rules::in_days(&deposit.statement, now)?;
            proof.verify_delivery(&city.chain, own, UnixSeconds(now)).map_err(errors::delivery)?;
            let mut proof = proof;
            // The other city calls its main chain as this one calls its own. What is kept is what was verified, written anew: nothing else that the sender put into its file.
            proof.deposit.recorded.chain = ChainName(city.name);
            let file = serde_json::to_vec(&proof).map_err(DoorError::internal)?;
            let signature = &proof.deposit.signature;
            let incoming = Incoming { deposit: &deposit, signature, envelope: &sealed, now };
            parts.mailbox.keep_delivered(&incoming, &proof.deposit.recorded, &file).map_err(errors::mailbox)
        });
        let record = kept.await.map_err(errors::turn)??;
        Ok(Shown { id, record })
    }

    /// The proof of a message of another city, with the receipt once there is one, for its two sides; its sender has no role here.
    ///
    /// # Errors
    /// `UnknownMessage`, also for a message within the city; `ChainUnreachable`, `JournalUnavailable`.
    pub async fn delivery_proof(&self, actor: &Actor, id: B256) -> DoorResult<MessageProof> {
        if self.own(actor, id).await?.record.route != Route::FromOtherCity {
            return Err(unknown());
        }
        self.proof(actor, id).await
    }
}

impl Parts {
    /// This city.
    pub(super) const fn city(&self) -> City {
        City { chain_id: self.chain_id, genesis: self.genesis }
    }

    /// What came with a message of another city.
    pub(super) async fn delivery(&self, id: B256) -> DoorResult<MessageProof> {
        let file = self.on_disk(move |mailbox| mailbox.delivery(id)).await?;
        let file = file.ok_or_else(|| DoorError::internal(MailboxError::Damaged))?;
        MessageProof::from_json(&file).map_err(DoorError::internal)
    }
}
