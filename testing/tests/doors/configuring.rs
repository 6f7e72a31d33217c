//! O2C with C2S, C2P and C2R: what an operator changes, and what two have to.

use alloy::signers::SignerSync as _;
use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::predeploys;
use chancery_primitives::{ChangeKind, ContractName, SignedOperation as _, SigningDomain};
use chancery_reference_points::{
    Code,
    alert::NewReceiver,
    c2p::C2p,
    c2r::C2r,
    c2s::C2s,
    change_approval::SignedChange,
    contract_release::{ContractArtifact, SignedProposal},
    data_format::{DataFormat, FormatId},
    o2c::{Change, Mode, O2c, O2cAlerts},
    quota::{Quota, QuotaSubject},
    r2d::R2d as _,
    u2s::{U2s as _, U2sData as _},
};
use chancery_testing::ingest::{CHAIN_ID, FORMAT, now_ms};

use crate::{
    heard::{Heard, names, something},
    house::{House, People, main_chain, no_chain},
    operations::OFFICE,
};

/// A service that nobody else asks for at that time.
const SERVICE: &str = "data.statistics";
/// For how long what is signed here counts, in seconds.
const VALIDITY_S: u64 = 600;
/// Leaves a contract of one byte, which stops.
static INIT_CODE: [u8; 13] = [0x60, 0x01, 0x60, 0x0c, 0x60, 0x00, 0x39, 0x60, 0x01, 0x60, 0x00, 0xf3, 0x00];

/// What an operator asks for, at the outer door and at each of the inner ones.
pub(crate) async fn conform(house: &House, people: &People, heard: &mut Heard) {
    organizations(house, people, heard).await;
    services(house, people, heard).await;
    quotas(house, people, heard).await;
    contracts(house, people, heard).await;
    receivers(house, people, heard).await;
}

async fn organizations(house: &House, people: &People, heard: &mut Heard) {
    let (o2c, c2p) = (&house.controlling, &house.processing);
    heard.answered("O2c.Organizations", O2c::organizations(o2c).await, |known| {
        names(known.iter().map(|organization| organization.code.as_str()))
    });
    heard.answered("O2c.Organization", o2c.organization(OFFICE).await, |office| office.name.clone());
    heard.refused("O2c.Organization", o2c.organization("NOBODY").await, Code::UnknownOrganization);
    heard.answered("C2p.Organizations", C2p::organizations(c2p).await, |known| {
        names(known.iter().map(|organization| organization.code.as_str()))
    });
    let register = |code: &str| Change::RegisterOrganization {
        code: code.to_owned(),
        name: "An office".to_owned(),
        administrator: Address::repeat_byte(5),
    };
    let foreseen = C2p::control(c2p, &people.configures(), &register("OFFICE-OF-A-TEST"), Mode::Check).await;
    heard.answered("C2p.Control", foreseen, |done| done.effects.join("; "));
    let known = C2p::control(c2p, &people.configures(), &register(OFFICE), Mode::Check).await;
    heard.refused("C2p.Control", known, Code::OrganizationExists);
    let known = O2c::control(o2c, &people.operator, register(OFFICE), Mode::Apply).await;
    heard.refused("O2c.Control", known, Code::OrganizationExists);
}

/// A service is withdrawn and offered again; what is asked of it meanwhile is refused.
async fn services(house: &House, people: &People, heard: &mut Heard) {
    let (o2c, c2s, u2s) = (&house.controlling, &house.provisioning, &house.provisioning);
    let offer = |service: &str, offered: bool| Change::OfferService {
        service: service.to_owned(),
        offered,
        by: people.operator.address.unwrap(),
    };
    let foreseen = C2s::control(c2s, &offer(SERVICE, false), Mode::Check).await;
    heard.answered("C2s.Control", foreseen, |done| done.effects.join("; "));
    let unheard_of = C2s::control(c2s, &offer("unheard-of", false), Mode::Check).await;
    heard.refused("C2s.Control", unheard_of, Code::ConfigurationInvalid);

    let withdrawn = O2c::control(o2c, &people.operator, offer(SERVICE, false), Mode::Apply).await;
    heard.answered("O2c.Control", withdrawn, |done| done.effects.last().unwrap().clone());
    heard.answered("U2s.Withdrawn", u2s.withdrawn().await, |known| names(known.iter().map(|one| one.name.as_str())));
    heard.refused("U2sData.DataStatistics", u2s.data_statistics(&people.public).await, Code::UnknownService);
    let offered = O2c::control(o2c, &people.operator, offer(SERVICE, true), Mode::Apply).await;
    heard.answered("O2c.Control", offered, |done| done.effects.last().unwrap().clone());
}

