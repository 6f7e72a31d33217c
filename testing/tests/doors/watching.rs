//! V2M with M2S, M2P and M2R: what a supervisor sees, and nobody else.

use alloy_primitives::B256;
use chancery_reference_points::{
    Code,
    alert::MailboxLook,
    data_block::{KeptBlock, MAX_RECORDED_ROOTS},
    data_search::AuditRequest,
    m2p::M2p,
    m2r::{M2r, M2rData},
    m2s::M2s,
    mandate::{Mandate, rights},
    r2d::SubmissionReceipt,
    v2m::{EventFilter, Happening, V2m, V2mData},
};

use crate::{
    heard::{Heard, something},
    house::{House, People, main_chain},
};

/// What happened, and whether what is kept is what was recorded. `receipt`: of an operation that this city has recorded.
pub(crate) async fn conform(house: &House, people: &People, receipt: &SubmissionReceipt, heard: &mut Heard) {
    let certificate = happened(house, people, heard).await;
    history(house, people, certificate, heard).await;
    recorded(house, receipt.data_block_root, heard).await;
    kept(house, people, receipt.data_block_root, heard).await;
}

/// The events, and a certificate of which they tell that it was issued.
async fn happened(house: &House, people: &People, heard: &mut Heard) -> B256 {
    let created = EventFilter { happenings: vec![Happening::Created], limit: Some(100), ..EventFilter::default() };
    let (v2m, m2p) = (&house.monitoring, &house.processing);
    heard.refused("V2m.Events", V2m::events(v2m, &people.operator, created.clone()).await, Code::RoleRequired);
    let events = V2m::events(v2m, &people.supervisor, created.clone()).await;
    let events = heard.answered("V2m.Events", events, |events| {
        let is_proven = events.iter().all(|event| event.recorded.is_some() && event.verified.is_some());
        format!("proven: {is_proven}")
    });
    let as_operator = Mandate::of(&people.operator, rights::SUPERVISION);
    heard.refused("M2p.Events", M2p::events(m2p, &as_operator, &created).await, Code::RoleRequired);
    let found = M2p::events(m2p, &people.supervises(), &created).await;
    heard.answered("M2p.Events", found, |found| found.iter().any(|event| event.recorded.is_some()).to_string());
    heard.answered("M2r.Journal", M2r::journal(&house.representation, &of_all()).await, |told| {
        told.iter().any(|entry| entry.happening == Happening::Submitted).to_string()
    });
    heard.answered("M2s.Journal", M2s::journal(&house.provisioning, &of_all()).await, |told| {
        told.iter().any(|entry| entry.happening == Happening::Accessed).to_string()
    });
    let issued = events.iter().find(|event| event.name == "CertificateIssued").unwrap();
    issued.subject.parse().unwrap()
}

fn of_all() -> EventFilter {
    EventFilter { limit: Some(100), ..EventFilter::default() }
}

async fn history(house: &House, people: &People, certificate: B256, heard: &mut Heard) {
    let (v2m, m2p) = (&house.monitoring, &house.processing);
    let told = v2m.history(&people.supervisor, certificate).await;
    heard.answered("V2m.History", told, |told| format!("in order: {}, {:?}", told.in_order, told.findings));
    let unknown = v2m.history(&people.supervisor, B256::repeat_byte(7)).await;
    heard.refused("V2m.History", unknown, Code::UnknownCertificate);
    let refused = v2m.history(&people.stranger, certificate).await;
    heard.refused("V2m.History", refused, Code::RoleRequired);
    let found = m2p.subject_history(&people.supervises(), certificate).await;
    heard.answered("M2p.SubjectHistory", found, |found| format!("{:?}", found[0].happening));
    let refused = m2p.subject_history(&Mandate::of_the_city(rights::CHAINS), certificate).await;
    heard.refused("M2p.SubjectHistory", refused, Code::NotCovered);
}

