//! The bad-input walk: every endpoint, asked by somebody who may do everything, with one thing wrong. Each refusal has its code, is complete, is documented in
//! OpenAPI, reaches no door, and leaves a line in the log that names nobody (GATEWAY-4, GATEWAY-5, M-SEC).

use chancery_gateway::{authorization::matrix::Row, openapi::codes_of};
use chancery_reference_points::Role;

use crate::{
    callers::{Caller, key},
    harness::Harness,
    logs,
    requests::{NAMED, right},
    wire::{Answer, Request},
};

mod bodies;
mod credentials;
mod heads;
mod paths;

/// Words that bad input here carries, to be looked for in the log.
const IN_BODY: &str = "marker-of-a-body";
const IN_QUERY: &str = "marker-of-a-query";
const IN_HEADER: &str = "marker-of-a-header";

/// Somebody with every role, at a gateway.
struct Walk {
    harness: Harness,
    caller: Caller,
}

impl Walk {
    async fn start() -> Self {
        let harness = Harness::start().await;
        let caller = Caller::new(&harness, key(0x77), Role::ALL).await;
        Self { harness, caller }
    }

    /// A request to which nothing is wrong but that nobody says who asks.
    async fn right(&self, row: &Row) -> Request {
        right(&self.harness, row.method, row.path, &self.caller.signer, NAMED).await
    }

    /// The same with the session.
    async fn right_in_session(&self, row: &Row) -> Request {
        self.caller.bearing(self.right(row).await)
    }

    /// Sends what must be refused.
    async fn refused(&self, row: &Row, request: Request, status: u16, code: &str) -> Answer {
        let place = format!("{} {}", row.method, row.path);
        self.harness.behind.take_calls();
        let answer = self.harness.send(request).await;
        let found = answer.problem();
        assert_eq!((answer.status, found.as_str()), (status, code), "{place}: {}", answer.text());
        assert_eq!(self.harness.behind.take_calls(), Vec::<String>::new(), "{place}");
        assert!(
            codes_of(row).iter().any(|known| known.name() == code),
            "OpenAPI does not tell that {place} answers {code}"
        );
        logs::of_request(answer.header("x-request-id"));
        answer
    }

    /// The end of a walk: the log names nothing of what was sent.
    async fn end(self) {
        let words = [
            IN_BODY,
            IN_QUERY,
            IN_HEADER,
            NAMED,
            "Li Hua",
            "lihua",
            "440300199001010011",
            "0193489c7d2c7c539b1b0c9a6a5f1d20",
            "0xcececece",
            "192.0.2.1",
            &self.caller.token,
            &self.caller.address().to_string(),
        ];
        logs::assert_silent_about(&words.map(str::to_owned));
        self.harness.stop().await;
    }
}
