//! The engine that representation runs: checks on all cores, one writer, one recorder.

use std::{path::PathBuf, sync::Arc};

use alloy_primitives::Address;
use chancery_data::{
    Jws, JwsError, Operation, Signer, SourceId, Submission, SubmissionError, merkle,
    proof::{Membership, OperationProof, Recorded, VERSION},
    receipt::ReceiptSigner,
    sealed,
    submission::{Access, Statement},
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    data_search::{AuditReport, AuditRequest, StandingStore},
    journal::Clock,
    operation::ChainName,
    p2r::P2r,
    source_data::{AcceptedSubmission, Source, SourceChange, SourceSubmission, SubmissionState},
};
use chancery_stores::Standing;
use chancery_traces::Parent;
use parking_lot::RwLock;
use rayon::prelude::*;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::{
    Limits, OpenError,
    audit::{Audited, Walks, audit},
    blocks::{self, Recorder, unreadable},
    entry::{self, KeptSubmission},
    group::{Checked, Placed, Update, broken},
    index::{Block, Index},
    journal,
    limits::{MAX_PAST_READERS, MAX_RECEIPT_SIGNERS},
    open::{Followed, Opened, open},
    quotas::Quotas,
    reading::JournalReader,
    receipts::{GroupReceipts, Remembered},
    sources::{Sources, check_time, effect, lineage},
    subject::subject_key,
    unkept::ending,
    usage::DAY_MS,
    writer::{Command, MAX_COMMAND_BYTES, Writer, Written},
};

/// What the formats say of a submission (DATA-6). Called on many threads at once.
pub trait ContentRules: Send + Sync {
    /// Checks format, version, chain, control data and the content of every operation.
    ///
    /// # Errors
    /// `UnknownFormat`, `FormatVersion`, `WrongChain`, `SchemaViolation`.
    fn check(&self, submission: &Submission, chain: &ChainName, now_ms: u64) -> DoorResult<()>;

    /// Whether the format in force is sealed (DATA-11).
    fn is_sealed(&self, _: &str) -> bool {
        false
    }
}

/// What an ingest is made of.
pub struct Parts {
    /// Where journal and index are kept.
    pub directory: PathBuf,
    /// The chain that records the data blocks.
    pub chain: ChainName,
    /// Its EIP-155 id, which sources sign.
    pub chain_id: u64,
    /// Signs receipts.
    pub receipt_key: Signer,
    /// The door to processing.
    pub p2r: Arc<dyn P2r>,
    /// The formats.
    pub rules: Arc<dyn ContentRules>,
    /// The time.
    pub clock: Clock,
    /// Bounds.
    pub limits: Limits,
}

/// Why a submission is not accepted, and whose it says it is.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The source that the statement names, as far as it was read: nobody has shown to be it.
    pub claimed: Option<SourceId>,
    /// Why.
    pub error: DoorError,
}

impl Refused {
    const fn unnamed(error: DoorError) -> Self {
        Self { claimed: None, error }
    }

    fn of(claimed: SourceId) -> impl FnOnce(DoorError) -> Self {
        move |error| Self { claimed: Some(claimed), error }
    }
}

/// Durable ingest for one chain.
pub struct Ingest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    memory: Arc<Semaphore>,
    past: Arc<Semaphore>,
    signers: Arc<Semaphore>,
    limits: Limits,
}

pub(crate) struct Shared {
    reader: JournalReader,
    directory: PathBuf,
    chain: ChainName,
    chain_id: u64,
    receipt_key: ReceiptSigner,
    remembered: Remembered,
    pub(crate) index: Arc<Index>,
    pub(crate) sources: Arc<RwLock<Sources>>,
    pub(crate) quotas: Arc<RwLock<Quotas>>,
    p2r: Arc<dyn P2r>,
    rules: Arc<dyn ContentRules>,
    pub(crate) clock: Clock,
    walks: Walks,
}

