//! Whoever a department tells of a missing or changed file.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc};

use super::bodies::Bodies;

/// The longest wait for a message: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// Of 32 bytes.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

async fn take(State(sender): State<Arc<mpsc::UnboundedSender<Value>>>, body: Bytes) -> StatusCode {
    sender.send(serde_json::from_slice(&body).unwrap()).ok();
    StatusCode::NO_CONTENT
}

/// A receiver on this machine.
pub(crate) struct Told {
    url: String,
    messages: mpsc::UnboundedReceiver<Value>,
}

impl Told {
    pub(crate) async fn listen() -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let router = Router::new().route("/hook", post(take)).with_state(Arc::new(sender));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, messages }
    }

    /// Adds to a declaration that everything is looked at each second, and that this is told.
    pub(crate) fn declared_in(&self, bodies: &Bodies, declaration: &str) {
        let secret = bodies.path("hook.secret");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "[audit]\nbytes_per_second = 1000000000\npass_every_s = 1\n[[audit.receivers]]\nurl = \"{}\"\nallow_private = true\nsecret_file = \"hook.secret\"\n",
            self.url
        );
        OpenOptions::new().append(true).open(declaration).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The next message of a kind.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let message = tokio::time::timeout(MAX_WAIT, self.messages.recv()).await.expect(kind).unwrap();
            if message["type"] == kind {
                return message;
            }
        }
    }
}
