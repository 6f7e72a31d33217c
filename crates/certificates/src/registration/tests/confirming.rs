//! `POST /v1/users/{address}/confirmation` and who sees a registration (C-ID).

use chancery_identity::{NetworkError, NetworkIdentity, PUBLICATION_MS, PersonInputs, PersonNetwork, Reservation};

use super::*;

fn reject(reason: Option<&str>) -> Confirmation {
    Confirmation { decision: ConfirmationDecision::Reject, reason: reason.map(str::to_owned) }
}

// C-ID
#[tokio::test]
async fn a_confirmation_publishes_both_keys_in_order_and_then_decides() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let confirmed = fixture.confirm(stranger().address()).await.unwrap();
    assert_eq!((confirmed.status, confirmed.chain), (UserStatus::Confirmed, Some(chain("main"))));
    assert_eq!(*fixture.submissions.submitted.lock(), [ATTRIBUTE_SIGNING, ATTRIBUTE_ENCRYPTION]);
    assert_eq!(confirmed.tx_hash, Some(B256::with_last_byte(2)));
    // The same decision again changes nothing and publishes nothing.
    let again = fixture.confirm(stranger().address()).await.unwrap();
    assert_eq!((again.tx_hash, fixture.submissions.submitted.lock().len()), (Some(B256::with_last_byte(2)), 2));
}

#[tokio::test]
async fn a_confirmation_that_failed_half_way_goes_on_where_it_stopped() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    *fixture.submissions.accepted.lock() = 1;
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap_err().code(), Code::ChainUnreachable);
    let waiting = fixture.registration.user(&registrar(), stranger().address()).await.unwrap();
    assert_eq!(waiting.status, UserStatus::Pending);
    *fixture.submissions.accepted.lock() = 1;
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap().status, UserStatus::Confirmed);
    assert_eq!(*fixture.submissions.submitted.lock(), [ATTRIBUTE_SIGNING, ATTRIBUTE_ENCRYPTION]);
}

#[tokio::test]
async fn only_a_registrar_decides_and_a_rejection_says_why() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let decide = async |actor: &Actor, confirmation| {
        fixture.registration.confirm(actor, stranger().address(), confirmation).await.map(|answer| answer.status)
    };
    let code = |answer: DoorResult<UserStatus>| answer.unwrap_err().code();
    assert_eq!(code(decide(&itself(stranger()), reject(Some("no"))).await), Code::RoleRequired);
    assert_eq!(code(decide(&Actor::public(), reject(Some("no"))).await), Code::AuthenticationRequired);
    for reason in [None, Some(""), Some(" ")] {
        assert_eq!(code(decide(&registrar(), reject(reason)).await), Code::MalformedRequest);
    }
    assert_eq!(decide(&registrar(), reject(Some("another face"))).await.unwrap(), UserStatus::Rejected);
    assert_eq!(*fixture.submissions.submitted.lock(), Vec::<String>::new());
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap_err().code(), Code::AlreadyDecided);
    assert_eq!(fixture.confirm(fresh().address()).await.unwrap_err().code(), Code::UnknownAddress);
}

/// A rejection, and what became of it.
async fn turned_away(fixture: &Fixture) -> Result<UserStatus, Code> {
    let rejected = fixture.registration.confirm(&registrar(), stranger().address(), reject(Some("another face"))).await;
    rejected.map(|answer| answer.status).map_err(|error| error.code())
}

// C-ID, IDENTITY-7: what is published cannot be taken back, so nobody is turned away meanwhile.
#[tokio::test]
async fn who_is_being_published_is_not_turned_away() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let (is_there, there) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel();
    *fixture.submissions.gate.lock() = Some((is_there, may_go_on));
    let rejecting = async {
        there.await.unwrap();
        let refused = turned_away(&fixture).await;
        go_on.send(()).unwrap();
        refused
    };
    let (confirmed, refused) = tokio::join!(fixture.confirm(stranger().address()), rejecting);
    assert_eq!(refused, Err(Code::AlreadyDecided));
    assert_eq!(confirmed.unwrap().status, UserStatus::Confirmed);
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided));
}

// IDENTITY-7: an office that began and did not come to its end leaves nobody waiting for ever, and nobody published is freed by it.
#[tokio::test]
async fn a_confirmation_that_was_cut_off_holds_up_a_rejection_for_some_minutes_and_for_good_when_the_keys_are_public() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    *fixture.submissions.accepted.lock() = 1;
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap_err().code(), Code::ChainUnreachable);
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided), "it may still be under way");
    fixture.desk.pass_ms(PUBLICATION_MS);
    let waiting = fixture.desk.database.user(stranger().address()).await.unwrap().unwrap();
    let encryption = waiting.attributes.iter().find(|attribute| attribute.name == ATTRIBUTE_ENCRYPTION).unwrap();
    fixture.city.publish_attribute(stranger().address(), &encryption.name, &encryption.value);
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided), "both keys are public");
    *fixture.submissions.accepted.lock() = 1;
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap().status, UserStatus::Confirmed);

    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    *fixture.submissions.accepted.lock() = 1;
    assert_eq!(fixture.confirm(stranger().address()).await.unwrap_err().code(), Code::ChainUnreachable);
    fixture.desk.pass_ms(PUBLICATION_MS);
    assert_eq!(turned_away(&fixture).await, Ok(UserStatus::Rejected), "one key alone confirms nobody");
}

