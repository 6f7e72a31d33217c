//! Each way of not being accepted, with its own error.

use std::{sync::Arc, time::Duration};

use alloy_primitives::Address;
use chancery_bridge::{
    alliance::certificate::{Scope, SignatureFault},
    http::{CallError, JsonClient},
    key::NodeKey,
    tls::{ChannelFault, Credentials, Expectation, Mutual, PeerFault, Serial, TlsError, make_credentials},
};
use serde_json::Value;

use super::service::{Known, Never, Service};
use crate::support::{
    club::{Club, write_private},
    partnership::Node,
};

const ANYBODY: Expectation = Expectation { member: None, scope: None };

fn fault(fault: SignatureFault) -> PeerFault {
    PeerFault::Certificate { fault }
}

// A-CERT, M-SEC
#[tokio::test(flavor = "multi_thread")]
async fn each_failure_between_nodes_has_its_own_error() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let service = Service::start(club.mutual("server", &server, Serial::Transaction(server.certificate)).await).await;
    let good = club.mutual("client", &client, Serial::Transaction(client.certificate)).await;
    let known = Known { transaction: Some(client.certificate) };
    assert_eq!(service.ask(&good, ANYBODY, "request").await, Ok(known));

    whoever_answers_is_somebody_else(&club, &service, &good).await;
    whoever_asks_is_not_accepted(&club, &service, &client).await;
    claims_that_the_chain_does_not_know(&club, &service, &client).await;
    certificates_that_ended(&club, &service, &client).await;
    strangers_and_plain_text(&club, &service).await;
    assert_eq!(service.ask(&good, ANYBODY, "request").await, Ok(known), "the good one is still good");
}

async fn whoever_answers_is_somebody_else(club: &Club, service: &Service, good: &Mutual) {
    let of_land = Expectation { member: Some(club.land), scope: None };
    let other = PeerFault::OtherMember { expected: club.land, found: club.bank };
    let expected = CallError::Channel(ChannelFault::Theirs { fault: other });
    assert_eq!(service.ask(good, of_land, "who").await, Err(expected));
    let of_bank = Expectation { member: Some(club.bank), scope: None };
    let own = PeerFault::OtherMember { expected: club.bank, found: club.land };
    assert_eq!((good.check_own(&of_land).await, good.check_own(&of_bank).await), (Ok(()), Err(own)));

    let relay = club.node(club.bank, 2).await;
    let identity = Serial::Identity(club.identity_of(&relay).await);
    let modest = Service::start(club.mutual("relay", &relay, identity).await).await;
    assert!(modest.ask(good, ANYBODY, "who").await.is_ok(), "an identity says who");
    let endorser = Expectation { member: None, scope: Some(Scope::ENDORSE) };
    let missing = ChannelFault::Theirs { fault: fault(SignatureFault::ScopeMissing) };
    assert_eq!(modest.ask(good, endorser, "who").await, Err(CallError::Channel(missing)));
}

async fn whoever_asks_is_not_accepted(club: &Club, service: &Service, client: &Node) {
    let identity = club.identity_of(client).await;
    let modest = club.mutual("modest", client, Serial::Identity(identity)).await;
    assert_eq!(service.ask(&modest, ANYBODY, "who").await, Ok(Known { transaction: None }));
    assert_eq!(service.refusal(&modest).await, fault(SignatureFault::ScopeMissing));
    let until = club.home.time_s().await + 3600;
    let endorses = club.certify(identity, Scope::ENDORSE, until).await;
    let endorser = club.mutual("endorser", client, Serial::Transaction(endorses)).await;
    assert_eq!(service.refusal(&endorser).await, fault(SignatureFault::ScopeMissing));
}

async fn claims_that_the_chain_does_not_know(club: &Club, service: &Service, client: &Node) {
    let unknown = fault(SignatureFault::CertificateUnknown);
    let of_land = club.claiming("member", client, |_| {}).await;
    assert_eq!(service.refusal(&of_land).await, unknown, "it is of the land registry, and says of the bank");
    let serial = club.claiming("serial", client, |claim| (claim.member, claim.transaction) = (club.land, Some(9_999)));
    assert_eq!(service.refusal(&serial.await).await, unknown);
    let identity = club.claiming("identity", client, |claim| (claim.member, claim.identity) = (club.land, 9_999));
    assert_eq!(service.refusal(&identity.await).await, unknown);

    // A key of nobody, which signs for the identity of somebody.
    let stranger = NodeKey::random();
    let address = stranger.address();
    let impostor =
        Node { name: client.name, key: Arc::new(stranger), secret: String::new(), certificate: client.certificate };
    let impostor = club.claiming("impostor", &impostor, |claim| claim.member = club.land).await;
    assert_eq!(service.refusal(&impostor).await, PeerFault::AddressUnknown { address });
}