/// Quotas need two operators in these cities: one proposes, and it is there to be seen.
async fn quotas(house: &House, people: &People, heard: &mut Heard) {
    let (o2c, c2p, c2r, r2d) = (&house.controlling, &house.processing, &house.representation, &house.representation);
    let by = people.operator.address.unwrap();
    let quota = Some(Quota { operations_per_day: Some(1_000_000), ..Quota::default() });
    let change = Change::SetQuota { subject: QuotaSubject::EverySource, quota, by };
    let foreseen = C2r::control(c2r, &change, Mode::Check).await;
    heard.answered("C2r.Control", foreseen, |done| done.effects.len().to_string());
    let format = r2d.data_format(&FormatId(FORMAT.to_owned())).await.unwrap();
    let elsewhere = Change::ConfigureFormat(DataFormat { chain: no_chain(), ..format });
    heard.refused("C2r.Control", C2r::control(c2r, &elsewhere, Mode::Check).await, Code::ConfigurationInvalid);

    let refused = O2c::control(o2c, &people.operator, change, Mode::Apply).await;
    let content = refused.as_ref().unwrap_err().members()["change"].as_str().unwrap().to_owned();
    heard.refused("O2c.Control", refused, Code::ApprovalRequired);
    let (salt, now_s) = (B256::random(), now_ms() / 1000);
    let (expires_at, deadline) = (now_s + VALIDITY_S, now_s + VALIDITY_S);
    let mut proposal = SignedChange { content, salt, expires_at, deadline, signature: Bytes::new() };
    let domain = SigningDomain::new(CHAIN_ID, predeploys::CHANGE_APPROVALS);
    let name = proposal.operation(ChangeKind::Quotas).digest(&domain);
    proposal.signature = people.operator_key.sign_hash_sync(&name).unwrap().as_bytes().to_vec().into();
    let propose = Change::ProposeChange { proposal, by };
    let proposed = O2c::control(o2c, &people.operator, propose, Mode::Apply).await;
    heard.answered("O2c.Control", proposed, |done| done.effects.len().to_string());

    heard
        .answered("O2c.Changes", o2c.changes(0).await, |found| format!("{:?} {}", found.required, found.changes.len()));
    heard.answered("O2c.Change", O2c::change(o2c, name).await, |found| found.proposal.kind.to_string());
    heard.refused("O2c.Change", O2c::change(o2c, B256::repeat_byte(7)).await, Code::UnknownChange);
    heard.answered("C2p.Approvals", c2p.approvals(0).await, |found| format!("{:?}", found.required));
    heard.answered("C2p.Change", C2p::change(c2p, name).await, |found| found.proposal.kind.to_string());
    heard.refused("C2p.Change", C2p::change(c2p, B256::repeat_byte(7)).await, Code::UnknownChange);
}

