//! Revoking in mid-request.

use std::{sync::Arc, time::Duration};

use chancery_bridge::{
    alliance::certificate::{Scope, SignatureFault},
    http::CallError,
    tls::{ChannelFault, Expectation, PeerFault, Serial},
};
use tokio::{sync::Semaphore, time::sleep};

use super::{service::Service, strangers::Open};
use crate::support::club::Club;

/// A first request so long after the look at the chain is looked at again.
const NOT_JUST_ADMITTED: Duration = Duration::from_millis(300);
const REVOKED: PeerFault = PeerFault::Certificate { fault: SignatureFault::CertificateRevoked };

// A-CERT: whichever side's certificate is revoked, a request under way ends with that error, and so does the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_revoked_in_mid_request_cuts_it() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let service = Service::start(club.mutual("server", &server, Serial::Transaction(server.certificate)).await).await;
    let short_lived =
        club.certify(club.identity_of(&client).await, Scope::REQUEST, club.home.time_s().await + 3600).await;
    let asking = club.mutual("asking", &client, Serial::Transaction(short_lived)).await;
    let lasting = club.mutual("lasting", &client, Serial::Transaction(client.certificate)).await;
    let anybody = Expectation::default();

    let revokes = async {
        service.entered.notified().await;
        club.revoke(short_lived).await;
    };
    let (cut, ()) = tokio::join!(service.ask(&asking, anybody, "never"), revokes);
    assert_eq!(cut, Err(CallError::Interrupted(ChannelFault::Ours { fault: REVOKED })));
    let again = service.ask(&asking, anybody, "who").await;
    assert_eq!(again, Err(CallError::Channel(ChannelFault::Ours { fault: REVOKED })));

    let revokes = async {
        service.entered.notified().await;
        club.revoke(server.certificate).await;
    };
    let (cut, ()) = tokio::join!(service.ask(&lasting, anybody, "never"), revokes);
    assert_eq!(cut, Err(CallError::Interrupted(ChannelFault::Theirs { fault: REVOKED })));
    let again = service.ask(&lasting, anybody, "who").await;
    assert_eq!(again, Err(CallError::Channel(ChannelFault::Theirs { fault: REVOKED })));
}

// A-CERT: on a connection that stands, the first request after a revocation is refused, whenever the connection itself is looked at next: of the identity as of a transaction certificate
// that is fresh.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_on_a_connection_that_stands_is_refused_once_the_identity_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let service = Service::start(club.mutual("server", &server, Serial::Transaction(server.certificate)).await).await;
    let identity = club.identity_of(&client).await;
    let fresh = club.certify(identity, Scope::REQUEST, club.home.time_s().await + 3600).await;
    let file = club.issue("client", &client, Serial::Transaction(fresh)).await;
    let text = std::fs::read_to_string(file).unwrap();
    let mut connection = Open::to(&service, &text).await;
    let said = connection.ask("who").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");

    club.revoke_identity(identity).await;
    let said = connection.ask("who").await;
    assert!(said.starts_with("HTTP/1.1 403") && said.contains("identityRevoked"), "{said}");
}

// A-CERT: a node that was revoked while it waited for a place among the connections is refused at its first request.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_revoked_while_it_waits_for_a_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let places = Arc::new(Semaphore::new(1));
    let own = club.mutual("server", &server, Serial::Transaction(server.certificate)).await;
    let service = Service::start_in(Arc::clone(&places), own).await;
    let identity = club.identity_of(&client).await;
    let file = club.issue("client", &client, Serial::Transaction(client.certificate)).await;
    let text = std::fs::read_to_string(file).unwrap();
    let place = places.acquire().await.unwrap();
    let mut connection = Open::to(&service, &text).await;
    let revoked = async {
        club.revoke_identity(identity).await;
        // Time itself is what is looked at.
        sleep(NOT_JUST_ADMITTED).await;
        drop(place);
    };
    let (said, ()) = tokio::join!(connection.ask("who"), revoked);
    assert!(said.starts_with("HTTP/1.1 403") && said.contains("identityRevoked"), "{said}");
}