impl Ingest {
    /// Opens journal and index, and goes on where they end. Needs a tokio runtime; blocks while it reads.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(parts: Parts) -> Result<Self, OpenError> {
        let directory = parts.directory.join("journal");
        let index = Arc::new(Index::open(&parts.directory.join("index"))?);
        let Opened { lock, journal, known } = open(&directory, &index, parts.chain_id)?;
        let Followed { sources, quotas, open, unrecorded } = known;
        let sources = Arc::new(RwLock::new(sources));
        let quotas = Arc::new(RwLock::new(quotas));
        let (commands, received) = mpsc::unbounded_channel();
        let (closed, closing) = mpsc::unbounded_channel();
        let (durable, durable_places) = watch::channel(journal.next_place());
        let writer = Writer {
            durable,
            journal,
            _lock: lock,
            index: Arc::clone(&index),
            sources: Arc::clone(&sources),
            quotas: Arc::clone(&quotas),
            open,
            unrecorded: unrecorded.len(),
            handed: unrecorded.iter().map(|bounds| bounds.first).collect(),
            unwritten: Vec::new(),
            standing: Standing::of("journal"),
            index_is_behind: false,
            directory: directory.clone(),
            closed: closed.clone(),
            clock: Arc::clone(&parts.clock),
            limits: parts.limits,
            chain_id: parts.chain_id,
        };
        for bounds in unrecorded {
            // The receiver is right here.
            let _ = closed.send(bounds);
        }
        drop(closed);
        let reader = JournalReader::new(directory.clone(), durable_places);
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || writer.run(received, &runtime));
        let recorder = Recorder {
            directory: directory.clone(),
            index: Arc::clone(&index),
            p2r: Arc::clone(&parts.p2r),
            chain: parts.chain.clone(),
            commands: commands.clone(),
            limits: parts.limits,
        };
        tokio::spawn(recorder.run(closing));
        let shared = Shared {
            reader,
            directory,
            chain: parts.chain,
            chain_id: parts.chain_id,
            receipt_key: ReceiptSigner::new(parts.receipt_key),
            remembered: Remembered::default(),
            index,
            sources,
            quotas,
            p2r: parts.p2r,
            rules: parts.rules,
            clock: parts.clock,
            walks: Walks::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            commands,
            memory: Arc::new(Semaphore::new(parts.limits.max_waiting_kib as usize)),
            past: Arc::new(Semaphore::new(MAX_PAST_READERS)),
            signers: Arc::new(Semaphore::new(MAX_RECEIPT_SIGNERS)),
            limits: parts.limits,
        })
    }

    /// `R2dSources::accept`.
    pub async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        let results = self.accept_or_tell(submissions).await;
        results.into_iter().map(|result| result.map_err(|refused| refused.error)).collect()
    }

    /// `R2dSources::accept`; of what is refused it says whose it claims to be.
    pub async fn accept_or_tell(&self, submissions: Vec<SourceSubmission>) -> Vec<Result<AcceptedSubmission, Refused>> {
        let (count, bytes) = (submissions.len(), submissions.iter().map(SourceSubmission::bytes).sum::<usize>());
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).max(1);
        if kib > self.limits.max_waiting_kib {
            return vec![
                Err(Refused::unnamed(DoorError::new(Code::BodyTooLarge, "more than may be under way at once")));
                count
            ];
        }
        // Waits: what cannot be taken yet stays with its sender (DATA-9).
        let Ok(permit) = Arc::clone(&self.memory).acquire_many_owned(kib).await else {
            return vec![Err(Refused::unnamed(ending())); count];
        };
        let permit = Arc::new(permit);
        let shared = Arc::clone(&self.shared);
        let checked = on_all_cores(move || submissions.into_par_iter().map(|one| shared.check(one)).collect()).await;
        let Some(checked): Option<Vec<Result<Checked, Refused>>> = checked else {
            return vec![Err(Refused::unnamed(ending())); count];
        };

        let mut results: Vec<Option<Result<Acknowledged, Refused>>> = (0..count).map(|_| None).collect();
        let (mut waiting, mut command, mut command_bytes) = (Vec::new(), Vec::new(), 0);
        for (position, one) in checked.into_iter().enumerate() {
            match one {
                Err(refused) => results[position] = Some(Err(refused)),
                Ok(one) => {
                    let bytes = one.submission.operations.iter().map(|operation| operation.len() + 4).sum::<usize>()
                        + one.submission.jws.text().len()
                        + 256;
                    if command_bytes + bytes > MAX_COMMAND_BYTES && !command.is_empty() {
                        waiting.push(self.send(std::mem::take(&mut command), &permit));
                        command_bytes = 0;
                    }
                    command_bytes += bytes;
                    command.push((position, one));
                }
            }
        }
        if !command.is_empty() {
            waiting.push(self.send(command, &permit));
        }
        for (positions, reply) in waiting {
            let written = reply.await.ok();
            for (number, (position, summary)) in positions.into_iter().enumerate() {
                let claimed = summary.source;
                let placed =
                    written.as_ref().and_then(|written| Some((written.placed.get(number)?.clone(), &written.receipts)));
                let one = placed.map_or_else(
                    || Err(ending()),
                    |(placed, receipts)| Ok(Acknowledged { summary, placed: placed?, receipts: Arc::clone(receipts) }),
                );
                results[position] = Some(one.map_err(Refused::of(claimed)));
            }
        }
        let unwritten = || Err(Refused::unnamed(ending()));
        let mut results: Vec<_> = results.into_iter().map(|one| one.unwrap_or_else(unwritten)).collect();
        if results.iter().any(|one| one.as_ref().is_ok_and(Acknowledged::is_of_another_group)) {
            let shared = Arc::clone(&self.shared);
            let found = self.looking_back(move || Ok(shared.with_their_groups(results)));
            results = found.await.unwrap_or_else(|_| (0..count).map(|_| unwritten()).collect());
        }
        self.signed_for(results).await.unwrap_or_else(|| vec![Err(Refused::unnamed(ending())); count])
    }

    /// The same with receipts. `None`: the process ends.
    async fn signed_for(
        &self,
        results: Vec<Result<Acknowledged, Refused>>,
    ) -> Option<Vec<Result<AcceptedSubmission, Refused>>> {
        let shared = Arc::clone(&self.shared);
        if shared.receipt_key.may_block() {
            let place = Arc::clone(&self.signers).acquire_owned().await.ok()?;
            let signed = blocking(move || {
                let signed = shared.receipts_from_elsewhere(results);
                drop(place);
                Ok(signed)
            });
            return signed.await.ok();
        }
        on_all_cores(move || {
            let signed = results.into_par_iter().map(|one| {
                let one = one?;
                let claimed = one.summary.source;
                shared.receipt(one).map_err(Refused::of(claimed))
            });
            signed.collect()
        })
        .await
    }

    /// Reads whole groups of the journal, for a few at a time: what asks for them costs nothing to send, and a group may have 8 MiB. Whoever goes away frees its place when that is done.
    async fn looking_back<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> DoorResult<T> + Send + 'static,
    ) -> DoorResult<T> {
        let place = Arc::clone(&self.past).acquire_owned().await.map_err(DoorError::internal)?;
        blocking(move || {
            let read = work();
            drop(place);
            read
        })
        .await
    }

    fn send(&self, command: Vec<(usize, Checked)>, permit: &Arc<tokio::sync::OwnedSemaphorePermit>) -> Sent {
        let (reply, answer) = oneshot::channel();
        let summaries = command.iter().map(|(position, one)| (*position, Summary::of(&one.submission))).collect();
        let checked = command.into_iter().map(|(_, one)| one).collect();
        // If the writer has ended, the answer never comes, which is said as such.
        let _ = self.commands.send(Command::Submissions {
            checked,
            reply,
            permit: Arc::clone(permit),
            parent: Parent::current(),
        });
        (summaries, answer)
    }

    /// `R2dSources::change_source`.
    ///
    /// # Errors
    /// As there.
    pub async fn change_source(&self, actor: &Actor, change: SourceChange) -> DoorResult<Source> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Source { actor: actor.clone(), change, reply }).map_err(|_| ending())?;
        answer.await.map_err(|_| ending())?
    }

    /// What a change of a source would do, in a line (M-CON-4).
    ///
    /// # Errors
    /// As of the change.
    pub fn check_source(&self, actor: &Actor, change: &SourceChange) -> DoorResult<String> {
        let shared = &self.shared;
        let (after, _) = shared.sources.read().change(actor, change.clone(), shared.chain_id, (shared.clock)())?;
        Ok(effect(change, &after))
    }

    /// `R2dSources::source`.
    ///
    /// # Errors
    /// As there.
    pub fn source(&self, source: SourceId) -> DoorResult<Source> {
        self.shared.sources.read().get(source).cloned()
    }

    /// `R2dSources::submission`.
    ///
    /// # Errors
    /// As there.
    pub async fn submission(&self, place: u64) -> DoorResult<SubmissionState> {
        let shared = Arc::clone(&self.shared);
        self.looking_back(move || {
            let (kept, block) = shared.kept(place)?;
            let record = block.and_then(|block| block.record);
            let payload = Jws::payload_of(&kept.jws).map_err(DoorError::internal)?;
            let statement: Statement = serde_json::from_slice(&payload).map_err(DoorError::internal)?;
            Ok(SubmissionState {
                place,
                digest: kept.head.digest,
                source: kept.head.source,
                count: u32::try_from(kept.operations.len()).unwrap_or(u32::MAX),
                accepted_at_ms: kept.head.accepted_at_ms,
                access: shared.access(&statement, &kept.operations),
                expires_ms: readable_until_ms(kept.head.accepted_at_ms, &statement),
                recorded: record.map(|record| (record.root, record.recorded)),
            })
        })
        .await
    }

    /// `R2dSources::submitted_operation_proof`.
    ///
    /// # Errors
    /// As there.
    pub async fn proof(&self, place: u64, index: u32) -> DoorResult<OperationProof> {
        let shared = Arc::clone(&self.shared);
        let (mut proof, locator) = self.looking_back(move || shared.proof(place, index)).await?;
        proof.proof = self.shared.p2r.recorded(&locator).await?.proof;
        Ok(proof)
    }

    /// Reads what is durable, beside the writer.
    #[must_use]
    pub fn reader(&self) -> JournalReader {
        self.shared.reader.clone()
    }

    /// The chain that records the data blocks.
    #[must_use]
    pub fn chain(&self) -> &ChainName {
        &self.shared.chain
    }

    /// `M2rData::audit`.
    ///
    /// # Errors
    /// As there.
    pub async fn audit(&self, request: AuditRequest) -> DoorResult<AuditReport> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let Shared { reader, index, walks, chain, .. } = shared.as_ref();
            let report = audit(&Audited { reader, index, walks, chain }, request)?;
            Ok(AuditReport { standing: standing_stores(), ..report })
        })
        .await
    }

    /// Ends, after what was sent before is written. Not needed for durability.
    pub async fn close(self) {
        let (reply, stopped) = oneshot::channel();
        if self.commands.send(Command::Stop(reply)).is_ok() {
            let _ = stopped.await;
        }
    }
}

