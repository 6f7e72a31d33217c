//! Applications: who may send, see and decide them.
#![allow(clippy::unwrap_used)]

use chancery_identity::JournalQuery;
use chancery_primitives::Right;

use super::*;
use crate::{
    keys::PersonKeys,
    recorded_city::{
        OFFICE, RecordedCity,
        desk::Desk,
        directory, holder, office, other_office,
        samples::{Degree, id},
        stranger,
    },
    roles::ConfiguredRoles,
};

struct Fixture {
    desk: Desk,
    city: RecordedCity,
    applications: ApplicationDesk,
}

impl Fixture {
    async fn new() -> Self {
        let (desk, city) = (Desk::open().await, RecordedCity::founded());
        let s2p: Arc<dyn Retrieval> = Arc::new(city.clone());
        let database = desk.database.clone();
        let configured = ConfiguredRoles::default();
        let roles = RoleResolver::new(database.clone(), directory(), s2p.clone(), configured, desk.clock());
        let applications = ApplicationDesk::new(database, directory(), roles, s2p, desk.clock());
        Self { desk, city, applications }
    }

    /// The holder asks for a degree.
    async fn submitted(&self) -> String {
        self.applications.submit(&citizen(), degree_application()).await.unwrap().id
    }

    async fn refusal(&self, actor: &Actor, id: &str, decision: Decision) -> Code {
        self.applications.decide(actor, id, decision).await.err().unwrap().code()
    }

    async fn listed(&self, actor: &Actor) -> Vec<String> {
        let page = self.applications.list(actor, ApplicationFilter::default(), 10, None).await.unwrap();
        page.items.into_iter().map(|item| item.id).collect()
    }
}

fn citizen() -> Actor {
    Actor::new(holder().address(), [Role::Citizen])
}

fn issuer(keys: &PersonKeys) -> Actor {
    Actor::new(keys.address(), [Role::Issuer])
}

fn degree_application() -> SubmitApplication {
    SubmitApplication { kind: "degree".to_owned(), details: sample_details() }
}

fn sample_details() -> Value {
    serde_json::json!({
        "studentNumber": "2022150001",
        "graduateName": "Lin (sample)",
        "birthDate": "1995-08-30",
        "programme": "Law",
        "level": "master",
    })
}

fn reject(reason: &str) -> Decision {
    Decision::Reject { reason: reason.to_owned() }
}

fn issued(byte: u8) -> Decision {
    Decision::Issued { certificate_id: id(byte) }
}

// C-LIFE
#[tokio::test]
async fn a_citizen_applies_by_the_format_of_the_kind() {
    let fixture = Fixture::new().await;
    let receipt = fixture.applications.submit(&citizen(), degree_application()).await.unwrap();
    assert_eq!((receipt.status, receipt.kind.as_str()), (ApplicationStatus::Submitted, "degree"));
    let refused =
        async |actor: &Actor, application| fixture.applications.submit(actor, application).await.unwrap_err().code();
    let registered = Actor::new(holder().address(), [Role::Registered]);
    assert_eq!(refused(&registered, degree_application()).await, Code::RoleRequired);
    assert_eq!(refused(&Actor::public(), degree_application()).await, Code::AuthenticationRequired);
    let fishing = SubmitApplication { kind: "fishing".to_owned(), ..degree_application() };
    assert_eq!(refused(&citizen(), fishing).await, Code::UnknownKind);
    let more = SubmitApplication { details: serde_json::json!({"unknown": 1}), ..degree_application() };
    assert_eq!(refused(&citizen(), more).await, Code::SchemaViolation);
}

#[tokio::test]
async fn an_applicant_sees_its_own_and_an_office_those_of_its_kinds() {
    let fixture = Fixture::new().await;
    let id = fixture.submitted().await;
    assert_eq!(fixture.listed(&citizen()).await, std::slice::from_ref(&id));
    assert_eq!(fixture.listed(&issuer(office())).await, [id]);
    assert_eq!(fixture.listed(&issuer(stranger())).await, Vec::<String>::new());
    assert_eq!(fixture.listed(&Actor::new(stranger().address(), [Role::Citizen])).await, Vec::<String>::new());
    let nobody = fixture.applications.list(&Actor::public(), ApplicationFilter::default(), 10, None).await;
    assert_eq!(nobody.err().unwrap().code(), Code::AuthenticationRequired);
    let nonsense = fixture.applications.list(&citizen(), ApplicationFilter::default(), 10, Some("1.\0")).await;
    assert_eq!(nonsense.err().unwrap().code(), Code::MalformedRequest);
}

