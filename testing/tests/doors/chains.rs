//! S2P and U2S: what is read from the chains, each time on somebody's behalf and by a right; and what every operation refuses with when nobody is there.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use chancery_contracts::predeploys;
use chancery_reference_points::{
    Code,
    alert::MailboxLook,
    c2p::C2p,
    chain_records::EventQuery,
    data_search::AuditRequest,
    m2r::{M2r, M2rData},
    m2s::M2s,
    mandate::{Mandate, rights},
    o2c::O2c,
    r2d::{R2d, SubmissionReceipt},
    s2p::S2p,
    u2s::{ServiceRequest, U2s},
    v2m::{EventFilter, V2mData},
};
use serde_json::json;

use crate::{
    heard::{Heard, names},
    house::{House, People, main_chain},
};

const REGISTRY: Address = predeploys::ORGANIZATION_REGISTRY;
/// What no right of these covers.
const BEYOND: Address = predeploys::RESOURCE_DIRECTORY;
const QUERY: &str = "certificates.query";

/// What the chains have. `receipt`: of an operation that is recorded there.
pub(crate) async fn conform(house: &House, people: &People, receipt: &SubmissionReceipt, heard: &mut Heard) {
    read(house, receipt, heard).await;
    state(house, heard).await;
    standing(house, people, heard).await;
    catalogue(house, people, heard).await;
}

async fn read(house: &House, receipt: &SubmissionReceipt, heard: &mut Heard) {
    let (s2p, by, other) =
        (&house.processing, Mandate::of_the_city(rights::IDENTIFICATION), Mandate::of_the_city("everything"));
    heard.answered("S2p.Chains", S2p::chains(s2p, &by).await, |chains| {
        names(chains.iter().map(|chain| chain.name.0.as_str()))
    });
    heard.refused("S2p.Chains", S2p::chains(s2p, &other).await, Code::NotCovered);
    let (main, at) = (main_chain(), &receipt.data_block);
    let found = s2p.transaction(&by, Some(&main), at.block_number, at.tx_hash).await;
    heard.answered("S2p.Transaction", found, |found| format!("{} {}", found.succeeded, found.proof.is_some()));
    let unknown = s2p.transaction(&by, Some(&main), at.block_number, B256::repeat_byte(7)).await;
    heard.refused("S2p.Transaction", unknown, Code::UnknownTransaction);
    let refused = s2p.transaction(&other, Some(&main), at.block_number, at.tx_hash).await;
    heard.refused("S2p.Transaction", refused, Code::NotCovered);
    let query = EventQuery { chain: Some(main), contract: Some(REGISTRY), ..EventQuery::default() };
    let found = S2p::events(s2p, &by, query.clone()).await;
    heard.answered("S2p.Events", found, |found| (!found.is_empty()).to_string());
    let every = EventQuery { contract: None, ..query };
    heard.refused("S2p.Events", S2p::events(s2p, &by, every).await, Code::NotCovered);
}

async fn state(house: &House, heard: &mut Heard) {
    let (s2p, by) = (&house.processing, Mandate::of_the_city(rights::IDENTIFICATION));
    let call = Bytes::from(keccak256("organizationCount()")[..4].to_vec());
    let found = s2p.view(&by, &main_chain(), REGISTRY, call.clone()).await;
    heard.answered("S2p.View", found, |found| found.data.to_string());
    heard.refused("S2p.View", s2p.view(&by, &main_chain(), BEYOND, call).await, Code::NotCovered);
    let found = s2p.state_proof(&by, &main_chain(), REGISTRY, vec![B256::ZERO]).await;
    heard.answered("S2p.StateProof", found, |found| found.is_some().to_string());
    let refused = s2p.state_proof(&by, &main_chain(), BEYOND, vec![B256::ZERO]).await;
    heard.refused("S2p.StateProof", refused, Code::NotCovered);
    heard.answered("S2p.AccessRules", s2p.access_rules(None).await, |rules| rules.len().to_string());
}

