//! R2D to data sources, C2R to controlling, M2R to monitoring.

use std::{collections::HashSet, sync::Arc};

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_data::SourceId;
use chancery_ingest::Setting;
use chancery_primitives::data_block::DataBlockTree;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    alert::{RECEIVER_SETTING, receiver_facts},
    c2r::C2r,
    data_block::{KeptBlock, KeptBlocks, MAX_RECORDED_ROOTS, OperationProof},
    data_format::{DataFormat, FormatId, FormatReadings, FormatsInForce},
    data_search::{AuditReport, AuditRequest},
    hash_place::first_at,
    m2r::{M2r, M2rData},
    o2c::{Change, ChangeResult, Mode},
    operation::ChainName,
    quota::{Quota, QuotaReport, QuotaSubject},
    r2d::{R2d, R2dSources, Submission, SubmissionReceipt},
    source_data::{AcceptedSubmission, Source, SourceChange, SourceOperationProof, SourceSubmission, SubmissionState},
    v2m::{EventFilter, HistoryEntry},
};

use crate::{Representation, formats::InClear, limits::MAX_COMPUTED_LEAVES};

impl FormatsInForce for Representation {
    fn readings(&self) -> Arc<FormatReadings> {
        self.formats.readings()
    }
}

#[async_trait]
impl R2d for Representation {
    async fn data_formats(&self) -> DoorResult<Vec<DataFormat>> {
        Ok(self.formats.all())
    }

    async fn data_format(&self, id: &FormatId) -> DoorResult<DataFormat> {
        self.formats.get(id)
    }

    async fn submit(&self, actor: &Actor, submission: Submission) -> DoorResult<SubmissionReceipt> {
        let name = submission.operation.operation_type.0.clone();
        let (subject, outcome) = match self.interpret(actor, &submission) {
            Ok(interpreted) => (interpreted.subject.to_string(), self.record(submission, interpreted).await),
            Err(error) => (String::new(), Err(error)),
        };
        self.note(actor, &name, subject, &outcome).await;
        outcome
    }

    async fn operation_proof(&self, digest: B256) -> DoorResult<OperationProof> {
        let unknown = || DoorError::new(Code::UnknownOperation, "no data block holds this operation");
        let block = self.index.block_of(digest).await?.ok_or_else(unknown)?;
        let position = block
            .operations
            .iter()
            .position(|operation| operation.leaf.operation_digest == digest)
            .ok_or_else(unknown)?;
        let locator = block
            .recorded
            .as_ref()
            .ok_or_else(|| DoorError::new(Code::NotFinalYet, "the data block is not final yet"))?;
        let leaves: Vec<_> = block.operations.iter().map(|operation| operation.leaf.clone()).collect();
        let tree = DataBlockTree::new(&leaves).map_err(DoorError::internal)?;
        if tree.root().0 != block.root {
            // An index that was altered must not become a proof that fails at its reader's.
            return Err(DoorError::internal(std::io::Error::other("the index has other leaves than were recorded")));
        }
        let (siblings, leaf) = (tree.proof(position).ok_or_else(unknown)?, leaves.get(position).ok_or_else(unknown)?);
        let proof = self.p2r.recorded(locator).await?.proof;
        Ok(OperationProof {
            operation_digest: digest,
            source: leaf.source,
            operation_type: leaf.operation_type.to_bytes32(),
            content_hash: leaf.content_hash,
            time: leaf.time.get(),
            siblings,
            root: block.root,
            chain: block.chain,
            recorded: locator.clone(),
            proof,
        })
    }
}

#[async_trait]
impl R2dSources for Representation {
    async fn accept(&self, submissions: Vec<SourceSubmission>) -> Vec<DoorResult<AcceptedSubmission>> {
        self.take(submissions).await
    }

    async fn submission(&self, place: u64) -> DoorResult<SubmissionState> {
        self.ingest.submission(place).await
    }

    async fn submitted_operation_proof(&self, place: u64, index: u32) -> DoorResult<SourceOperationProof> {
        self.ingest.proof(place, index).await
    }

    async fn change_source(&self, actor: &Actor, change: SourceChange) -> DoorResult<Source> {
        // An operator's word counts at O2C, where it is checked first and may need a second one: here the keys of the source speak alone.
        let outcome = self.ingest.change_source(&Actor::public(), change).await;
        self.note_source(actor, &outcome).await;
        outcome
    }

    async fn source(&self, source: SourceId) -> DoorResult<Source> {
        self.ingest.source(source)
    }
}

