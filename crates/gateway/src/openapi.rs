//! The OpenAPI 3.1 document: made of the handlers and the types, completed from the authorization matrix (who may, how to authenticate) and the
//! table of problems. `docs/openapi.json` is this document, and a test compares the two.

use std::{collections::BTreeMap, sync::Arc};

use axum::Router;
use serde_json::Value;
use utoipa::openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, ServerBuilder};

use crate::{routes, state::Shared};

mod complete;
mod problems;

pub use problems::codes_of;

/// The document as it is committed: pretty-printed JSON, members in alphabetical order (whatever the features of `serde_json` in a build), with
/// a final line break.
///
/// # Errors
/// The document does not serialize: a bug.
pub fn document() -> Result<String, serde_json::Error> {
    let (_, document) = router_and_document();
    Ok(serde_json::to_string_pretty(&sorted(serde_json::to_value(document)?))? + "\n")
}

/// The same value with the members of every object in alphabetical order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let ordered: BTreeMap<_, _> = members.into_iter().map(|(name, member)| (name, sorted(member))).collect();
            Value::Object(ordered.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The endpoints and their description, from one source.
pub(crate) fn router_and_document() -> (Router<Arc<Shared>>, OpenApi) {
    let (router, mut document) = routes::all().split_for_parts();
    let license = LicenseBuilder::new().name("Apache-2.0 OR MIT").identifier(Some("Apache-2.0 OR MIT")).build();
    document.info = InfoBuilder::new()
        .title("Chancery")
        .version("1")
        .description(Some(
            "Public bodies issue certificates and exchange data over chains that they run together; anybody checks the result.\n\n\
             Times are RFC 3339 in answers and Unix seconds where they are signed; hashes, addresses and signatures are 0x hex. Every answer \
             carries `x-request-id`; every error is a problem document (RFC 9457) whose `code` is stable and whose `remedy` says what to do.",
        ))
        .contact(Some(ContactBuilder::new().name(Some("Chancery")).build()))
        .license(Some(license))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url("/").description(Some("This gateway")).build()]);
    complete::complete(&mut document);
    (router, document)
}

#[cfg(test)]
mod tests;
