//! Who asks an endorser is known by its certificate (DATABASE-8).

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes};
use async_trait::async_trait;
use chancery_bridge::{
    alliance::message::{Endorsement, Part, Request},
    endorser::{
        AttestQuery, AttestRefusal, Attestation, Attester, EndorseRefusal, Endorser, PATH, RemoteEndorser, router,
    },
    http::{JsonClient, serve, serve_mutual},
    tls::{Expectation, Serial},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{club::Club, partnership::name};

/// Many times what a request takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says for whom it was asked, and signs nothing.
#[derive(Debug)]
struct Telling;

#[async_trait]
impl Endorser for Telling {
    async fn endorse(&self, _: &Request, _: &Part) -> Result<Endorsement, EndorseRefusal> {
        Err(EndorseRefusal::Malformed)
    }

    async fn endorse_for(&self, _: &Request, _: &Part, asker: Option<B256>) -> Result<Endorsement, EndorseRefusal> {
        Err(EndorseRefusal::OtherMember { asked: asker.unwrap_or_default(), own: name("own") })
    }
}

#[async_trait]
impl Attester for Telling {
    async fn attest(&self, _: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        Err(AttestRefusal::Malformed)
    }
}

async fn asker(client: JsonClient, place: &str) -> B256 {
    let endorser = RemoteEndorser::new(client, format!("{place}{PATH}").parse().unwrap());
    let part = Part { member: name("own"), call: Bytes::new(), reads: vec![], writes: vec![] };
    let request = Request { idempotency_key: B256::ZERO, certificate: 1, valid_until: 1, window: 1, parts: vec![] };
    match endorser.endorse(&request, &part).await {
        Err(EndorseRefusal::OtherMember { asked, .. }) => asked,
        other => panic!("{other:?}"),
    }
}

// A-END, M-SEC, DATABASE-8: an endorser is told which member's node asks, by the certificate that it shows and by nothing that it says; in plain text nobody is.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorser_knows_by_the_certificate_who_asks() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let own = club.mutual("server", &server, Serial::Transaction(server.certificate)).await;
    let asking = club.mutual("client", &client, Serial::Transaction(client.certificate)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("https://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve_mutual(listener, router(Arc::new(Telling)), own, CancellationToken::new()));
    let known = JsonClient::mutual(PATIENCE, asking, Expectation::default()).unwrap();
    assert_eq!(asker(known, &place).await, club.land);
    serving.abort();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve(listener, router(Arc::new(Telling)), CancellationToken::new()));
    assert_eq!(asker(JsonClient::new(PATIENCE).unwrap(), &place).await, B256::ZERO);
    serving.abort();
}