async fn certificates_that_ended(club: &Club, service: &Service, client: &Node) {
    let identity = club.identity_of(client).await;
    let (short, until) = club.certify_briefly(identity).await;
    let expiring = club.mutual("expiring", client, Serial::Transaction(short)).await;
    let revoked = club.certify(identity, Scope::BOTH, until + 3600).await;
    let revoking = club.mutual("revoking", client, Serial::Transaction(revoked)).await;
    assert!(service.ask(&revoking, ANYBODY, "request").await.is_ok());
    club.revoke(revoked).await;
    assert_eq!(service.refusal(&revoking).await, fault(SignatureFault::CertificateRevoked));
    assert_eq!(revoking.check_own(&ANYBODY).await, Err(fault(SignatureFault::CertificateRevoked)));

    let leaving = club.node(club.land, 3).await;
    let left = club.mutual("leaving", &leaving, Serial::Transaction(leaving.certificate)).await;
    club.revoke_identity(club.identity_of(&leaving).await).await;
    assert_eq!(service.refusal(&left).await, fault(SignatureFault::IdentityRevoked));

    while club.home.time_s().await < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(service.refusal(&expiring).await, fault(SignatureFault::CertificateExpired));
}

async fn strangers_and_plain_text(club: &Club, service: &Service) {
    // Of another alliance, or on another chain: it is not even begun with.
    let node = club.node(club.bank, 4).await;
    let gate = club.gate();
    let elsewhere = Address::repeat_byte(0xee);
    let claim = chancery_bridge::tls::Claim {
        chain_id: gate.alliance().chain_id,
        contract: elsewhere,
        genesis_hash: gate.alliance().genesis_hash,
        member: club.bank,
        key: node.key.address(),
        identity: 1,
        transaction: None,
    };
    let text = make_credentials(&claim, node.name, (0, u64::from(u32::MAX)), &node.key).unwrap();
    let path = write_private(&club.file("elsewhere"), &text);
    let credentials = Arc::new(Credentials::open(&path).unwrap());
    let certificate = credentials.certificate();
    let wrong = PeerFault::WrongAlliance { chain_id: claim.chain_id, contract: elsewhere };
    assert_eq!(gate.admit(&certificate, &ANYBODY).await, Err(wrong.clone()));
    let refused = Mutual::new(credentials, gate);
    assert!(matches!(&refused, Err(TlsError::Own(fault)) if *fault == wrong), "{refused:?}");

    // Plain text does not leave this machine, and is not understood by a service that speaks TLS.
    let plain = JsonClient::new(Duration::from_secs(10)).unwrap();
    let abroad = "http://192.0.2.1:8601/who".parse().unwrap();
    let refused = plain.post::<Value, Never>(abroad, &()).await;
    let expected = ChannelFault::Plain { host: "192.0.2.1".to_owned() };
    assert!(matches!(refused, Err(CallError::Channel(fault)) if fault == expected));
    let mut url = service.url().join("who").unwrap();
    let uncertified = ChannelFault::Uncertified { host: "127.0.0.1".to_owned() };
    assert_eq!(plain.post::<Value, Never>(url.clone(), &()).await.map(drop), Err(CallError::Channel(uncertified)));
    url.set_scheme("http").unwrap();
    assert!(plain.post::<Value, Never>(url, &()).await.is_err());
}

// M-SEC
#[test]
fn beyond_this_machine_nobody_listens_without_tls() {
    use chancery_bridge::http::{PlainListener, check_listener};
    let (own, all) = ("127.0.0.1:8600".parse().unwrap(), "0.0.0.0:8600".parse().unwrap());
    assert_eq!((check_listener(own, false), check_listener(all, true)), (Ok(()), Ok(())));
    assert_eq!(check_listener(all, false), Err(PlainListener(all)));
}
