//! Procedure 8.6: one operation on its way in.

use alloy_primitives::{Address, B256};
use chancery_data::{
    SourceId,
    unambiguous::{self, AmbiguousError},
};
use chancery_ingest::Refused;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    operation::{InterpretedOperation, SignedOperation},
    r2d::{Submission, SubmissionReceipt},
    source_data::{AcceptedSubmission, Source, SourceSubmission},
    v2m::{EventFilter, Happening, HistoryEntry},
};
use tokio::time::timeout;

use crate::{Representation, batching::Placed, ports::IndexedBlock};

/// Longest name of an operation in the journal, in characters: it comes from outside.
const MAX_NAME_CHARS: usize = 32;

impl Representation {
    /// Who submits, what, in which format: before any chain is asked.
    pub(crate) fn interpret(&self, actor: &Actor, submission: &Submission) -> DoorResult<InterpretedOperation> {
        let operation = &submission.operation;
        let sender = actor
            .address
            .ok_or_else(|| DoorError::new(Code::AuthenticationRequired, "a submission needs to know who sends it"))?;
        let limit = self.limits.max_operation_bytes;
        if operation_bytes(operation) > limit {
            return Err(DoorError::new(Code::BodyTooLarge, format!("an operation has at most {limit} bytes"))
                .with("limit", limit));
        }
        let handler = self.handlers.get(&operation.operation_type);
        let handler = handler.ok_or_else(|| {
            let name: String = operation.operation_type.0.chars().take(MAX_NAME_CHARS).collect();
            DoorError::new(Code::MalformedRequest, format!("there is no operation `{name}`"))
        })?;
        let format = self.formats.get(&submission.format)?;
        if format.chain != operation.chain {
            let detail =
                format!("data of {} are recorded on chain {}, not on {}", format.id.0, format.chain, operation.chain);
            return Err(DoorError::new(Code::WrongChain, detail));
        }
        let interpreted = handler.interpret(operation)?;
        self.authenticate(sender, interpreted.source)?;
        self.check_time(&interpreted)?;
        if !format.sealed {
            // What travels in the message alone has no payload: then the message is the content.
            let content = if operation.payload.is_empty() {
                operation.message.clone()
            } else {
                let text = std::str::from_utf8(&operation.payload).map_err(|_| AmbiguousError::Form);
                text.and_then(unambiguous::value).map_err(|error| {
                    let detail = match error {
                        AmbiguousError::Twice => "the content has a member that stands twice in one object",
                        AmbiguousError::Form => "the content is not JSON",
                    };
                    DoorError::new(Code::SchemaViolation, detail)
                })?
            };
            self.formats.validate(&format.id, &content)?;
        }
        Ok(interpreted)
    }

    /// Puts an operation into a data block, once, and waits until that is final.
    pub(crate) async fn record(
        &self,
        submission: Submission,
        interpreted: InterpretedOperation,
    ) -> DoorResult<SubmissionReceipt> {
        let Submission { operation, idempotency_key, .. } = submission;
        if !self.chains.contains(&operation.chain) {
            return Err(DoorError::new(Code::UnknownChain, "no such chain records data blocks"));
        }
        let digest = interpreted.digest;
        if let Some(key) = &idempotency_key {
            self.index.claim_key(interpreted.source, key, digest).await?;
        }
        let earlier = self.index.block_of(digest).await?;
        if let Some(receipt) = earlier.as_ref().and_then(|block| receipt(block, digest)) {
            return Ok(receipt);
        }
        let placed = match self.batching.joined(digest) {
            Some(placed) => placed,
            None => {
                self.p2r.check(&operation).await?;
                let bytes = operation_bytes(&operation);
                match earlier {
                    None => self.batching.place(operation, interpreted, bytes)?,
                    Some(_) => self.batching.place_alone(operation, interpreted, bytes)?,
                }
            }
        };
        let placed = timeout(self.limits.receipt_deadline, placed).await.unwrap_or_else(|_| Err(overdue(digest)))?;
        let Placed { root, data_block, operation } = placed;
        Ok(SubmissionReceipt { operation_digest: digest, data_block_root: root, data_block, operation })
    }

    /// Keeps in the journal what became of a submission (M-MON-2).
    pub(crate) async fn note(
        &self,
        actor: &Actor,
        name: &str,
        subject: String,
        outcome: &DoorResult<SubmissionReceipt>,
    ) {
        let (happening, facts) = match outcome {
            Ok(receipt) => (Happening::Submitted, format!("data block {}", receipt.data_block_root)),
            Err(error) => (Happening::SubmissionRefused, error.code().name().to_owned()),
        };
        self.keep(actor, happening, name, subject, facts).await;
    }

