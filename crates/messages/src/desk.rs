//! The desk: what the gateway does with messages. It keeps what it cannot read, records who deposited and who received, and shows a message to its two sides alone.

mod audit;
mod delivery;
mod errors;
mod formats;
mod recording;
mod rules;
mod settling;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use chancery_certificates::Clock;
use chancery_light::TrustedChain;
use chancery_primitives::UnixSeconds;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    journal::Journal,
    operation::ChainName,
    r2d::R2d,
    right::Right,
    v2m::{Happening, HistoryEntry},
};

pub use audit::MailboxPass;
pub use formats::data_formats;

use crate::{
    cities::Cities,
    envelope,
    limits::KEPT_WITHOUT_END_S,
    mailbox::{Mailbox, Record, Route, Side},
    members::Members,
    proof::{MessageProof, ProvenStatement},
    statement::{Acknowledgement, Deposit, Stated, Statement},
};

/// What the journal calls the giving out of a message.
const FETCHED: &str = "messages.fetch";

/// What the desk needs.
pub struct Parts {
    /// Where messages are kept.
    pub mailbox: Arc<Mailbox>,
    /// The door through which statements are recorded.
    pub r2d: Arc<dyn R2d>,
    /// Who may exchange messages.
    pub members: Arc<dyn Members>,
    /// Where it stands who was given which message.
    pub journal: Arc<dyn Journal>,
    /// The other cities whose organizations may write here.
    pub cities: Cities,
    /// The main chain.
    pub chain: ChainName,
    /// Its EIP-155 id.
    pub chain_id: u64,
    /// Hash of its genesis header.
    pub genesis: B256,
    /// By which the audit verifies what that chain has recorded; `None` on one without validators, where nothing is proven.
    pub trusted: Option<TrustedChain>,
    /// The time.
    pub clock: Clock,
}

/// The desk of one city.
pub struct Desk(Arc<Parts>);

/// A message as its two sides see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// keccak256 of the deposit's text.
    pub id: B256,
    /// What is kept.
    pub record: Record,
}

impl Desk {
    /// A desk.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Takes a message of an organization of this city, also one to another city, whose receiver the sender looks up itself and to which it delivers it: when this returns, it is on disk, its deposit is final, and its receiver sees it. The same message again is the same (MSG-5, MSG-6).
    ///
    /// # Errors
    /// `MalformedRequest`, `BodyTooLarge`, `SignatureInvalid`, `WrongChain`, `ClockSkew`, `OperationExpired`, `RoleRequired`, `KeyRotated`, `OrganizationSuspended`,
    /// `UnknownOrganization`, `UnknownAddress`, `MailboxFull`, `JournalUnavailable`, and those of R2D.
    pub async fn send(&self, actor: &Actor, text: &str, signature: Bytes, sealed: &str) -> DoorResult<Shown> {
        let deposit = Stated::<Deposit>::read(text).map_err(errors::statement)?;
        self.authenticate(actor, &deposit, &signature)?;
        envelope::check(sealed, &deposit.statement).map_err(errors::envelope)?;
        let id = deposit.id();
        let known = self.0.on_disk(move |mailbox| mailbox.record(id)).await?;
        if let Some(record) = known.clone().filter(|record| record.place.is_some()) {
            return Ok(Shown { id, record });
        }
        let now = self.0.now();
        if known.is_none_or(|record| is_over(record.arrived_at, now)) {
            rules::in_time(&deposit.statement, now)?;
            rules::between_two(&deposit.statement.head)?;
            rules::not_to_itself(&deposit.statement.head, self.0.city())?;
            self.check_members(&deposit.statement, now).await?;
        }
        let (parts, actor, sealed) = (Arc::clone(&self.0), actor.clone(), sealed.to_owned());
        recording::to_its_end(async move { parts.deposit(&actor, deposit, signature, sealed).await }).await
    }

