//! Which methods there are, and which row of the authorization matrix decides who may call each (GRPC-3).

use super::limits::{MAX_MESSAGE_BYTES, MAX_QUESTION_BYTES};

/// A method and the endpoint of REST that is the same to the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// `/PACKAGE.SERVICE/METHOD`.
    pub path: &'static str,
    /// HTTP method and path template of the matrix row.
    pub row: (&'static str, &'static str),
}

impl Method {
    /// Largest message that asks, in bytes.
    #[must_use]
    pub fn max_message_bytes(&self) -> usize {
        if self.path.starts_with("/grpc.") { MAX_QUESTION_BYTES } else { MAX_MESSAGE_BYTES }
    }
}

const fn method(path: &'static str, http_method: &'static str, template: &'static str) -> Method {
    Method { path, row: (http_method, template) }
}

/// Every method that is served.
pub const METHODS: &[Method] = &[
    method("/chancery.r2d.v1.R2d/Submit", "POST", "/v1/submissions"),
    method("/chancery.r2d.v1.R2d/SubmitOne", "POST", "/v1/submissions"),
    method("/chancery.r2d.v1.R2d/GetSubmission", "GET", "/v1/submissions/{place}/{digest}"),
    method("/chancery.r2d.v1.R2d/ProveOperation", "GET", "/v1/submissions/{place}/{digest}/operations/{index}"),
    method("/chancery.u2s.v1.U2s/Search", "POST", "/v1/data/search"),
    method("/chancery.u2s.v1.U2s/Trace", "POST", "/v1/data/trace"),
    // A proof is part of what a search finds.
    method("/chancery.u2s.v1.U2s/ProveFound", "POST", "/v1/data/search"),
    method("/chancery.u2s.v1.U2s/Aggregate", "POST", "/v1/data/aggregate"),
    method("/chancery.u2s.v1.U2s/Subscribe", "POST", "/v1/subscriptions"),
    method("/chancery.u2s.v1.U2s/ListSubscriptions", "GET", "/v1/subscriptions"),
    method("/chancery.u2s.v1.U2s/EndSubscription", "DELETE", "/v1/subscriptions/{subscription}"),
    method("/chancery.u2s.v1.U2s/ReadSubscription", "GET", "/v1/subscriptions/{subscription}/operations"),
    // Not Watch: clients take its absence for health, and a watch without end would only hold a stream.
    method("/grpc.health.v1.Health/Check", "GET", "/health"),
    method("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "GET", "/openapi.json"),
];

/// The method of a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}