type Sent = (Vec<(usize, Summary)>, oneshot::Receiver<Written>);

/// A submission that is durable, with the receipts among which its own is.
struct Acknowledged {
    summary: Summary,
    placed: Placed,
    receipts: Arc<GroupReceipts>,
}

impl Acknowledged {
    /// Whether it came again, after the group that it was written with.
    fn is_of_another_group(&self) -> bool {
        self.placed.repeated && !self.receipts.has(self.placed.place)
    }
}

/// What is answered of a submission, beside where it stands.
struct Summary {
    digest: alloy_primitives::B256,
    source: Address,
    key: chancery_data::submission::SubmissionKey,
    count: u32,
}

impl Summary {
    fn of(submission: &Submission) -> Self {
        let statement = &submission.statement;
        Self { digest: submission.digest, source: statement.source, key: statement.key, count: statement.count }
    }
}

impl Shared {
    /// Everything that does not depend on the order: whose it is, and that it is what it should be. What costs little comes first.
    fn check(&self, submission: SourceSubmission) -> Result<Checked, Refused> {
        let operations = submission.operations.into_iter().map(Vec::from).collect();
        let submission =
            Submission::parse(&submission.submission, operations).map_err(|error| Refused::unnamed(refuse(&error)))?;
        let claimed = submission.statement.source;
        self.check_parsed(submission).map_err(Refused::of(claimed))
    }

