//! Messages computed anew (M-MON-4, MSG-18): what is kept of each is what was signed, and what was signed is in a final block of its chain.
//!
//! ```text
//!  record: reads -> deposit: text = name, signature -> envelope: length and hash of the deposit -> lists
//!         -> receipt: of this deposit, signature -> both by the genesis: leaf, root, transaction, header, finality -> where the record says
//! ```
//!
//! The first difference of a message is named; the next message has its own. Nothing is opened, and nothing is changed.

mod computed;
mod pass;

use alloy_primitives::{B256, Bytes};
use chancery_light::TrustedChain;
use chancery_reference_points::{
    Actor, Class, Code, DoorError, DoorResult, Role,
    data_block::TransactionLocator,
    data_search::{AuditReport, Difference, StoredDifference},
    hash_place::place_of,
};

use self::computed::{Computed, Found, computed};
pub use self::pass::MailboxPass;
use super::{Desk, Parts};
use crate::{
    mailbox::{Kept, Mailbox, MailboxError, Route},
    proof::{MessageProof, ProvenStatement},
    statement::{Deposit, Stated, Statement},
};

/// Messages of one page: each may have an envelope, and they are read one after the other.
const PAGE: usize = 16;

/// How the store is called.
const STORE: &str = "mailboxes";

/// What a page of an audit came to.
#[derive(Debug)]
struct Page {
    /// Where the next one begins.
    next: u64,
    is_end: bool,
    /// Messages that were computed anew.
    messages: u64,
    /// Of these, those that had become visible before a place.
    visible: u64,
    /// At most one of each message.
    differences: Vec<Difference>,
}

impl Desk {
    /// A page of all messages computed anew, for supervisors. `from` and `next` of the report are places among the names of messages; it ends at its first difference.
    ///
    /// # Errors
    /// `RoleRequired`, `NotProvable` on a chain without certificates, `ChainUnreachable`, `JournalUnavailable`, `DatabaseUnreachable`.
    pub async fn audit(&self, actor: &Actor, from: u64) -> DoorResult<AuditReport> {
        if !actor.is(Role::Supervisor) {
            return Err(DoorError::new(Code::RoleRequired, "only supervisors watch the system")
                .with("required", vec![Role::Supervisor.name()]));
        }
        let page = self.audited(from, u64::MAX).await?;
        let difference = page.differences.into_iter().next();
        Ok(AuditReport {
            from,
            next: page.next,
            complete: page.is_end && difference.is_none(),
            submissions: 0,
            operations: 0,
            blocks: 0,
            difference,
            sequence: Vec::new(),
            sources: Vec::new(),
            compared: page.messages,
            chain: self.0.chain.clone(),
            chains: Vec::new(),
            recorded: Vec::new(),
            standing: Vec::new(),
        })
    }

    /// The next page from a place on. `before`: which places count as visible.
    async fn audited(&self, from: u64, before: u64) -> DoorResult<Page> {
        let parts = &self.0;
        let mut page = Page { next: from, is_end: true, messages: 0, visible: 0, differences: Vec::new() };
        let names = match parts.read(move |mailbox| mailbox.names(from, PAGE)).await? {
            Ok(names) => names,
            Err(Damaged) => {
                page.differences.push(of_store("mailbox-name", "a name of a message in the mailboxes does not read"));
                return Ok(page);
            }
        };
        for id in &names {
            let id = *id;
            // What was given up meanwhile is gone.
            let Ok(Some(kept)) = parts.read(move |mailbox| mailbox.kept(id)).await? else { continue };
            page.messages += 1;
            let place = kept.record.as_ref().map_or(Some(0), |record| record.place);
            page.visible += u64::from(place.is_some_and(|place| place < before));
            if let Err(found) = parts.look(id, kept).await? {
                page.differences.push(found.of(id, place));
            }
        }
        if let Some(last) = names.last().filter(|_| names.len() >= PAGE) {
            (page.next, page.is_end) = (place_of(*last).saturating_add(1), false);
        }
        Ok(page)
    }
}

/// A value of the store does not read.
struct Damaged;

