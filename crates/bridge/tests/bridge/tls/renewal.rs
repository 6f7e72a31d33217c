//! Renewing without a pause.

use std::{sync::Arc, time::Duration};

use chancery_bridge::{
    alliance::certificate::Scope,
    tls::{Credentials, Expectation, Mutual, Serial},
};

use super::{
    service::{Known, Service},
    strangers::shown_by,
};
use crate::support::club::{Club, write_private};

/// Many times what it takes until a file is read again.
const MAX_WAIT: Duration = Duration::from_secs(60);

// A-CERT: both sides get new certificates and the old ones are revoked, and no request fails.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_without_a_failed_request() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let service = Service::start(club.mutual("server", &server, Serial::Transaction(server.certificate)).await).await;
    let file = club.issue("client", &client, Serial::Transaction(client.certificate)).await;
    let credentials = Arc::new(Credentials::open(&file).unwrap());
    let asking = Mutual::new(credentials.clone(), club.gate()).unwrap();
    let anybody = Expectation::default();
    let until = club.home.time_s().await + 3600;

    let known = service.ask(&asking, anybody, "request").await.unwrap();
    assert_eq!(known, Known { transaction: Some(client.certificate) });
    // A file that cannot be used is not taken when it is looked at.
    write_private(&club.file("client"), "no certificate");
    credentials.reload();
    assert_eq!(service.ask(&asking, anybody, "request").await, Ok(known));

    let new = club.certify(club.identity_of(&client).await, Scope::BOTH, until).await;
    club.issue("client", &client, Serial::Transaction(new)).await;
    asked_until(async || service.ask(&asking, anybody, "request").await.unwrap().transaction == Some(new)).await;
    club.revoke(client.certificate).await;
    assert_eq!(service.ask(&asking, anybody, "request").await, Ok(Known { transaction: Some(new) }));

    // The server's: the old one is revoked when connections begin with the new one.
    let new = club.certify(club.identity_of(&server).await, Scope::BOTH, until).await;
    club.issue("server", &server, Serial::Transaction(new)).await;
    asked_until(async || {
        service.ask(&asking, anybody, "request").await.unwrap();
        shown_by(&service).await.claim.transaction == Some(new)
    })
    .await;
    club.revoke(server.certificate).await;
    for _ in 0..3 {
        assert!(service.ask(&asking, anybody, "request").await.is_ok());
    }
}

/// Asks again and again, until it is so.
async fn asked_until(is_so: impl AsyncFn() -> bool) {
    let asks = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(MAX_WAIT, asks).await.unwrap();
}
