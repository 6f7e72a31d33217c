//! An operator and a supervisor of a city, who use gRPC alone.

use alloy::signers::{
    SignerSync as _,
    local::{MnemonicBuilder, coins_bip39::English},
};
use chancery_client::rest::{
    eip4361::Message,
    values::{HexAddress, Timestamp},
};
use chancery_grpc::{
    o2c::{OrganizationName, RegisterOrganizationRequest, SuspendOrganizationRequest},
    session::{GetNonceRequest, SignInRequest},
    v2m::{AuditDataRequest, GetWatchRequest, ListEventsRequest},
};
use chancery_testing::{
    ingest::{CHAIN_ID, now_ms},
    process::City,
};
use tonic::{Code, Request};

use crate::client::{code_of, o2c, session, v2m};

const OFFICE: &str = "OFFICE-OVER-GRPC";

/// Signs a well-known account of a development city in; its token.
async fn signed_in(city: &City, account: u32) -> String {
    let phrase =
        MnemonicBuilder::<English>::default().phrase("test test test test test test test test test test test junk");
    let signer = phrase.index(account).unwrap().build().unwrap();
    let mut door = session(&city.grpc);
    let nonce = door.get_nonce(GetNonceRequest {}).await.unwrap().into_inner().nonce;
    let message = Message {
        domain: city.gateway.strip_prefix("http://").unwrap().to_owned(),
        address: HexAddress(signer.address()),
        statement: None,
        uri: city.gateway.clone(),
        chain_id: CHAIN_ID,
        nonce,
        issued_at: Timestamp::from_unix_seconds(now_ms() / 1000),
        expiration_time: None,
        not_before: None,
        request_id: None,
        resources: Vec::new(),
    };
    let message = message.to_string();
    let signature = signer.sign_message_sync(message.as_bytes()).unwrap().as_bytes().to_vec().into();
    let request = SignInRequest { message, signature };
    let token = door.sign_in(request.clone()).await.unwrap().into_inner().token;
    // Whoever has overheard it signs nobody in with it.
    let status = door.sign_in(request).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::Unauthenticated, "request-replayed"));
    token
}

fn by<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// An office is registered, with a check before, and a supervisor is told of it, each entry verified; neither may what is the other's.
pub(crate) async fn an_operator_configures_and_a_supervisor_sees_it(city: &City) {
    let (operator, supervisor) = (signed_in(city, 0).await, signed_in(city, 8).await);
    let (mut door, mut watch) = (o2c(&city.grpc), v2m(&city.grpc));
    let register = |check| RegisterOrganizationRequest {
        code: OFFICE.to_owned(),
        name: "An office".to_owned(),
        administrator: vec![5; 20].into(),
        check,
    };
    let checked = door.register_organization(by(register(true), &operator)).await.unwrap().into_inner();
    assert!(!checked.applied && checked.recorded.is_empty() && !checked.effects.is_empty(), "{checked:?}");
    let named = || OrganizationName { code: OFFICE.to_owned() };
    let status = door.get_organization(named()).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::NotFound, "unknown-organization"));
    let status = door.register_organization(by(register(false), &supervisor)).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::PermissionDenied, "role-required"));

    let applied = door.register_organization(by(register(false), &operator)).await.unwrap().into_inner();
    assert!(applied.applied && applied.recorded.iter().any(|recorded| recorded.chain == "main"), "{applied:?}");
    assert_eq!(door.get_organization(named()).await.unwrap().into_inner().name, "An office");
    let status = door.register_organization(by(register(false), &operator)).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::FailedPrecondition, "organization-exists"));
    let suspend = SuspendOrganizationRequest { code: OFFICE.to_owned(), suspended: true, check: false };
    door.suspend_organization(by(suspend, &operator)).await.unwrap();
    assert!(door.get_organization(named()).await.unwrap().into_inner().suspended);

    let asked =
        || ListEventsRequest { happening: Some("configured".to_owned()), limit: Some(100), ..Default::default() };
    let status = watch.list_events(by(asked(), &operator)).await.unwrap_err();
    assert_eq!((status.code(), code_of(&status).as_str()), (Code::PermissionDenied, "role-required"));
    let events = watch.list_events(by(asked(), &supervisor)).await.unwrap().into_inner().events;
    let told = events.iter().find(|event| event.name == "OrganizationSuspended" && event.subject == OFFICE).unwrap();
    assert!(told.recorded.is_some() && told.verified.as_ref().unwrap().result == "verified", "{told:?}");
    let audit = watch.audit_data(by(AuditDataRequest::default(), &supervisor)).await.unwrap().into_inner();
    assert!(audit.difference.is_none() && audit.complete && audit.operations > 0, "{audit:?}");
    assert!(watch.get_watch(by(GetWatchRequest {}, &operator)).await.unwrap().into_inner().audit.is_some());
}
