use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::post,
};

use super::{PATH, ReportLog, ReportQuery, ReportRefusal, ToldStep};
use crate::{
    alliance::certificate::Scope,
    http::{Channel, Problem, bounded, demand, known},
};

/// Where requesters tell of their steps.
pub const STEPS_PATH: &str = "/v1/steps";

/// `POST /v1/reports`: over TLS for every node of the alliance, each of what concerns its member.
pub fn reports(log: Arc<ReportLog>) -> Router {
    bounded(Router::new().route(PATH, post(tell).layer(from_fn(known))).with_state(log))
}

/// `POST /v1/steps`: over TLS for nodes that may request.
pub fn steps(log: Arc<ReportLog>) -> Router {
    let routes =
        Router::new().route(STEPS_PATH, post(hear).layer(from_fn_with_state(Scope::REQUEST, demand))).with_state(log);
    bounded(routes)
}

async fn tell(
    State(log): State<Arc<ReportLog>>,
    Extension(channel): Extension<Channel>,
    query: Result<Json<ReportQuery>, JsonRejection>,
) -> Response {
    match query {
        Ok(Json(query)) => Json(log.tell(query, channel.member())).into_response(),
        Err(rejection) => Problem::answer(rejection.status(), ReportRefusal::Malformed),
    }
}

async fn hear(
    State(log): State<Arc<ReportLog>>,
    Extension(channel): Extension<Channel>,
    step: Result<Json<ToldStep>, JsonRejection>,
) -> Response {
    match step {
        Ok(Json(ToldStep { proposal, said })) if said.is_of_requester() && proposal.is_well_formed() => {
            log.note(proposal, channel.member(), said);
            Json(serde_json::json!({})).into_response()
        }
        Ok(_) => Problem::answer(StatusCode::BAD_REQUEST, ReportRefusal::Malformed),
        Err(rejection) => Problem::answer(rejection.status(), ReportRefusal::Malformed),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use axum::{
        body::{Body, to_bytes},
        http::{Request, header::CONTENT_TYPE},
    };
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::{http::MAX_BODY_BYTES, tls::Peer};

    const BANK: B256 = B256::repeat_byte(0xba);
    const REGISTRY: B256 = B256::repeat_byte(0xde);
    const TAX: B256 = B256::repeat_byte(0x7a);

    fn node(member: B256) -> Channel {
        let scope = Some(Scope::REQUEST);
        Channel::Mutual(Peer { node: member, member, identity: 1, transaction: Some(2), scope })
    }

    async fn ask(router: &Router, path: &str, channel: Channel, body: &Value) -> (u16, Value) {
        let request = Request::builder().method("POST").uri(path).header(CONTENT_TYPE, "application/json");
        let request = request.extension(channel).body(Body::from(body.to_string())).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&to_bytes(answer.into_body(), MAX_BODY_BYTES).await.unwrap()).unwrap())
    }

    // A-MULTI, REPORT-1 to REPORT-3: by its certificate, and by nothing that it says, a node is told what concerns its member, and tells of its own steps alone.
    #[tokio::test]
    async fn a_node_is_told_of_what_concerns_its_member_and_speaks_for_nobody_else() {
        let log = Arc::new(ReportLog::default());
        let router = reports(Arc::clone(&log)).merge(steps(log));
        let proposal = json!({"id": B256::repeat_byte(7), "parties": [REGISTRY], "validUntilS": 1000});
        let step = |said: Value| json!({"proposal": proposal, "said": said});
        let given_up = json!({"kind": "givenUp", "member": REGISTRY, "why": "rule"});
        assert_eq!(ask(&router, STEPS_PATH, node(BANK), &step(given_up)).await.0, 200);
        // What an endorser or a relay says, a requester does not.
        for other in
            [json!({"kind": "endorsed"}), json!({"kind": "handedIn"}), json!({"kind": "declined", "why": "stale"})]
        {
            let (status, problem) = ask(&router, STEPS_PATH, node(BANK), &step(other)).await;
            assert!((400..500).contains(&status) && problem["refusal"]["kind"] == "malformed", "{status} {problem}");
        }
        let query = json!({"instance": 0, "after": 0});
        for (channel, told) in [(node(BANK), 1), (node(REGISTRY), 1), (node(TAX), 0), (Channel::Plain, 1)] {
            let (status, answer) = ask(&router, PATH, channel, &query).await;
            let reports = answer["reports"].as_array().unwrap();
            assert_eq!((status, reports.len()), (200, told), "{channel:?}");
            assert!(reports.iter().all(|report| report["asker"] == json!(BANK)));
        }
    }
}
