//! Problem documents (RFC 9457): every error that the gateway answers.

use chancery_reference_points::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the problem is explained: `/problems/CODE`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/role-required", format = "uri-reference")]
    pub problem_type: String,
    /// What kind of problem, in a sentence; the same for every occurrence.
    #[schema(example = "This needs a role that the address does not have.")]
    pub title: String,
    /// HTTP status.
    #[schema(example = 403, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What was wrong this time.
    #[serde(default)]
    #[schema(example = "POST /v1/certificates needs one of: issuer")]
    pub detail: String,
    /// This occurrence: `urn:uuid:` and the request id, which is in the operator's log.
    #[serde(default)]
    #[schema(example = "urn:uuid:0193489c-7d2c-7c53-9b1b-0c9a6a5f1d20", format = "uri-reference")]
    pub instance: String,
    /// The stable name to program against.
    #[schema(example = "role-required")]
    pub code: String,
    /// What the reader can do.
    #[serde(default)]
    #[schema(example = "`required` names the roles; the operator can authorize the address.")]
    pub remedy: String,
    /// More about this occurrence, as the code's page says.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties = true)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem of a known code. The status is the caller's: it depends on the protocol.
    #[must_use]
    pub fn new(code: Code, status: u16, detail: impl Into<String>) -> Self {
        Self {
            problem_type: format!("/problems/{}", code.name()),
            title: code.title().to_owned(),
            status,
            detail: detail.into(),
            instance: String::new(),
            code: code.name().to_owned(),
            remedy: code.remedy().to_owned(),
            members: Map::new(),
        }
    }

    /// The code as a type; `None` when a newer gateway answers with one that this release does not know.
    #[must_use]
    pub fn known_code(&self) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == self.code)
    }
}

/// The members that RFC 9457 and this interface define; a member of an occurrence must not be named like one.
pub const RESERVED_MEMBERS: [&str; 7] = ["type", "title", "status", "detail", "instance", "code", "remedy"];