impl Parts {
    /// Reads from the mailbox: what does not read is a finding, and a disk that does not answer is not.
    async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Mailbox) -> Result<T, MailboxError> + Send + 'static,
    ) -> DoorResult<Result<T, Damaged>> {
        self.on_disk(move |mailbox| match act(mailbox) {
            Ok(read) => Ok(Ok(read)),
            Err(MailboxError::Damaged) => Ok(Err(Damaged)),
            Err(error) => Err(error),
        })
        .await
    }

    /// The first difference of a message.
    async fn look(&self, id: B256, kept: Kept) -> DoorResult<Result<(), Found>> {
        let Computed { record, deposit, acknowledgement, delivery } = match computed(id, kept, self.city(), self.now())
        {
            Ok(computed) => computed,
            Err(found) => return Ok(Err(found)),
        };
        // Nothing is on a chain yet.
        let Some(deposited) = record.deposited.filter(|_| record.place.is_some()) else { return Ok(Ok(())) };
        let receipt = record.acknowledgement.filter(|receipt| receipt.recorded.is_some());
        let received = match (acknowledgement, &receipt) {
            (Some(stated), Some(receipt)) => match self.shown(&stated, receipt.signature.clone()).await? {
                Ok(proven) => Some(proven),
                Err(found) => return Ok(Err(found)),
            },
            _ => None,
        };
        let received_at = receipt.and_then(|receipt| receipt.recorded);
        let (proof, sent_on) = if record.route == Route::FromOtherCity {
            match self.delivered(&deposit, &record.signature, delivery) {
                Ok(found) => found,
                Err(found) => return Ok(Err(found)),
            }
        } else {
            match self.shown(&deposit, record.signature.clone()).await? {
                Ok(proven) => (MessageProof::new(proven, None), self.trusted.clone()),
                Err(found) => return Ok(Err(found)),
            }
        };
        let proof = MessageProof { acknowledgement: received, ..proof };
        let places = [(Some(&deposited), Some(&proof.deposit)), (received_at.as_ref(), proof.acknowledgement.as_ref())];
        if let Some(found) = places.into_iter().find_map(|(said, proven)| elsewhere(said, proven)) {
            return Ok(Err(found));
        }
        self.verified(proof, sent_on).await
    }

    /// A statement with the proof that it is in a final block.
    async fn shown<S: Statement + Sync>(
        &self,
        stated: &Stated<S>,
        signature: Bytes,
    ) -> DoorResult<Result<ProvenStatement, Found>> {
        match self.r2d.operation_proof(stated.digest()).await {
            Ok(proof) => Ok(Ok(ProvenStatement::new(stated.text.clone(), signature, proof))),
            Err(error) if matches!(error.class(), Class::Temporary) => Err(error),
            Err(error) => {
                let what = format!("it is not proven that it is recorded: {}", error.code().name());
                Ok(Err(Found::new("mailbox-proof", what)))
            }
        }
    }

    /// What came with a message of another city, and that city's chain; none when it is not listed any more.
    fn delivered(
        &self,
        deposit: &Stated<Deposit>,
        signature: &Bytes,
        file: Option<Vec<u8>>,
    ) -> Result<(MessageProof, Option<TrustedChain>), Found> {
        let differs = |what: String| Found::new("mailbox-delivery", what);
        let file = file.ok_or_else(|| differs("the proof that came with it is gone".to_owned()))?;
        let proof = MessageProof::from_json(&file).map_err(|failure| differs(failure.to_string()))?;
        if proof.deposit.statement != deposit.text || proof.deposit.signature != *signature {
            return Err(differs("the proof that came with it is of another deposit".to_owned()));
        }
        let genesis = deposit.statement.head.genesis.unwrap_or_default();
        Ok((proof, self.cities.find(genesis).map(|listed| listed.city.chain.clone())))
    }

    /// Signatures, hashes and tries, beside the threads that serve.
    async fn verified(&self, proof: MessageProof, sent_on: Option<TrustedChain>) -> DoorResult<Result<(), Found>> {
        let shown = [Some(&proof.deposit), proof.acknowledgement.as_ref()];
        let is_proven = shown.into_iter().flatten().all(|proven| proven.proof.is_some());
        let Some(own) = self.trusted.clone().filter(|_| is_proven) else {
            let detail = format!("chain {} has no certificates of finality", self.chain);
            return Err(DoorError::new(Code::NotProvable, detail).with("chain", self.chain.0.as_str()));
        };
        // A city that is not listed any more proves nothing here; what its message says is as it was signed.
        let Some(sent_on) = sent_on else { return Ok(Ok(())) };
        let verifying = tokio::task::spawn_blocking(move || {
            if proof.is_between_cities() { proof.verify_between(&sent_on, &own) } else { proof.verify(&own) }
        });
        let verified = verifying.await.map_err(DoorError::internal)?;
        Ok(verified.map(drop).map_err(|failure| Found::new("mailbox-proof", failure.to_string())))
    }
}

/// Where the record says that a statement is recorded, and it is not.
fn elsewhere(said: Option<&TransactionLocator>, proven: Option<&ProvenStatement>) -> Option<Found> {
    let (said, proven) = (said?, &proven?.recorded);
    let is_there = said.tx_hash == proven.tx_hash
        && said.block_number == proven.block_number
        && said.block_hash == proven.block_hash;
    let what = format!(
        "the mailbox says transaction {} in block {}, it is {} in block {}",
        said.tx_hash, said.block_number, proven.tx_hash, proven.block_number
    );
    (!is_there).then(|| Found::new("mailbox-place", what).hashes(proven.block_hash, Some(said.block_hash)))
}

impl Found {
    /// As an audit tells it.
    fn of(self, id: B256, place: Option<u64>) -> Difference {
        let Self { check, expected, found, what } = self;
        Difference {
            check: check.to_owned(),
            place: place.unwrap_or_default(),
            index: None,
            file: String::new(),
            offset: 0,
            detail: format!("message {id}: {what}"),
            stored: Some(StoredDifference { store: STORE.to_owned(), id, expected, found }),
        }
    }
}

/// A difference of all mailboxes, and not of a message.
fn of_store(check: &'static str, what: &str) -> Difference {
    Difference { detail: what.to_owned(), ..Found::new(check, what).of(B256::ZERO, None) }
}