    /// Messages of the actor after a place, in the order in which they became visible.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `JournalUnavailable`.
    pub async fn list(&self, actor: &Actor, side: Side, after: u64, limit: usize) -> DoorResult<Vec<Shown>> {
        let address = address_of(actor)?;
        let found = self.0.on_disk(move |mailbox| mailbox.list(side, address, after, limit)).await?;
        Ok(found.into_iter().map(|(id, record)| Shown { id, record }).collect())
    }

    /// A message with its envelope, for its sender and its receiver (MSG-4). The envelope is gone a while after the acknowledgement. Who is given it is in the journal
    /// first (MSG-17).
    ///
    /// # Errors
    /// `UnknownMessage` also for everybody else, `DatabaseUnreachable` when the journal does not take it, `JournalUnavailable`.
    pub async fn fetch(&self, actor: &Actor, id: B256) -> DoorResult<(Shown, Option<String>)> {
        let shown = self.own(actor, id).await?;
        self.record_look(actor, &shown).await?;
        let envelope = self.0.on_disk(move |mailbox| mailbox.envelope(id)).await?;
        Ok((shown, envelope))
    }

    /// Takes the receiver's acknowledgement; final when this returns. The first one counts.
    ///
    /// # Errors
    /// `UnknownMessage`, `NotYourMessage` for its sender, `MalformedRequest`, `SignatureInvalid`, `WrongChain`, `ClockSkew`, `OperationExpired`, `JournalUnavailable`, and
    /// those of R2D.
    pub async fn acknowledge(&self, actor: &Actor, id: B256, text: &str, signature: Bytes) -> DoorResult<Shown> {
        let shown = self.own(actor, id).await?;
        let deposit = shown.record.stated().map_err(errors::mailbox)?;
        if actor.address != Some(deposit.statement.head.to.address) {
            return Err(DoorError::new(Code::NotYourMessage, "a message is acknowledged by its receiver alone"));
        }
        if shown.record.is_acknowledged() {
            return Ok(shown);
        }
        let stated = Stated::<Acknowledgement>::read(text).map_err(errors::statement)?;
        self.authenticate(actor, &stated, &signature)?;
        stated.check_of(&deposit).map_err(errors::statement)?;
        let now = self.0.now();
        let pending = shown.record.acknowledgement.as_ref();
        if pending.is_none_or(|receipt| is_over(receipt.arrived_at, now)) {
            rules::in_time(&stated.statement, now)?;
            rules::may_sign(self.0.members.standing(stated.statement.by, UnixSeconds(now)).await?)?;
        }
        let (parts, actor) = (Arc::clone(&self.0), actor.clone());
        recording::to_its_end(async move { parts.acknowledge(&actor, id, stated.text, signature).await }).await
    }

    /// What proves deposit and acknowledgement to anybody, offline (MSG-8). For the two sides, who may hand it on.
    ///
    /// # Errors
    /// `UnknownMessage`, `ChainUnreachable`, `JournalUnavailable`.
    pub async fn proof(&self, actor: &Actor, id: B256) -> DoorResult<MessageProof> {
        let shown = self.own(actor, id).await?;
        let acknowledgement = match (&shown.record.acknowledgement, shown.record.is_acknowledged()) {
            (Some(receipt), true) => {
                let stated = Stated::<Acknowledgement>::read(&receipt.text).map_err(errors::statement)?;
                Some(self.proven(&stated, &receipt.signature).await?)
            }
            _ => None,
        };
        if shown.record.route == Route::FromOtherCity {
            return Ok(MessageProof { acknowledgement, ..self.0.delivery(id).await? });
        }
        let deposit = shown.record.stated().map_err(errors::mailbox)?;
        let deposit = self.proven(&deposit, &shown.record.signature).await?;
        Ok(MessageProof::new(deposit, acknowledgement))
    }