#[async_trait]
impl C2r for Representation {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        let format = match change {
            Change::ConfigureFormat(format) => format,
            Change::OfferService { service, offered, by } => {
                let value = if *offered { "offered" } else { "withdrawn" };
                return self.record_setting("service.offer", service, value.to_owned(), *by, mode).await;
            }
            Change::SetPrice { subject, price, by } => {
                let value = price.as_ref().map_or_else(|| "no price".to_owned(), ToString::to_string);
                return self.record_setting("fee.price", &subject.to_string(), value, *by, mode).await;
            }
            Change::SuspendUser { address, suspended, by } => {
                let value = if *suspended { "suspended" } else { "restored" };
                return self.record_setting("user.standing", &address.to_string(), value.to_owned(), *by, mode).await;
            }
            Change::TellOfAlerts { receiver, origin, told, by } => {
                let value = receiver_facts(*told, origin);
                return self.record_setting(RECEIVER_SETTING, receiver, value, *by, mode).await;
            }
            Change::ChangeSource { source, by } => return self.control_source(source, *by, mode).await,
            Change::SetQuota { subject, quota, by } => return self.control_quota(subject, *quota, *by, mode).await,
            _ => return Ok(ChangeResult { effects: Vec::new(), recorded: Vec::new() }),
        };
        if !self.chains.contains(&format.chain) {
            return Err(DoorError::new(
                Code::ConfigurationInvalid,
                format!("no chain `{}` records data", format.chain),
            ));
        }
        let mut effects = self.formats.check(format)?;
        if self.formats.begins_to_be_sealed(format) {
            let (reader, id) = (self.source_data(), format.id.clone());
            let counted = tokio::task::spawn_blocking(move || InClear::count(&reader, &id)).await;
            effects.extend(counted.map_err(DoorError::internal)??.effects());
        }
        if mode == Mode::Apply && !effects.is_empty() {
            self.formats.apply(format)?;
        }
        Ok(ChangeResult { effects, recorded: Vec::new() })
    }
}

impl Representation {
    /// What the index keeps of a data block, computed anew.
    async fn computed_anew(&self, root: B256) -> DoorResult<KeptBlock> {
        match self.index.block(root).await {
            Ok(kept) => Ok(kept.map_or(KeptBlock::Nothing, |block| block.computed_anew())),
            // A row that does not read was changed.
            Err(error) if error.code() == Code::Internal => Ok(KeptBlock::Unreadable),
            Err(error) => Err(error),
        }
    }

    /// Records what another entity applies: in the journal of the ingest, and with its data block on the chain.
    async fn record_setting(
        &self,
        name: &str,
        subject: &str,
        facts: String,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let (name, subject, at_ms) = (name.to_owned(), subject.to_owned(), (self.clock)());
        let setting = Setting { name, subject, facts, by, at_ms };
        setting.check()?;
        let (mut effects, mut recorded) = (Vec::new(), Vec::new());
        if mode == Mode::Apply {
            let text = format!("{} {}", setting.name, setting.subject);
            recorded.extend(self.ingest.set(setting).await?);
            if recorded.is_empty() {
                effects.push(format!("{text}: the record is durable; its data block is not final yet"));
            }
        }
        Ok(ChangeResult { effects, recorded })
    }

    async fn control_source(&self, change: &SourceChange, by: Address, mode: Mode) -> DoorResult<ChangeResult> {
        // Controlling lets nobody but operators change anything.
        let operator = Actor::new(by, [Role::Operator]);
        let effects = vec![self.ingest.check_source(&operator, change)?];
        if mode == Mode::Apply {
            let outcome = self.ingest.change_source(&operator, change.clone()).await;
            self.note_source(&operator, &outcome).await;
            outcome?;
        }
        Ok(ChangeResult { effects, recorded: Vec::new() })
    }

    async fn control_quota(
        &self,
        subject: &QuotaSubject,
        quota: Option<Quota>,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let mut effects = self.ingest.check_quota(subject.clone(), quota).await?;
        let mut recorded = Vec::new();
        if mode == Mode::Apply && !effects.is_empty() {
            recorded.extend(self.ingest.set_quota(subject.clone(), quota, by).await?.recorded);
            if recorded.is_empty() {
                effects.push(format!("quota of {subject}: in force and durable; its data block is not final yet"));
            }
        }
        Ok(ChangeResult { effects, recorded })
    }
}

#[async_trait]
impl M2r for Representation {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.happened(filter).await
    }
}

#[async_trait]
impl M2rData for Representation {
    async fn audit(&self, request: AuditRequest) -> DoorResult<AuditReport> {
        let report = self.ingest.audit(request).await?;
        Ok(AuditReport { chains: self.chains.iter().cloned().collect(), ..report })
    }

    async fn kept_blocks(&self, roots: Vec<B256>) -> DoorResult<KeptBlocks> {
        if roots.len() > MAX_RECORDED_ROOTS {
            return Err(DoorError::new(Code::MalformedRequest, format!("at most {MAX_RECORDED_ROOTS} roots")));
        }
        let unknown: HashSet<B256> = self.ingest.unknown_roots(roots.clone()).await?.into_iter().collect();
        let (mut blocks, mut computed) = (Vec::with_capacity(roots.len()), 0);
        for root in roots {
            if computed >= MAX_COMPUTED_LEAVES {
                break;
            }
            // That the root stands in the index says nothing of the rows by which operations are proven.
            let kept = if unknown.contains(&root) { self.computed_anew(root).await? } else { KeptBlock::InJournal };
            if let KeptBlock::Leaves(leaves) = &kept {
                computed += leaves.count;
            }
            blocks.push(kept);
        }
        Ok(KeptBlocks { journal: self.ingest.chain().clone(), blocks })
    }

    async fn indexed_roots(&self, chain: &ChainName, from: u64) -> DoorResult<Vec<B256>> {
        match first_at(from) {
            Some(first) => self.index.roots_from(chain, first, MAX_RECORDED_ROOTS).await,
            None => Ok(Vec::new()),
        }
    }

    async fn quotas(&self) -> DoorResult<QuotaReport> {
        self.ingest.quotas().await
    }
}
