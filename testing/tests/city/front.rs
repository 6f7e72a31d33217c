//! A front of the gateway, as an operator puts one before it, that can answer as if a chain were silent, and lie.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Longest body that passes, in bytes: more than any of these tests sends.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

pub struct Front {
    pub url: String,
    passage: Arc<Passage>,
}

/// What is answered instead of the gateway, to whoever asks at this path with this in the body.
struct Lie {
    path: String,
    about: String,
    answer: Value,
}

#[derive(Default)]
struct Passage {
    gateway: Mutex<String>,
    silent: Mutex<Vec<String>>,
    lies: Mutex<Vec<Lie>>,
    client: reqwest::Client,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Front {
    /// Listens, and passes requests on from [`Self::lead_to`] on.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let passage = Arc::new(Passage { client, ..Passage::default() });
        let router = Router::new().fallback(pass).with_state(passage.clone());
        // It ends with the process.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
            });
        });
        Self { url, passage }
    }

    pub fn lead_to(&self, gateway: &str) {
        gateway.clone_into(&mut locked(&self.passage.gateway));
    }

    /// `POST` to this path answers that a chain does not answer.
    pub fn silence(&self, path: &str) {
        locked(&self.passage.silent).push(path.to_owned());
    }

    pub fn answer_again(&self) {
        locked(&self.passage.silent).clear();
    }

    /// Whoever asks at this path, with `about` in the body, is answered this. The last lie of a path counts.
    pub fn lie(&self, path: &str, about: &str, answer: Value) {
        let lie = Lie { path: path.to_owned(), about: about.to_owned(), answer };
        locked(&self.passage.lies).insert(0, lie);
    }
}

impl Passage {
    fn lie(&self, path: &str, body: &str) -> Option<Value> {
        let lies = locked(&self.lies);
        lies.iter().find(|lie| lie.path == path && body.contains(&lie.about)).map(|lie| lie.answer.clone())
    }
}

async fn pass(State(passage): State<Arc<Passage>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await.unwrap();
    if let Some(answer) = passage.lie(parts.uri.path(), &String::from_utf8_lossy(&body)) {
        return ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response();
    }
    if parts.method == "POST" && locked(&passage.silent).iter().any(|path| path == parts.uri.path()) {
        let problem = json!({
            "type": "/problems/chain-unreachable", "title": "A chain does not answer.", "status": 503,
            "detail": "chain main does not answer", "code": "chain-unreachable", "chain": "main",
        });
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        return (StatusCode::SERVICE_UNAVAILABLE, media_type, problem.to_string()).into_response();
    }
    let url = format!("{}{}", locked(&passage.gateway), parts.uri);
    let answer = passage.client.request(parts.method, url).headers(parts.headers).body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