/// A contract is tried, and proposed for another operator to review.
async fn contracts(house: &House, people: &People, heard: &mut Heard) {
    let (o2c, c2p) = (&house.controlling, &house.processing);
    let artifact = ContractArtifact {
        chain: main_chain(),
        name: ContractName::parse("conforming").unwrap(),
        version: 1,
        creation_code: Bytes::from_static(&INIT_CODE),
        arguments: Bytes::new(),
        interface: "[]".to_owned(),
        source_hash: B256::ZERO,
        salt: B256::ZERO,
    };
    let refused = O2c::simulate_contract(o2c, &people.supervisor, artifact.clone()).await;
    heard.refused("O2c.SimulateContract", refused, Code::RoleRequired);
    let simulated = O2c::simulate_contract(o2c, &people.operator, artifact.clone()).await;
    let simulated =
        heard.answered("O2c.SimulateContract", simulated, |left| format!("{} bytes", left.runtime_code_bytes));
    let refused = C2p::simulate_contract(c2p, &people.supervises(), &artifact).await;
    heard.refused("C2p.SimulateContract", refused, Code::NotCovered);
    let again = C2p::simulate_contract(c2p, &people.configures(), &artifact).await;
    assert_eq!(heard.answered("C2p.SimulateContract", again, something), simulated);

    let mut proposal = SignedProposal {
        artifact,
        runtime_code_hash: simulated.runtime_code_hash,
        deadline: now_ms() / 1000 + VALIDITY_S,
        signature: Bytes::new(),
    };
    let domain = SigningDomain::new(simulated.chain_id, simulated.verifying_contract);
    let release = proposal.operation(simulated.init_code_hash, simulated.interface_hash).digest(&domain);
    proposal.signature = people.operator_key.sign_hash_sync(&release).unwrap().as_bytes().to_vec().into();
    let propose = Change::ProposeContract { proposal, by: people.operator.address.unwrap() };
    let proposed = O2c::control(o2c, &people.operator, propose, Mode::Apply).await;
    heard.answered("O2c.Control", proposed, |done| done.effects.len().to_string());

    heard.answered("O2c.Contracts", O2c::contracts(o2c, &main_chain(), 0).await, |found| found.len().to_string());
    heard.refused("O2c.Contracts", O2c::contracts(o2c, &no_chain(), 0).await, Code::UnknownChain);
    let shown = O2c::contract(o2c, &main_chain(), release).await;
    heard.answered("O2c.Contract", shown, |found| format!("{} steps", found.steps.len()));
    let unknown = O2c::contract(o2c, &main_chain(), B256::repeat_byte(7)).await;
    heard.refused("O2c.Contract", unknown, Code::UnknownContract);
    heard.answered("C2p.Contracts", C2p::contracts(c2p, &main_chain(), 0).await, |found| found.len().to_string());
    heard.refused("C2p.Contracts", C2p::contracts(c2p, &no_chain(), 0).await, Code::UnknownChain);
    heard.answered("C2p.Contract", C2p::contract(c2p, &main_chain(), release).await, |found| {
        format!("{} steps", found.steps.len())
    });
    let unknown = C2p::contract(c2p, &main_chain(), B256::repeat_byte(7)).await;
    heard.refused("C2p.Contract", unknown, Code::UnknownContract);
}

/// Who is told of alerts: somebody who is not there, and is told once that this is a test.
async fn receivers(house: &House, people: &People, heard: &mut Heard) {
    let (o2c, operator) = (&house.monitoring, &people.operator);
    let receiver = || NewReceiver { url: "http://127.0.0.1:9/".to_owned(), allow_private: true };
    let refused = o2c.add_alert_receiver(&people.supervisor, receiver(), Mode::Check).await;
    heard.refused("O2cAlerts.AddAlertReceiver", refused, Code::RoleRequired);
    let added = o2c.add_alert_receiver(operator, receiver(), Mode::Apply).await;
    let added = heard.answered("O2cAlerts.AddAlertReceiver", added, |added| added.secret.is_some().to_string());
    let id = added.receiver.id.as_str();
    heard.refused("O2cAlerts.AlertReceivers", o2c.alert_receivers(&people.supervisor).await, Code::RoleRequired);
    heard.answered("O2cAlerts.AlertReceivers", o2c.alert_receivers(operator).await, |known| known.len().to_string());
    let tested = o2c.test_alert_receiver(operator, id, "a test".to_owned()).await;
    heard.answered("O2cAlerts.TestAlertReceiver", tested, |tested| tested.delivered.to_string());
    let unknown = o2c.test_alert_receiver(operator, "nobody", String::new()).await;
    heard.refused("O2cAlerts.TestAlertReceiver", unknown, Code::UnknownReceiver);
    let removed = o2c.remove_alert_receiver(operator, id, Mode::Apply).await;
    heard.answered("O2cAlerts.RemoveAlertReceiver", removed, |removed| removed.url.clone());
    let again = o2c.remove_alert_receiver(operator, id, Mode::Apply).await;
    heard.refused("O2cAlerts.RemoveAlertReceiver", again, Code::UnknownReceiver);
}