    fn check_parsed(&self, submission: Submission) -> DoorResult<Checked> {
        let now_ms = (self.clock)();
        let statement = &submission.statement;
        if statement.chain_id != self.chain_id {
            let detail = format!("chainId is {}, these data are recorded on {}", statement.chain_id, self.chain_id);
            return Err(DoorError::new(Code::WrongChain, detail).with("expected", self.chain_id));
        }
        check_time(statement.time, now_ms)?;
        let (key, organization) = {
            let sources = self.sources.read();
            (sources.key_for(&submission)?, sources.get(statement.source)?.organization.clone())
        };
        submission.jws.verify(&key).map_err(|error| refuse(&error.into()))?;
        self.rules.check(&submission, &self.chain, now_ms)?;
        let mut updates = Vec::new();
        for position in 0..statement.count {
            let operation = submission.operation(position as usize).map_err(|error| refuse(&error))?;
            check_time(operation.time, now_ms)?;
            if let Some(subject) = &operation.subject {
                let subject = subject_key(&organization, &statement.format, subject);
                updates.push(Update { position, subject, previous: operation.previous });
            }
        }
        Ok(Checked { submission, updates })
    }

    /// The folder of the journal.
    pub(crate) fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    /// The place after the last durable entry.
    pub(crate) fn durable(&self) -> u64 {
        self.reader.durable()
    }

