//! Completes the document: problems, security, headers, tags.

use std::collections::BTreeMap;

use chancery_reference_points::Code;
use chancery_rest::problem::{MEDIA_TYPE, Problem};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
        example::{Example, ExampleBuilder},
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::Type,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

use super::problems::codes_of;
use crate::{
    authorization::matrix::{MATRIX, Row, Who},
    limits::MAX_IDEMPOTENCY_KEY_CHARS,
    problem::status,
};

const SESSION: &str = "session";
const REQUEST_SIGNATURE: &str = "requestSignature";

/// What submits: an idempotency key makes a repetition harmless.
const SUBMITS: [&str; 4] = ["/v1/certificates", "/v1/certificates/{id}/status", "/v1/inspections", "/v1/operations"];

pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    for code in Code::ALL {
        let value = serde_json::to_value(Problem::new(*code, status(*code).as_u16(), "")).unwrap_or_default();
        let example = ExampleBuilder::new().summary(code.title()).value(Some(value)).build();
        components.examples.insert(code.name().to_owned(), RefOr::T(example));
    }
    components.add_security_scheme(
        SESSION,
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A person: the token of POST /v1/session (EIP-4361), 30 minutes."))
                .build(),
        ),
    );
    components.add_security_scheme(
        REQUEST_SIGNATURE,
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "Signature",
            "A machine: ERC-8128, an RFC 9421 signature labelled `eth` over @method @authority @path @query and, with a body, content-digest; \
             parameters created, expires (at most 300 s), nonce, keyid=\"erc8128:CHAINID:ADDRESS\"; EIP-191 signature of the signature base. \
             With the header Signature-Input.",
        ))),
    );
    document.tags =
        Some(TAGS.iter().map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build()).collect());
    let mut shared = BTreeMap::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let row = MATRIX.iter().find(|row| row.method == method && row.path == path);
            if let Some(row) = row {
                complete_operation(operation, row, &mut shared);
            }
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    for (name, codes) in shared {
        components.responses.insert(name, RefOr::T(problem_response(&codes)));
    }
}

const TAGS: [(&str, &str); 19] = [
    ("chains", "Chains and certificate kinds"),
    ("session", "Signing in"),
    ("users", "Real-name registration and public keys"),
    ("applications", "Applying for certificates"),
    ("certificates", "Issuing, changing, asking"),
    ("presentations", "Showing a certificate"),
    ("inspections", "Checking certificates"),
    ("organizations", "Organizations, keys, formats and quotas (O2C)"),
    ("contracts", "Contracts that two operators release together (O2C)"),
    ("changes", "Changes of the configuration that two operators make together (O2C)"),
    ("operations", "Submitting other data (R2D)"),
    ("data", "Data of registered sources: search and traces (U2S)"),
    ("sharing", "The directory of shared resources and requests for access (U2S)"),
    ("alliance", "A cross-chain alliance, and its requests on their way"),
    ("messages", "Sealed messages between organizations"),
    ("supervision", "What happened (V2M)"),
    ("alerts", "Who is told when something is not as it should be (O2C)"),
    ("service", "The service itself"),
    ("web", "The web"),
];

/// The operations of a path with their methods.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("PUT", item.put.as_mut()),
        ("POST", item.post.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

/// `shared`: the responses that operations refer to, by name. Most endpoints share most of them.
fn complete_operation(operation: &mut Operation, row: &Row, shared: &mut BTreeMap<String, Vec<Code>>) {
    let who = who_text(row);
    let description = operation.description.take().unwrap_or_default();
    operation.description = Some(if description.is_empty() { who } else { format!("{description}\n\n{who}") });
    operation.security = Some(security(row));
    if row.method == "POST" && SUBMITS.contains(&row.path) {
        operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.insert("x-request-id".into(), RefOr::T(request_id()));
        }
    }
    for (status, codes) in by_status(&codes_of(row)) {
        let name = response_name(status, &codes, shared);
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(name)));
    }
}

/// A lone code gives its name; several together are numbered in the order of the document.
fn response_name(status: u16, codes: &[Code], shared: &mut BTreeMap<String, Vec<Code>>) -> String {
    if let Some((name, _)) = shared.iter().find(|(_, known)| known.as_slice() == codes) {
        return name.clone();
    }
    let name = match codes {
        [code] => code.name().to_owned(),
        _ => {
            let prefix = format!("problems-{status}-");
            let count = shared.keys().filter(|name| name.starts_with(&prefix)).count();
            format!("{prefix}{}", count + 1)
        }
    };
    shared.insert(name.clone(), codes.to_vec());
    name
}

fn who_text(row: &Row) -> String {
    let names = |row: &Row| row.roles().iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let who = match row.who {
        Who::Anybody | Who::AnybodyByRole => "Anybody".to_owned(),
        Who::LocalOr(_) => format!("Callers on the gateway's machine; from elsewhere: {}", names(row)),
        Who::Authenticated => "Any address that has proven itself".to_owned(),
        Who::Roles(_) => format!("Roles: {}", names(row)),
        Who::ItselfOr(_) => format!("The address itself; roles: {}", names(row)),
    };
    if row.narrowing.is_empty() { format!("**Who:** {who}.") } else { format!("**Who:** {who} ({}).", row.narrowing) }
}

fn security(row: &Row) -> Vec<SecurityRequirement> {
    let none = Vec::<String>::new;
    let mut ways = vec![SecurityRequirement::new(SESSION, none()), SecurityRequirement::new(REQUEST_SIGNATURE, none())];
    if !row.needs_authentication() {
        ways.push(SecurityRequirement::default());
    }
    ways
}

fn idempotency_key() -> utoipa::openapi::path::Parameter {
    ParameterBuilder::new()
        .name("idempotency-key")
        .parameter_in(ParameterIn::Header)
        .description(Some("The same key twice is the same submission: the first receipt is given again."))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some("^[A-Za-z0-9_-]+$"))
                .min_length(Some(1))
                .max_length(Some(MAX_IDEMPOTENCY_KEY_CHARS))
                .build(),
        ))
        .build()
}

fn request_id() -> utoipa::openapi::Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().description(Some("Names this answer in the operator's log.")).schema(Some(schema)).build()
}

fn by_status(codes: &[Code]) -> BTreeMap<u16, Vec<Code>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(status(*code).as_u16()).or_default().push(*code);
    }
    by_status
}

fn problem_response(codes: &[Code]) -> utoipa::openapi::Response {
    let names: Vec<_> = codes.iter().map(|code| format!("`{}`", code.name())).collect();
    let examples = codes
        .iter()
        .map(|code| (code.name(), RefOr::<Example>::Ref(Ref::new(format!("#/components/examples/{}", code.name())))));
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).examples_from_iter(examples).build();
    ResponseBuilder::new()
        .description(names.join(", "))
        .content(MEDIA_TYPE, content)
        .header("x-request-id", request_id())
        .build()
}
