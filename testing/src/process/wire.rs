//! A wire between a client and a JSON-RPC node on which faults happen: silence, lost answers, lies.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

type Alteration = Arc<dyn Fn(&str, &mut Value) + Send + Sync>;
type Refusal = Arc<dyn Fn(&str, &Value) -> Option<Value> + Send + Sync>;

/// What the wire does with a request.
#[derive(Clone, Default)]
pub enum Fault {
    /// Passes it on.
    #[default]
    None,
    /// Takes it and never answers.
    Silence,
    /// Answers that nobody is there.
    Outage,
    /// Passes requests of this method on and loses the answer.
    LostAnswer(&'static str),
    /// Changes results.
    Lie(Alteration),
    /// Answers requests of this method itself, with this result.
    Pretend(&'static str, Value),
    /// Answers some requests with an error.
    Refuse(Refusal),
}

impl Fault {
    /// A node that changes the results of its answers.
    pub fn lie(alter: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Self {
        Self::Lie(Arc::new(alter))
    }

    /// A node that refuses some requests: given method and parameters, the text of its error.
    pub fn refuse(refuse: impl Fn(&str, &Value) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::fail(move |method, params| Some(json!({ "code": -32005, "message": refuse(method, params)? })))
    }

    /// The same, given the whole of its error: `code`, `message` and `data`.
    pub fn fail(fail: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static) -> Self {
        Self::Refuse(Arc::new(fail))
    }
}

/// The wire; gone when dropped.
pub struct Wire {
    /// Where clients connect.
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    client: reqwest::Client,
    upstream: Mutex<String>,
    fault: Mutex<Fault>,
    requests: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

/// Counts a request while it is under way.
struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    fn of(shared: &'a Shared) -> Self {
        let now = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_under_way.fetch_max(now, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Wire {
    /// A wire to a node.
    ///
    /// # Errors
    /// When no loopback port is free.
    pub async fn to(upstream: &str) -> Result<Self> {
        let shared = Arc::new(Shared {
            client: reqwest::Client::builder().no_proxy().build()?,
            upstream: Mutex::new(upstream.to_owned()),
            fault: Mutex::default(),
            requests: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/", post(pass)).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            // Ends with the process or when it is aborted; there is nobody to tell.
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { url, shared, server })
    }

    /// Lets a fault begin, or end.
    pub fn set(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Leads to another node from now on.
    pub fn redirect(&self, upstream: &str) {
        *self.shared.upstream.lock().unwrap_or_else(PoisonError::into_inner) = upstream.to_owned();
    }

    /// Requests that arrived.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// The most requests that were here at a time.
    #[must_use]
    pub fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(shared): State<Arc<Shared>>, Json(request): Json<Value>) -> Response {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let _under_way = UnderWay::of(&shared);
    let fault = shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    match &fault {
        Fault::Silence => std::future::pending::<()>().await,
        Fault::Outage => return StatusCode::BAD_GATEWAY.into_response(),
        Fault::Refuse(refuse) => {
            if let Some(error) = refuse(&method, &request["params"]) {
                return Json(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).into_response();
            }
        }
        Fault::Pretend(pretended, result) => {
            if *pretended == method {
                return Json(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })).into_response();
            }
        }
        Fault::None | Fault::LostAnswer(_) | Fault::Lie(_) => {}
    }
    let upstream = shared.upstream.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Ok(answer) = shared.client.post(upstream).json(&request).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let Ok(mut answer) = answer.json::<Value>().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    match fault {
        Fault::LostAnswer(lost) if lost == method => StatusCode::BAD_GATEWAY.into_response(),
        Fault::Lie(alter) => {
            if let Some(result) = answer.get_mut("result") {
                alter(&method, result);
            }
            Json(answer).into_response()
        }
        _ => Json(answer).into_response(),
    }
}
