//! The authorization walk of the doors of an alliance's nodes: every route, asked through every channel. Files are told apart by a signature in the query (`files.rs`).

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{Request, header::CONTENT_TYPE},
};
use chancery_bridge::{
    alliance::{
        certificate::Scope,
        message::{Endorsement, Part, Request as Asked},
        submission::Submission,
    },
    endorser::{self, AttestQuery, AttestRefusal, Attestation, Attester, EndorseRefusal, Endorser},
    http::Channel,
    relay::{self, Carrier, CarryRefusal},
    tls::Peer,
};
use tower::ServiceExt as _;

/// Is never asked: no body here is a question.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Endorser for Nobody {
    async fn endorse(&self, _: &Asked, _: &Part) -> Result<Endorsement, EndorseRefusal> {
        panic!("nothing was asked")
    }
}

#[async_trait]
impl Attester for Nobody {
    async fn attest(&self, _: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        panic!("nothing was asked")
    }
}

#[async_trait]
impl Carrier for Nobody {
    async fn carry(&self, _: &Submission) -> Result<u64, CarryRefusal> {
        panic!("nothing was asked")
    }
}

fn node(scope: Option<Scope>) -> Option<Channel> {
    let name = B256::repeat_byte(1);
    Some(Channel::Mutual(Peer { node: name, member: name, identity: 1, transaction: scope.map(|_| 2), scope }))
}

async fn status(router: &Router, (method, path): (&str, &str), channel: Option<Channel>) -> u16 {
    let mut request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
    if let Some(channel) = channel {
        request = request.extension(channel);
    }
    let request = request.body(Body::from("no question")).unwrap();
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

// A-MULTI, M-SEC: who is let in is answered what is wrong with the question (400), who is not is refused before it is read (403).
#[tokio::test]
async fn every_route_of_an_alliances_nodes_is_asked_by_everybody() {
    let everybody = [
        None,
        Some(Channel::Plain),
        node(None),
        node(Some(Scope::REQUEST)),
        node(Some(Scope::ENDORSE)),
        node(Some(Scope::BOTH)),
    ];
    let requesters = [403, 400, 403, 400, 403, 400];
    let channels = [403, 400, 400, 400, 400, 400];
    let routers = [endorser::router(Arc::new(Nobody)), relay::router(Arc::new(Nobody))];
    let rows = [
        (&routers[0], ("POST", "/v1/endorsements"), requesters),
        // Of whatever node of the alliance, and of a place where nobody is asked who he is: what is attested stands on a chain.
        (&routers[0], ("POST", "/v1/attestations"), [400; 6]),
        // What is told to whom, is told by its member.
        (&routers[0], ("POST", "/v1/reports"), channels),
        (&routers[0], ("GET", "/health"), [200; 6]),
        (&routers[1], ("POST", "/v1/submissions"), requesters),
        (&routers[1], ("POST", "/v1/steps"), requesters),
        (&routers[1], ("POST", "/v1/reports"), channels),
        (&routers[1], ("GET", "/health"), [200; 6]),
    ];
    for (router, asked, expected) in rows {
        for (channel, expected) in everybody.into_iter().zip(expected) {
            assert_eq!(status(router, asked, channel).await, expected, "{asked:?} through {channel:?}");
        }
    }
}
