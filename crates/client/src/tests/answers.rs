//! What becomes of an answer.

use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256};
use chancery_reference_points::Code;
use chancery_rest::{
    Problem,
    problem::MEDIA_TYPE,
    types::{data::SearchData, health::HealthStatus},
};
use futures::StreamExt as _;
use serde_json::json;
use tokio::net::TcpListener;

use super::server::Server;
use crate::{Client, ClientError, MAX_ANSWER_BYTES, MAX_PROBLEM_BYTES};

async fn failure(server: Server) -> ClientError {
    server.client.kinds().await.unwrap_err()
}

#[tokio::test]
async fn every_problem_arrives_as_its_code_with_what_to_do() {
    for code in Code::ALL.iter().copied() {
        let mut problem = Problem::new(code, 400, "what was wrong");
        problem.members.insert("limit".into(), json!(7));
        let body = serde_json::to_string(&problem).unwrap();
        let error = failure(Server::with("400 Bad Request", MEDIA_TYPE, &body).await).await;
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.problem(), Some(&problem));
        assert_eq!(error.to_string(), format!("{}: what was wrong ({})", code.name(), code.remedy()));
    }
}

#[tokio::test]
async fn a_problem_without_detail_shows_its_title() {
    let body = json!({"type": "/problems/internal", "title": "Something broke on our side.", "status": 500, "code": "internal"});
    let server =
        Server::with("500 Internal Server Error", "application/problem+json; charset=utf-8", &body.to_string()).await;
    assert_eq!(failure(server).await.to_string(), "internal: Something broke on our side.");
}

#[tokio::test]
async fn a_code_of_a_newer_gateway_is_kept_as_its_name() {
    let body =
        json!({"type": "/problems/moon-phase", "title": "Wait.", "status": 409, "code": "moon-phase", "phase": "new"});
    let error = failure(Server::with("409 Conflict", MEDIA_TYPE, &body.to_string()).await).await;
    assert_eq!(error.code(), None);
    let problem = error.problem().unwrap();
    assert_eq!((problem.code.as_str(), &problem.members["phase"]), ("moon-phase", &json!("new")));
}

#[tokio::test]
async fn what_does_not_answer_as_a_gateway_does_is_not_taken_for_one() {
    for (status, media_type, body) in [
        ("200 OK", "text/html", "<!doctype html>"),
        ("200 OK", "application/json", "{}"),
        ("200 OK", "application/json", ""),
        ("404 Not Found", "text/html", "not here"),
        ("401 Unauthorized", "application/json", "{\"code\": \"internal\"}"),
        ("404 Not Found", "application/json", "{\"kinds\": []}"),
        ("502 Bad Gateway", "application/json", "{\"kinds\": []}"),
        ("400 Bad Request", MEDIA_TYPE, "no JSON"),
        ("400 Bad Request", MEDIA_TYPE, "{\"code\": 7}"),
        ("503 Service Unavailable", "text/plain", "later"),
    ] {
        let error = failure(Server::with(status, media_type, body).await).await;
        let ClientError::NotAGateway { status: told, .. } = &error else { panic!("{status} {body}: {error:?}") };
        assert_eq!(status.split(' ').next().unwrap(), told.to_string());
        assert_eq!(error.code(), None);
    }
}

// M-PRO-5: which file of this machine is shown to whom, no gateway says.
#[tokio::test]
async fn an_address_that_a_gateway_names_names_no_file() {
    let chain = json!({"name": "main", "chainId": 1, "rpcUrl": "https://evil.example/#token-file=/home/u/.secret", "genesisHash": B256::ZERO,
        "genesis": null, "height": null, "blockTime": null, "kinds": [], "contracts": {}});
    let body = json!({"development": false, "chains": [chain]}).to_string();
    let server = Server::with("200 OK", "application/json", &body).await;
    assert_eq!(server.client.main_chain().await.unwrap().rpc_url, "https://evil.example/");
}

// A signature names its authority: what follows a redirect would ask somebody else.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/v1/kinds", elsewhere.local_addr().unwrap());
    let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let error = failure(Server::answering(answer).await).await;
    assert!(matches!(error, ClientError::NotAGateway { status: 307, .. }), "{error:?}");
    let nobody = futures_poll(elsewhere.accept());
    assert!(nobody, "somebody came");
}

/// Whether a future is still pending when it is looked at once.
fn futures_poll<F: Future>(future: F) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut context).is_pending()
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    bytes.resize(bytes.len() + MAX_ANSWER_BYTES + 1, b' ');
    let error = failure(Server::answering(bytes).await).await;
    assert!(error.to_string().contains(&MAX_ANSWER_BYTES.to_string()), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"kinds\"",
        "garbage\r\n\r\n",
    ] {
        let error = failure(Server::answering(bytes).await).await;
        assert!(matches!(error, ClientError::Unreachable { .. }), "{bytes:?}: {error:?}");
    }
}

#[tokio::test]
async fn nobody_listening_is_told_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::new(&gateway).unwrap().kinds().await.unwrap_err();
    assert!(matches!(&error, ClientError::Unreachable { .. }) && error.to_string().contains(&gateway), "{error}");
}

#[tokio::test]
async fn a_gateway_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(&gateway).unwrap().with_timeout(Duration::from_millis(20));
    let error = client.kinds().await.unwrap_err();
    assert!(matches!(&error, ClientError::Unreachable { reason, .. } if reason.contains("timed out")), "{error:?}");
}