// M-MON-2, M-PRIV
#[tokio::test]
async fn a_look_at_somebody_elses_application_is_recorded() {
    let fixture = Fixture::new().await;
    let id = fixture.submitted().await;
    let looks = async || {
        let query = JournalQuery { subject: Some(id.clone()), limit: 10, ..JournalQuery::default() };
        fixture.desk.database.journal(Keeper::Provisioning, &query).await.unwrap()
    };
    fixture.listed(&citizen()).await;
    assert_eq!(looks().await.len(), 0);
    fixture.listed(&issuer(office())).await;
    assert_eq!(looks().await.iter().map(|look| look.actor).collect::<Vec<_>>(), [Some(office().address())]);
}

#[tokio::test]
async fn an_office_of_the_kind_rejects_once_and_says_why() {
    let fixture = Fixture::new().await;
    let id = fixture.submitted().await;
    for reason in ["", " ", &"x".repeat(MAX_REASON_CHARS + 1)] {
        assert_eq!(fixture.refusal(&issuer(office()), &id, reject(reason)).await, Code::MalformedRequest);
    }
    let decided = fixture.applications.decide(&issuer(office()), &id, reject("not enrolled")).await.unwrap();
    assert_eq!((decided.status, decided.reason.as_deref()), (ApplicationStatus::Rejected, Some("not enrolled")));
    let degree = Degree::new(1);
    fixture.city.issue(&degree.issue, office(), &degree.sealed);
    assert_eq!(fixture.refusal(&issuer(office()), &id, issued(1)).await, Code::AlreadyDecided);
}

#[tokio::test]
async fn what_is_said_to_be_issued_is_there_and_is_the_applicants() {
    let fixture = Fixture::new().await;
    let id = fixture.submitted().await;
    assert_eq!(fixture.refusal(&issuer(office()), &id, issued(1)).await, Code::UnknownCertificate);
    let mut others = Degree::new(2);
    others.issue.holder = stranger().address();
    fixture.city.issue(&others.issue, office(), &others.sealed);
    assert_eq!(fixture.refusal(&issuer(office()), &id, issued(2)).await, Code::MalformedRequest);
    fixture.city.silence("degree");
    assert_eq!(fixture.refusal(&issuer(office()), &id, issued(1)).await, Code::ChainUnreachable);
    fixture.city.answer_again();
    let degree = Degree::new(1);
    fixture.city.issue(&degree.issue, office(), &degree.sealed);
    let decided = fixture.applications.decide(&issuer(office()), &id, issued(1)).await.unwrap();
    assert_eq!(decided.certificate_id, Some(degree.issue.certificate_id.to_bytes32()));
}

#[tokio::test]
async fn only_a_key_of_the_kind_decides() {
    let fixture = Fixture::new().await;
    let id = fixture.submitted().await;
    assert_eq!(fixture.refusal(&citizen(), &id, reject("no")).await, Code::RoleRequired);
    fixture.city.authorize(OFFICE, other_office().address(), Right::issue(CertificateKind::MARRIAGE));
    assert_eq!(fixture.refusal(&issuer(other_office()), &id, reject("no")).await, Code::IssuerNotAuthorized);
}

// bad input: what is no identifier never reaches a database
#[tokio::test]
async fn an_identifier_has_32_hexadecimal_digits() {
    let fixture = Fixture::new().await;
    let upper = fixture.submitted().await.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A");
    for wrong in ["", "\0", "..", &"0".repeat(31), &"0".repeat(33), &"g".repeat(32), &upper] {
        assert_eq!(fixture.refusal(&issuer(office()), wrong, reject("no")).await, Code::MalformedRequest, "{wrong:?}");
    }
    assert_eq!(fixture.refusal(&issuer(office()), &"0".repeat(32), reject("no")).await, Code::UnknownApplication);
}