/// What the chain has of data blocks, and where the chains follow one another.
async fn recorded(house: &House, root: B256, heard: &mut Heard) {
    let (m2p, by, other) = (&house.processing, Mandate::of_the_city(rights::AUDIT), Mandate::of_the_city(rights::DATA));
    let found = m2p.recorded_blocks(&by, &main_chain(), vec![root, B256::repeat_byte(7)]).await;
    heard.answered("M2p.RecordedBlocks", found, |found| {
        let counts: Vec<_> = found.iter().map(|block| block.as_ref().map(|block| block.count)).collect();
        format!("{counts:?}")
    });
    let refused = m2p.recorded_blocks(&other, &main_chain(), vec![root]).await;
    heard.refused("M2p.RecordedBlocks", refused, Code::NotCovered);
    let found = m2p.recorded_roots(&by, &main_chain(), 0).await;
    heard.answered("M2p.RecordedRoots", found, |found| (found.total > 0 && found.roots.contains(&root)).to_string());
    let refused = m2p.recorded_roots(&other, &main_chain(), 0).await;
    heard.refused("M2p.RecordedRoots", refused, Code::NotCovered);
    heard.answered("M2p.Anchors", m2p.anchors(&by).await, something);
    heard.refused("M2p.Anchors", m2p.anchors(&other).await, Code::NotCovered);
}

/// What representation keeps, as it is audited.
async fn kept(house: &House, people: &People, root: B256, heard: &mut Heard) {
    let (v2m, m2r) = (&house.monitoring, &house.representation);
    let audited = v2m.audit_data(&people.supervisor, AuditRequest::default()).await;
    let audited = heard.answered("V2mData.AuditData", audited, |report| {
        format!("{} operations, {:?}, {}", report.operations, report.difference, report.complete)
    });
    let refused = v2m.audit_data(&people.operator, AuditRequest::default()).await;
    heard.refused("V2mData.AuditData", refused, Code::RoleRequired);
    let counted = m2r.audit(AuditRequest::default()).await;
    let counted = heard.answered("M2rData.Audit", counted, |report| report.operations.to_string());
    assert_eq!(counted.operations, audited.operations);
    let status = v2m.audit_status(&people.operator).await;
    heard.answered("V2mData.AuditStatus", status, |watched| format!("{:?}", watched.audit.difference));
    heard.refused("V2mData.AuditStatus", v2m.audit_status(&people.stranger).await, Code::RoleRequired);
    let quotas = V2mData::quotas(v2m, &people.supervisor).await;
    heard.answered("V2mData.Quotas", quotas, |found| found.settings.len().to_string());
    heard.refused("V2mData.Quotas", V2mData::quotas(v2m, &people.stranger).await, Code::RoleRequired);
    heard.answered("M2rData.Quotas", M2rData::quotas(m2r).await, |found| found.settings.len().to_string());
    let found = m2r.kept_blocks(vec![root, B256::repeat_byte(7)]).await;
    heard.answered("M2rData.KeptBlocks", found, |found| {
        let leaves = |block: &KeptBlock| matches!(block, KeptBlock::Leaves(leaves) if leaves.root == Some(root));
        format!("{}, {:?}, {:?}", found.blocks.len(), found.blocks.first().map(leaves), found.blocks.last())
    });
    let many = m2r.kept_blocks(vec![root; MAX_RECORDED_ROOTS + 1]).await;
    heard.refused("M2rData.KeptBlocks", many, Code::MalformedRequest);
    let indexed = m2r.indexed_roots(&main_chain(), 0).await;
    heard.answered("M2rData.IndexedRoots", indexed, |roots| roots.len().min(1).to_string());
    let chain = v2m.audit_chain(&people.supervisor, &main_chain(), 0).await;
    heard.answered("V2mData.AuditChain", chain, |report| format!("{:?}", report.difference));
    let refused = v2m.audit_chain(&people.operator, &main_chain(), 0).await;
    heard.refused("V2mData.AuditChain", refused, Code::RoleRequired);
    // Nothing was looked at yet.
    let looked = v2m.mailboxes_audited(MailboxLook::default()).await;
    heard.answered("V2mData.MailboxesAudited", looked, |watched| format!("{:?}", watched.audit.difference));
}
