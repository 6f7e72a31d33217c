//! `POST /v1/users` (C-API-1).

use super::*;

// C-API-1, C-ID
#[tokio::test]
async fn a_person_registers_and_waits() {
    let fixture = Fixture::new().await;
    let registered = fixture.register(stranger()).await.unwrap();
    assert_eq!((registered.status, registered.returning), (UserStatus::Pending, false));
    assert_eq!(registered.did, format!("did:ethr:0x1bbc:{}", stranger().address()));
    let again = fixture.register(stranger()).await.unwrap();
    assert_eq!((again.status, again.returning), (UserStatus::Pending, true));
    assert_eq!(*fixture.submissions.submitted.lock(), Vec::<String>::new());
}

#[tokio::test]
async fn only_the_address_itself_registers() {
    let fixture = Fixture::new().await;
    for actor in [Actor::public(), registrar()] {
        let refused = fixture.registration.register(&actor, request(stranger(), 0)).await.unwrap_err();
        assert_eq!(refused.code(), Code::AuthenticationRequired);
    }
}

#[tokio::test]
async fn keys_and_attributes_belong_together() {
    type Alteration = fn(&mut RegisterUser);
    let alterations: [(&str, Alteration); 9] = [
        ("publicKey", |request| request.public_key = office().public_key().to_vec().into()),
        ("publicKey", |request| request.public_key = Bytes::from(request.public_key[1..].to_vec())),
        // A point of small order gives everybody the same secret.
        ("encryptionKey", |request| request.encryption_key = B256::ZERO),
        ("attributes", |request| request.encryption_key = fresh().encryption_public_key().0.into()),
        ("attributes", |request| request.attributes.truncate(1)),
        ("attributes", |request| request.attributes[1] = request.attributes[0].clone()),
        ("attributes", |request| request.attributes.push(request.attributes[0].clone())),
        ("attributes", |request| request.attributes[0].validity = MIN_ATTRIBUTE_VALIDITY_S - 1),
        ("attributes", |request| {
            let more = SignedAttribute { name: "did/svc/Hub".to_owned(), ..request.attributes[0].clone() };
            request.attributes.push(more);
        }),
    ];
    let fixture = Fixture::new().await;
    for (member, alter) in alterations {
        let mut request = request(stranger(), 0);
        alter(&mut request);
        let refused = fixture.registration.register(&itself(stranger()), request).await.unwrap_err();
        assert!(
            refused.code() == Code::MalformedRequest && refused.detail().starts_with(member),
            "{member}: {refused}"
        );
    }
}

#[tokio::test]
async fn attributes_are_signed_as_the_next_changes_of_the_identity() {
    let fixture = Fixture::new().await;
    let refused = fixture.registration.register(&itself(stranger()), request(stranger(), 1)).await.unwrap_err();
    assert_eq!((refused.code(), refused.members()["nonce"].as_u64()), (Code::SignatureInvalid, Some(0)));
    // An identity that was changed before goes on from there.
    fixture.city.publish_attribute(stranger().address(), "did/svc/Hub", b"elsewhere");
    let refused = fixture.register(stranger()).await.unwrap_err();
    assert_eq!((refused.code(), refused.members()["nonce"].as_u64()), (Code::SignatureInvalid, Some(1)));
    fixture.registration.register(&itself(stranger()), request(stranger(), 1)).await.unwrap();
}

#[tokio::test]
async fn a_person_whose_data_are_malformed_is_told_which_and_not_quoted() {
    let fixture = Fixture::new().await;
    let mut nameless = request(stranger(), 0);
    nameless.person.birth_date = Some("a-private-thing".to_owned());
    let refused = fixture.registration.register(&itself(stranger()), nameless).await.unwrap_err();
    assert_eq!(refused.code(), Code::SchemaViolation);
    assert!(!format!("{refused:?}").contains("private"), "{refused:?}");
}

// C-ID: a returning person is recognised
#[tokio::test]
async fn a_person_has_one_living_registration_and_one_account_name() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let other = fresh();
    let mut same_person = request(&other, 0);
    same_person.person = request(stranger(), 0).person;
    let refused = fixture.registration.register(&itself(&other), same_person).await.unwrap_err();
    assert_eq!(refused.code(), Code::PersonAlreadyRegistered);
    let mut same_account = request(&other, 0);
    same_account.account = request(stranger(), 0).account;
    let refused = fixture.registration.register(&itself(&other), same_account).await.unwrap_err();
    assert_eq!(refused.code(), Code::AccountTaken);
}

#[tokio::test]
async fn while_the_main_chain_is_silent_nobody_is_registered() {
    let fixture = Fixture::new().await;
    fixture.city.silence("main");
    assert_eq!(fixture.register(stranger()).await.unwrap_err().code(), Code::ChainUnreachable);
    let unknown = fixture.registration.user(&registrar(), stranger().address()).await;
    assert_eq!(unknown.err().unwrap().code(), Code::UnknownAddress);
}