    /// Takes submissions of sources in. What is accepted stands in the journal of the ingest, which supervisors are told from; what is refused is counted
    /// (REPRESENTATION-7).
    pub(crate) async fn take(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        let results = self.ingest.accept_or_tell(submissions).await;
        // What has no receipt for want of the key that signs it is accepted, and stands in the journal.
        let is_refused = |refused: &&Refused| refused.error.code() != Code::EntityUnavailable;
        let refused: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).filter(is_refused).collect();
        if !refused.is_empty() {
            // A name that no source has, anybody makes up.
            let registered = |source: &SourceId| self.ingest.source(*source).is_ok();
            let refused = refused.iter().map(|refused| (refused.claimed.filter(registered), refused.error.code()));
            self.refusals.count(refused.collect::<Vec<_>>()).await;
        }
        results.into_iter().map(|result| result.map_err(|refused| refused.error)).collect()
    }

    /// What happened at R2D, newest first: what was accepted, what was refused, and who changed what.
    pub(crate) async fn happened(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let mut entries = self.journal.entries(filter).await?;
        entries.extend(self.refusals.pending(filter));
        entries.extend(self.ingest.happened(filter).await?);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
        entries.truncate(filter.limit.unwrap_or(usize::MAX));
        Ok(entries)
    }

    /// Keeps in the journal who changed a source (M-MON-2).
    pub(crate) async fn note_source(&self, actor: &Actor, outcome: &DoorResult<Source>) {
        let (happening, subject, facts) = match outcome {
            Ok(source) => {
                let facts = format!("{}, {} keys", source.organization, source.keys.len());
                let facts = if source.withdrawn.is_some() { format!("{facts}, withdrawn") } else { facts };
                (Happening::Configured, source.source.to_string(), facts)
            }
            Err(error) => (Happening::SubmissionRefused, String::new(), error.code().name().to_owned()),
        };
        self.keep(actor, happening, "data.source", subject, facts).await;
    }

    async fn keep(&self, actor: &Actor, happening: Happening, name: &str, subject: String, facts: String) {
        let entry = HistoryEntry {
            time_ms: (self.clock)(),
            happening,
            name: name.chars().take(MAX_NAME_CHARS).collect(),
            by: actor.address,
            subject,
            recorded: None,
            revision: None,
            right: None,
            facts,
            verified: None,
        };
        if let Err(error) = self.journal.record(entry).await {
            // What the chain has recorded is recorded: the journal's outage must not make it look refused.
            tracing::warn!(%error, "a submission is not in the journal");
        }
    }

    /// REPRESENTATION-1.
    fn authenticate(&self, sender: Address, source: Address) -> DoorResult<()> {
        if sender == source || self.acts_for.get(&sender).is_some_and(|others| others.contains(&source)) {
            return Ok(());
        }
        Err(DoorError::new(
            Code::SignatureInvalid,
            format!("the operation is signed by {source}, but {sender} sends it"),
        ))
    }

    /// A time ahead of the chain's would make the contract refuse the whole data block.
    fn check_time(&self, interpreted: &InterpretedOperation) -> DoorResult<()> {
        let latest = (self.clock)() / 1000 + self.limits.max_clock_skew_s;
        if interpreted.time <= latest {
            return Ok(());
        }
        Err(DoorError::new(Code::MalformedRequest, "the operation's time lies in the future: check the clock"))
    }
}

/// What an operation takes of memory, about.
fn operation_bytes(operation: &SignedOperation) -> usize {
    operation.message.to_string().len() + operation.payload.len() + operation.signature.len()
}

/// The receipt of an operation that was recorded before; `None` when the contract refused it then.
fn receipt(block: &IndexedBlock, digest: B256) -> Option<SubmissionReceipt> {
    let operation = block.operations.iter().find(|operation| operation.leaf.operation_digest == digest)?;
    let (data_block, recorded) = (block.recorded.clone()?, operation.recorded.clone()?);
    Some(SubmissionReceipt {
        operation_digest: digest,
        data_block_root: block.root,
        operation: (recorded != data_block).then_some(recorded),
        data_block,
    })
}

fn overdue(digest: B256) -> DoorError {
    DoorError::new(Code::NotFinalYet, format!("operation {digest} is being recorded: send it again for its receipt"))
        .with("operation", digest.to_string())
}