async fn standing(house: &House, people: &People, heard: &mut Heard) {
    let (s2p, other) = (&house.processing, Mandate::of(&people.operator, rights::CHAINS));
    for actor in [&people.operator, &people.stranger] {
        let by = Mandate::of(actor, rights::DATA);
        heard.answered("S2p.IsOffice", s2p.is_office(&by).await, ToString::to_string);
        heard.answered("S2p.Standing", S2p::standing(s2p, &by).await, |found| format!("{:?}", found.roles));
    }
    heard.refused("S2p.IsOffice", s2p.is_office(&other).await, Code::NotCovered);
    heard.refused("S2p.Standing", S2p::standing(s2p, &other).await, Code::NotCovered);
}

async fn catalogue(house: &House, people: &People, heard: &mut Heard) {
    let u2s = &house.provisioning;
    heard.answered("U2s.Catalogue", u2s.catalogue().await, |known| names(known.iter().map(|one| one.name.as_str())));
    heard.answered("U2s.Prices", u2s.prices().await, |prices| prices.len().to_string());
    heard.answered("U2s.Chains", U2s::chains(u2s).await, |chains| {
        names(chains.iter().map(|chain| chain.name.0.as_str()))
    });
    let conditions = ServiceRequest::new("certificates.conditions", &json!({"kind": "degree"})).unwrap();
    let answer = u2s.request(&people.public, conditions).await;
    heard.answered("U2s.Request", answer, |answer| answer["requires"].to_string());
    let unheard_of = ServiceRequest::new("unheard-of", &json!({})).unwrap();
    heard.refused("U2s.Request", u2s.request(&people.public, unheard_of).await, Code::UnknownService);
    let inspections = ServiceRequest::new("certificates.inspections", &json!({})).unwrap();
    heard.refused("U2s.Request", u2s.request(&people.public, inspections).await, Code::RoleRequired);
    heard.answered("U2s.ServiceAccess", u2s.service_access(QUERY).await, |access| format!("{:?}", access.roles));
    heard.refused("U2s.ServiceAccess", u2s.service_access("unheard-of").await, Code::UnknownService);
}

/// Once the city has ended: what has no refusal of its own, since it is asked with nothing that could be wrong, refuses as everything does when its entity is not
/// there.
pub(crate) async fn is_gone(house: &House, heard: &mut Heard) {
    let gone = Code::EntityUnavailable;
    let House { representation, provisioning, processing, controlling, monitoring } = house;
    heard.refused("R2d.DataFormats", R2d::data_formats(representation).await, gone);
    heard.refused("U2s.Catalogue", provisioning.catalogue().await, gone);
    heard.refused("U2s.Withdrawn", provisioning.withdrawn().await, gone);
    heard.refused("U2s.Prices", provisioning.prices().await, gone);
    heard.refused("U2s.Chains", U2s::chains(provisioning).await, gone);
    heard.refused("O2c.Organizations", O2c::organizations(controlling).await, gone);
    heard.refused("O2c.Changes", controlling.changes(0).await, gone);
    heard.refused("S2p.AccessRules", processing.access_rules(None).await, gone);
    heard.refused("C2p.Organizations", C2p::organizations(processing).await, gone);
    heard.refused("C2p.Approvals", processing.approvals(0).await, gone);
    heard.refused("M2s.Journal", M2s::journal(provisioning, &EventFilter::default()).await, gone);
    heard.refused("M2r.Journal", M2r::journal(representation, &EventFilter::default()).await, gone);
    heard.refused("M2rData.Audit", representation.audit(AuditRequest::default()).await, gone);
    heard.refused("M2rData.IndexedRoots", representation.indexed_roots(&main_chain(), 0).await, gone);
    heard.refused("M2rData.Quotas", M2rData::quotas(representation).await, gone);
    heard.refused("V2mData.MailboxesAudited", monitoring.mailboxes_audited(MailboxLook::default()).await, gone);
}