    async fn proven<S: Statement + Sync>(&self, stated: &Stated<S>, signature: &Bytes) -> DoorResult<ProvenStatement> {
        let proof = self.0.r2d.operation_proof(stated.digest()).await?;
        Ok(ProvenStatement::new(stated.text.clone(), signature.clone(), proof))
    }

    /// The message, if it is visible and the actor is one of its two sides.
    async fn own(&self, actor: &Actor, id: B256) -> DoorResult<Shown> {
        let address = address_of(actor)?;
        let record = self.0.on_disk(move |mailbox| mailbox.record(id)).await?;
        let record = record.filter(|record| record.place.is_some()).ok_or_else(unknown)?;
        let head = record.stated().map_err(errors::mailbox)?.statement.head;
        if [head.from.address, head.to.address].contains(&address) {
            return Ok(Shown { id, record });
        }
        Err(unknown())
    }

    /// Who is given a message, and as which of its two sides. Nothing of what it says, nor who the other one is.
    async fn record_look(&self, actor: &Actor, shown: &Shown) -> DoorResult<()> {
        let head = shown.record.stated().map_err(errors::mailbox)?.statement.head;
        // Who has sent it has made it; whom it is sent to its sender has named.
        let is_sender = actor.address == Some(head.from.address);
        let (side, right) = if is_sender { ("its sender", Right::OwnData) } else { ("its receiver", Right::Named) };
        let entry = HistoryEntry {
            time_ms: (self.0.clock)(),
            happening: Happening::Accessed,
            name: FETCHED.to_owned(),
            by: actor.address,
            subject: shown.id.to_string(),
            recorded: None,
            revision: None,
            facts: format!("a sealed message shown to {side}"),
            right: Some(right),
            verified: None,
        };
        self.0.journal.record(entry).await
    }

    /// The actor has signed it, for this chain.
    fn authenticate<S: Statement>(&self, actor: &Actor, stated: &Stated<S>, signature: &Bytes) -> DoorResult<()> {
        let address = address_of(actor)?;
        if stated.statement.chain_id() != self.0.chain_id {
            let detail =
                format!("the statement is for chain {}, this is {}", stated.statement.chain_id(), self.0.chain_id);
            return Err(DoorError::new(Code::WrongChain, detail));
        }
        if stated.statement.genesis() != Some(self.0.genesis) {
            let detail = match stated.statement.genesis() {
                Some(genesis) => format!("the statement is for the chain with genesis {genesis}, this is another"),
                None => "the statement names no genesis: sign it anew with the present release".to_owned(),
            };
            return Err(DoorError::new(Code::WrongChain, detail).with("expected", self.0.genesis.to_string()));
        }
        if stated.statement.signer() != address {
            let detail = "statement: it is of another address than the one that authenticates the request";
            return Err(DoorError::new(Code::SignatureInvalid, detail));
        }
        stated.verify(signature).map_err(errors::statement)
    }

    async fn check_members(&self, deposit: &Deposit, now: u64) -> DoorResult<()> {
        let now = UnixSeconds(now);
        let head = &deposit.head;
        rules::may_sign(self.0.members.standing(head.from, now).await?)?;
        if head.to_city.is_some() {
            // Whom another city lets receive, that city says when it is delivered.
            return Ok(());
        }
        rules::may_receive(self.0.members.standing(head.to, now).await?)
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// For everybody but the two sides there is none (MSG-4).
fn unknown() -> DoorError {
    DoorError::new(Code::UnknownMessage, "no message with this identifier is yours")
}

/// What has waited for its end for so long is new when it comes again.
const fn is_over(arrived_at: u64, now: u64) -> bool {
    now > arrived_at.saturating_add(KEPT_WITHOUT_END_S)
}

fn address_of(actor: &Actor) -> DoorResult<Address> {
    actor
        .address
        .ok_or_else(|| DoorError::new(Code::AuthenticationRequired, "messages are for those who say who they are"))
}

#[cfg(test)]
mod tests;