    /// With the receipts of their own groups, for those that came again. Blocks while it reads the journal.
    fn with_their_groups(&self, results: Vec<Result<Acknowledged, Refused>>) -> Vec<Result<Acknowledged, Refused>> {
        let found = |mut one: Acknowledged| -> Result<Acknowledged, Refused> {
            if one.is_of_another_group() {
                let receipts = self.remembered.find(one.placed.place, &self.index, &self.directory, self.chain_id);
                one.receipts = receipts.map_err(Refused::of(one.summary.source))?;
            }
            Ok(one)
        };
        results.into_iter().map(|one| one.and_then(found)).collect()
    }

    fn receipt(&self, acknowledged: Acknowledged) -> DoorResult<AcceptedSubmission> {
        let Acknowledged { summary, placed, receipts } = acknowledged;
        let Summary { digest, source, key, count } = summary;
        let Placed { place, accepted_at_ms, repeated } = placed;
        let receipt = receipts.text(place, &self.receipt_key)?;
        Ok(AcceptedSubmission { place, digest, source, key, count, accepted_at_ms, repeated, receipt })
    }

    /// Receipts by a key that is kept elsewhere. Whoever does not sign the first is not asked for the rest: a token that hangs takes the time of one operation. What has no
    /// receipt now has one when it comes again.
    fn receipts_from_elsewhere(
        &self,
        results: Vec<Result<Acknowledged, Refused>>,
    ) -> Vec<Result<AcceptedSubmission, Refused>> {
        let mut away: Option<DoorError> = None;
        let signed = results.into_iter().map(|acknowledged| {
            let acknowledged = acknowledged?;
            let claimed = acknowledged.summary.source;
            let receipt = match &away {
                Some(error) => Err(error.clone()),
                None => self.receipt(acknowledged),
            };
            if let Err(error) = &receipt
                && error.code() == Code::EntityUnavailable
            {
                away = Some(error.clone());
            }
            receipt.map_err(Refused::of(claimed))
        });
        signed.collect()
    }

    fn kept(&self, place: u64) -> DoorResult<(KeptSubmission, Option<Block>)> {
        let unknown = || DoorError::new(Code::UnknownSubmission, format!("there is no submission at place {place}"));
        let (first, position) = self.index.group(place).map_err(broken)?.ok_or_else(unknown)?;
        let group = journal::read_group(&self.directory, position).map_err(unreadable)?;
        let offset = usize::try_from(place - first).map_err(|_| unknown())?;
        let (kind, body) = group.entries.get(offset).ok_or_else(unknown)?;
        if *kind != entry::SUBMISSION {
            return Err(unknown());
        }
        let kept =
            entry::read_submission(body).ok_or_else(|| DoorError::internal(std::io::Error::other("a cut entry")))?;
        Ok((kept, self.index.block_of(place).map_err(broken)?))
    }