/// A register of the network that gives everybody to whoever asks, and answers so many times that it keeps somebody.
struct Register(Mutex<usize>);

#[async_trait]
impl PersonNetwork for Register {
    async fn reserve(&self, _: &PersonInputs) -> Result<Reservation, NetworkError> {
        Ok(Reservation::Held(NetworkIdentity([7; 16])))
    }

    async fn enrol(&self, person: &PersonInputs) -> Result<Reservation, NetworkError> {
        self.reserve(person).await
    }

    async fn keep(&self, _: NetworkIdentity) -> Result<bool, NetworkError> {
        let mut left = self.0.lock();
        let less = left.checked_sub(1).ok_or_else(|| NetworkError::Unreachable("it is away".to_owned()))?;
        *left = less;
        Ok(true)
    }

    async fn release(&self, _: NetworkIdentity) -> Result<(), NetworkError> {
        Ok(())
    }
}

// IDENTITY-7: the register falls silent between publishing and deciding, and is away when an office tries again.
#[tokio::test]
async fn who_is_published_is_not_turned_away_after_a_confirmation_that_failed_twice() {
    let mut fixture = Fixture::new().await;
    let network = Arc::new(Register(Mutex::new(1)));
    fixture.registration.database = fixture.desk.database.clone().in_network(network);
    fixture.register(stranger()).await.unwrap();
    for attempt in ["publishes", "does not begin"] {
        let refused = fixture.confirm(stranger().address()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PersonUndetermined, "{attempt}");
        assert_eq!(fixture.submissions.submitted.lock().len(), 2, "{attempt}");
    }
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided));
    fixture.desk.pass_ms(PUBLICATION_MS);
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided));
}

// IDENTITY-7: the chain says who is published, and while it is silent nobody is turned away.
#[tokio::test]
async fn who_is_published_is_not_turned_away_though_nothing_is_noted() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let waiting = fixture.desk.database.user(stranger().address()).await.unwrap().unwrap();
    assert_eq!(waiting.publishing_until_ms, None);
    for attribute in &waiting.attributes {
        fixture.city.publish_attribute(stranger().address(), &attribute.name, &attribute.value);
    }
    assert_eq!(turned_away(&fixture).await, Err(Code::AlreadyDecided));
    fixture.city.silence("main");
    assert_eq!(turned_away(&fixture).await, Err(Code::ChainUnreachable));
}

// C-MORE-6: a lost phone
#[tokio::test]
async fn a_new_key_takes_the_place_of_a_lost_one_when_an_office_confirms_it() {
    let fixture = Fixture::new().await;
    let new = fresh();
    let mut recovery = request(&new, 0);
    recovery.person = request(stranger(), 0).person;
    recovery.recovery = true;
    let recover = async || fixture.registration.register(&itself(&new), recovery.clone()).await;
    assert_eq!(recover().await.unwrap_err().code(), Code::MalformedRequest);
    fixture.register(stranger()).await.unwrap();
    fixture.confirm(stranger().address()).await.unwrap();
    let registered = recover().await.unwrap();
    assert_eq!((registered.status, registered.returning), (UserStatus::Recovering, true));
    fixture.confirm(new.address()).await.unwrap();
    let status = async |address| fixture.registration.user(&registrar(), address).await.unwrap().status;
    assert_eq!(status(new.address()).await, UserStatus::Confirmed);
    assert_eq!(status(stranger().address()).await, UserStatus::Replaced);
}

// M-PRIV
#[tokio::test]
async fn a_registration_is_seen_by_its_owner_and_by_registrars() {
    let fixture = Fixture::new().await;
    fixture.register(stranger()).await.unwrap();
    let seen = async |actor: &Actor| fixture.registration.user(actor, stranger().address()).await;
    assert_eq!(seen(&itself(stranger())).await.unwrap().person, request(stranger(), 0).person);
    assert!(seen(&registrar()).await.is_ok());
    assert_eq!(seen(&itself(&fresh())).await.err().unwrap().code(), Code::RoleRequired);
    let listed = async |actor: &Actor, cursor: Option<&str>| {
        let page = fixture.registration.users(actor, UserStatus::Pending, 10, cursor).await;
        page.map(|page| page.items.len()).map_err(|error| error.code())
    };
    assert_eq!(listed(&registrar(), None).await, Ok(1));
    assert_eq!(listed(&itself(stranger()), None).await, Err(Code::RoleRequired));
    assert_eq!(listed(&registrar(), Some("1.\0")).await, Err(Code::MalformedRequest));
}