#[tokio::test]
async fn a_degraded_city_is_an_answer_of_health() {
    let body = json!({"status": "degraded", "chains": {"degree": {}}, "database": "ok"});
    let server = Server::with("503 Service Unavailable", "application/json", &body.to_string()).await;
    let health = server.client.health().await.unwrap();
    assert_eq!((health.status, health.chains["degree"].height), (HealthStatus::Degraded, None));
}

#[test]
fn only_the_address_of_a_gateway_is_taken() {
    for wrong in [
        "",
        "127.0.0.1:8080",
        "ftp://city.example",
        "http://",
        "http://city.example/?a=1",
        "http://city.example/#a",
        "file:///tmp",
    ] {
        assert!(matches!(Client::new(wrong), Err(ClientError::BadUrl(url)) if url == wrong), "{wrong}");
    }
    Client::new("https://city.example/below").unwrap();
    for wrong in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = Client::trusting("https://city.example", wrong.as_bytes());
        assert!(matches!(refused, Err(ClientError::BadAuthorities(_))), "{wrong}: {refused:?}");
    }
}

// M-SEC: whoever names authorities, and whoever is sent on to a server that somebody else names, is not led into plain text.
#[test]
fn what_is_to_be_trusted_is_spoken_to_in_plain_text_on_this_machine_alone() {
    let (encrypted, plain) = ("https://city.example", "http://city.example");
    let trusting = |url: &str| Client::trusting(url, include_bytes!("authority.pem"));
    trusting(encrypted).unwrap();
    trusting("http://[::1]:8080").unwrap();
    assert!(matches!(trusting(plain), Err(ClientError::PlainText(_))), "{:?}", trusting(plain));
    assert!(matches!(Client::new(plain), Err(ClientError::PlainText(_))), "{:?}", Client::new(plain));
    let here = Client::new("http://127.0.0.1:8080").unwrap();
    for client in [trusting(encrypted).unwrap(), Client::new(encrypted).unwrap(), here] {
        for wrong in [plain, "http://localhost.example", "http://192.0.2.1:9470", "http://[2001:db8::1]"] {
            let led = client.at(wrong);
            assert!(matches!(led, Err(ClientError::PlainText(_))), "{wrong}: {led:?}");
        }
        for right in ["https://ods.example:9470", "http://127.0.0.1:9470", "http://localhost:9470"] {
            client.at(right).unwrap();
        }
    }
}

// SHARE-10: what is fetched comes as it is, however long; a refusal is a problem and no file.
#[tokio::test]
async fn a_file_comes_as_it_is_and_a_refusal_is_no_file() {
    let asset = Address::repeat_byte(0xa5);
    let signing = |server: &Server| {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        server.client.clone().signing_with(signer, 7100)
    };
    let long = "s".repeat(MAX_ANSWER_BYTES + 1);
    let server = Server::with("200 OK", "application/octet-stream", &long).await;
    let mut file = signing(&server).granted_file(asset, 7).await.unwrap();
    let mut bytes = 0;
    while let Some(chunk) = file.next().await {
        bytes += chunk.unwrap().len();
    }
    assert_eq!(bytes, long.len());
    let path = format!("GET /v1/assets/{asset}/requests/7/file HTTP/1.1");
    assert_eq!(server.received().await.request_line(), path);

    let problem = serde_json::to_string(&Problem::new(Code::NotGranted, 403, "request 7 is pending")).unwrap();
    let server = Server::with("403 Forbidden", MEDIA_TYPE, &problem).await;
    let refused = signing(&server).granted_file(asset, 7).await.err().unwrap();
    assert_eq!(refused.code(), Some(Code::NotGranted));
    let server = Server::with("204 No Content", "text/plain", "").await;
    assert!(matches!(signing(&server).granted_file(asset, 7).await, Err(ClientError::NotAGateway { .. })));
}

#[tokio::test]
async fn when_to_come_back_is_told_by_the_header_where_the_problem_does_not_say() {
    let problem = Problem::new(Code::TooManyRequests, 429, "");
    let body = serde_json::to_string(&problem).unwrap();
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let error = failure(Server::answering(answer).await).await;
    assert!(error.is_temporary() && error.retry_after() == Some(Duration::from_secs(7)), "{error:?}");
}

// M-SEC: whoever answers at the address writes neither to a terminal nor without end.
#[tokio::test]
async fn a_problem_is_short_and_acts_on_nothing() {
    let body = json!({"type": "", "title": "", "status": 400, "code": "a\u{1b}[2J", "detail": "b\u{7}\nc\u{9b}d"});
    let error = failure(Server::with("400 Bad Request", MEDIA_TYPE, &body.to_string()).await).await;
    assert_eq!(error.to_string(), "a[2J: b\ncd");
    let long = format!("{{\"detail\":\"{}", "a".repeat(MAX_PROBLEM_BYTES));
    let error = failure(Server::with("400 Bad Request", MEDIA_TYPE, &long).await).await;
    assert!(matches!(&error, ClientError::NotAGateway { reason, .. } if reason.contains("larger")), "{error:?}");
}

#[tokio::test]
async fn a_page_as_a_file_is_read_up_to_its_bound() {
    let long = "s".repeat(MAX_ANSWER_BYTES + 1);
    let server = Server::with("200 OK", "application/vnd.apache.parquet", &long).await;
    let mut file = server.client.search_data_as_file(&SearchData::default()).await.unwrap().bytes;
    let mut ended = Ok(());
    while let Some(chunk) = file.next().await {
        ended = ended.and(chunk.map(drop));
    }
    assert!(ended.unwrap_err().to_string().contains(&MAX_ANSWER_BYTES.to_string()));
}