    /// The class that counts: what is in clear of a format that is sealed now is restricted, whatever its source said (DATA-11).
    fn access(&self, statement: &Statement, operations: &[Vec<u8>]) -> Access {
        // What does not read as an operation shows no more than one that does.
        let in_clear = |bytes: &Vec<u8>| !Operation::parse(bytes).is_ok_and(|one| !sealed::is_in_clear(&one));
        if self.rules.is_sealed(&statement.format) && operations.iter().any(in_clear) {
            Access::Restricted
        } else {
            statement.control.access
        }
    }

    /// Everything of a proof but the chain's part.
    fn proof(
        &self,
        place: u64,
        index: u32,
    ) -> DoorResult<(OperationProof, chancery_reference_points::data_block::TransactionLocator)> {
        let (kept, block) = self.kept(place)?;
        let recorded = block.and_then(|block| Some((block.bounds, block.record?)));
        let (bounds, record) = recorded.ok_or_else(|| {
            DoorError::new(Code::NotFinalYet, "it is accepted and durable; its data block is not final yet")
        })?;
        let unknown = || DoorError::new(Code::UnknownSubmission, format!("the submission has no operation {index}"));
        let operation = kept.operations.get(index as usize).ok_or_else(unknown)?;
        let names: Vec<_> = kept.operations.iter().map(|bytes| chancery_data::Operation::name(bytes)).collect();
        let leaves = blocks::leaves(&self.directory, &self.index, &bounds)?;
        let tree = blocks::tree(&leaves)?;
        if tree.root().0 != record.root {
            return Err(DoorError::internal(std::io::Error::other("the journal has other leaves than were recorded")));
        }
        let leaf = leaves.binary_search_by_key(&place, |(place, _)| *place).map_err(|_| unknown())?;
        let jws = Jws::parse(&kept.jws, chancery_data::submission::TYP).map_err(DoorError::internal)?;
        let (keys, rotations) = lineage(self.sources.read().get(kept.head.source)?, &jws);
        let locator = record.recorded;
        let proof = OperationProof {
            version: VERSION,
            operation: String::from_utf8(operation.clone()).map_err(DoorError::internal)?,
            index: index.into(),
            submission: kept.jws,
            siblings: merkle::path(&names, index as usize).ok_or_else(unknown)?,
            keys,
            rotations,
            leaf: Membership { siblings: tree.proof(leaf).ok_or_else(unknown)?, root: record.root },
            recorded: Recorded {
                chain: locator.chain.0.clone(),
                tx_hash: locator.tx_hash,
                block_number: locator.block_number,
                block_hash: locator.block_hash,
            },
            proof: None,
        };
        Ok((proof, locator))
    }
}

/// The stores of this process that are not written at present.
fn standing_stores() -> Vec<StandingStore> {
    let stands = |known: chancery_stores::Known| {
        let for_ms = u64::try_from(known.stands_for?.as_millis()).unwrap_or(u64::MAX);
        Some(StandingStore { store: known.store.to_owned(), for_ms })
    };
    chancery_stores::all().into_iter().filter_map(stands).collect()
}

fn refuse(error: &SubmissionError) -> DoorError {
    let code = match error {
        SubmissionError::Jws(JwsError::Signature) => Code::SignatureInvalid,
        SubmissionError::Size => Code::BodyTooLarge,
        _ => Code::MalformedRequest,
    };
    DoorError::new(code, error.to_string())
}

/// Until when it is kept, and read by anybody but its source.
fn readable_until_ms(accepted_at_ms: u64, statement: &Statement) -> u64 {
    accepted_at_ms.saturating_add(u64::from(statement.control.retention_days) * DAY_MS)
}

/// Runs on the pool of all cores; `None` if that panicked.
async fn on_all_cores<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    rayon::spawn(move || {
        let _ = reply.send(work());
    });
    answer.await.ok()
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> DoorResult<T> + Send + 'static,
) -> DoorResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(DoorError::internal)?
}

#[cfg(test)]
mod tests;
