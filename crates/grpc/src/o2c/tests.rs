#![allow(clippy::unwrap_used)]

use chancery_reference_points::source_data::Source as DoorSource;

use super::*;

const BY: Address = Address::repeat_byte(1);
const NOW_S: u64 = 1_795_000_000;

fn made(asked: impl Configures) -> (Change, Mode) {
    asked.change(BY, NOW_S).unwrap()
}

/// The code and the member of a refusal.
fn refused(asked: impl Configures) -> (Code, String) {
    let error = asked.change(BY, NOW_S).unwrap_err();
    (error.code(), error.members()["member"].as_str().unwrap().to_owned())
}

fn key() -> Bytes {
    Bytes::from_static(&[2; 20])
}

// M-CON-1, M-CON-4: what is asked is what is changed, and a check is one.
#[test]
fn a_message_asks_for_the_change_that_it_says() {
    let register = RegisterOrganizationRequest {
        code: "OFFICE".into(),
        name: "An office".into(),
        administrator: key(),
        check: true,
    };
    let expected = Change::RegisterOrganization {
        code: "OFFICE".into(),
        name: "An office".into(),
        administrator: Address::repeat_byte(2),
    };
    assert_eq!(made(register), (expected, Mode::Check));

    let authorize = AuthorizeKeyRequest {
        organization: "OFFICE".into(),
        address: key(),
        right: "submission".into(),
        ..Default::default()
    };
    let (Change::AuthorizeKey { key, .. }, Mode::Apply) = made(authorize) else { panic!("another change") };
    assert_eq!((key.not_before, key.not_after, key.right.as_str()), (NOW_S, None, "submission"));

    let quota = Quota { operations_per_day: Some(5), ..Quota::default() };
    let set = SetQuotaRequest { subject: "sources".into(), quota: Some(quota), check: false };
    let expected = DoorQuota { operations_per_day: Some(5), ..DoorQuota::default() };
    let expected = Change::SetQuota { subject: QuotaSubject::EverySource, quota: Some(expected), by: BY };
    assert_eq!(made(set), (expected, Mode::Apply));

    let access = ConfigureAccessRequest {
        service: "certificates.query".into(),
        version: 2,
        entries: HashMap::from([("anybody".into(), "deny".into())]),
        check: false,
    };
    let (Change::ConfigureAccess { entries, by, .. }, _) = made(access) else { panic!("another change") };
    assert_eq!((entries[&AccessSubject::Anybody], by), (AccessEffect::Deny, BY));

    let applied =
        DecideChangeRequest { change: vec![3; 32].into(), status: "applied".into(), ..DecideChangeRequest::default() };
    assert_eq!(made(applied).0, Change::ApplyChange { proposed: B256::repeat_byte(3), by: BY });
    let (source, change) = SourceEndRequest { source: self::key(), ..Default::default() }.change(true).unwrap();
    assert_eq!(change, SourceChange::Withdraw { source, reason: "unspecified".into() });
}

// GRPC-2, GRPC-4, bad input: what cannot be read is refused by its member, as over REST.
#[test]
fn what_cannot_be_read_is_refused_by_its_member() {
    let short = RegisterOrganizationRequest { administrator: Bytes::from_static(&[1; 19]), ..Default::default() };
    assert_eq!(refused(short), (Code::MalformedAddress, "administrator".into()));
    let retired = EndKeyRequest { address: key(), from_s: Some(1), ..Default::default() };
    assert_eq!(refused(retired), (Code::MalformedRequest, "from_s".into()));
    let revoked = EndKeyRequest { address: key(), compromised: true, right: Some("r".into()), ..Default::default() };
    assert_eq!(refused(revoked), (Code::MalformedRequest, "right".into()));
    let broken = ConfigureFormatRequest { schema_json: "{".into(), ..Default::default() };
    assert_eq!(refused(broken), (Code::MalformedRequest, "schema_json".into()));
    for (subject, effect) in [("anybody", "perhaps"), ("role:king", "deny")] {
        let entries = HashMap::from([(subject.to_owned(), effect.to_owned())]);
        let asked = ConfigureAccessRequest { entries, ..Default::default() };
        assert_eq!(refused(asked), (Code::MalformedRequest, "entries".into()), "{subject} {effect}");
    }
    assert_eq!(refused(SetQuotaRequest::default()), (Code::MalformedRequest, "subject".into()));
    assert_eq!(refused(SetPriceRequest::default()), (Code::MalformedRequest, "subject".into()));
    assert_eq!(refused(ProposeChangeRequest::default()), (Code::MalformedRequest, "signed".into()));
    let decided = DecideChangeRequest { change: vec![3; 32].into(), status: "decided".into(), ..Default::default() };
    assert_eq!(refused(decided), (Code::MalformedRequest, "status".into()));
    assert_eq!(refused(DecideChangeRequest::default()), (Code::MalformedRequest, "change".into()));
}

// M-REP-1: a source is shown with everything that REST shows.
#[test]
fn a_source_is_shown_with_its_keys_and_its_end() {
    let shown: DoorSource = serde_json::from_value(serde_json::json!({
        "source": Address::repeat_byte(3), "kind": "device", "organization": "OFFICE", "name": "a pump",
        "keys": [{"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "kid": "k", "fromMs": 1, "untilMs": 2, "statement": "s"}],
        "registeredBy": BY, "withdrawn": {"atMs": 2, "by": BY, "reason": "sold"},
    }))
    .unwrap();
    let source = Source::try_from(shown).unwrap();
    let key = &source.keys[0];
    assert_eq!((source.kind.as_str(), key.kid.as_str(), key.until_ms), ("device", "k", Some(2)));
    assert!(source.keys[0].jwk_json.contains("Ed25519"), "{}", source.keys[0].jwk_json);
    assert_eq!(source.withdrawn.unwrap().reason, "sold");
}
