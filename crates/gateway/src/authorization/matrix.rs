//! The authorization matrix: every method and path template of the REST interface, and who may use it.

use chancery_reference_points::{Actor, Role};

/// Who may use an endpoint. What depends on the data ("only its own") is named in [`Row::narrowing`] and decided by the handler or the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, without saying who.
    Anybody,
    /// Anybody; the answer depends on the roles of whoever says who asks.
    AnybodyByRole,
    /// Anybody on this machine; from elsewhere, one of the roles.
    LocalOr(&'static [Role]),
    /// Any address that has proven itself.
    Authenticated,
    /// One of the roles.
    Roles(&'static [Role]),
    /// The address that the path parameter `address` names, or one of the roles.
    ItselfOr(&'static [Role]),
}

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// HTTP method.
    pub method: &'static str,
    /// Path template.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
    /// What the data narrow further; empty when nothing.
    pub narrowing: &'static str,
}

const fn row(method: &'static str, path: &'static str, who: Who, narrowing: &'static str) -> Row {
    Row { method, path, who, narrowing }
}

const OPERATOR: Who = Who::Roles(&[Role::Operator]);
const SUPERVISOR: Who = Who::Roles(&[Role::Supervisor]);
const INSPECTOR: Who = Who::Roles(&[Role::Inspector]);
const REGISTRAR: Who = Who::Roles(&[Role::Registrar]);
const ISSUER: Who = Who::Roles(&[Role::Issuer]);
const CITIZEN: Who = Who::Roles(&[Role::Citizen]);
const SOURCE: Who = Who::Roles(&[Role::Source]);

/// What is shown of data of registered sources.
const READABLE: &str = "public data; offices also internal data; restricted data that name it";

/// The matrix. `HEAD` is judged as `GET`.
pub const MATRIX: &[Row] = &[
    row("GET", "/health", Who::Anybody, ""),
    row("GET", "/metrics", Who::LocalOr(&[Role::Operator]), ""),
    row("GET", "/openapi.json", Who::Anybody, ""),
    row("GET", "/problems/{name}", Who::Anybody, ""),
    row("GET", "/docs/plain", Who::Anybody, ""),
    row("GET", "/v1/chains", Who::Anybody, ""),
    row("GET", "/v1/chains/{chain}/holders/{address}", Who::Anybody, "what the holder agrees to"),
    row("POST", "/v1/chains/{chain}/consents", CITIZEN, "the consent is signed by the caller"),
    row("GET", "/v1/kinds", Who::Anybody, ""),
    row("GET", "/v1/kinds/{kind}", Who::Anybody, ""),
    row("GET", "/v1/kinds/{kind}/conditions", Who::Anybody, ""),
    row("PUT", "/v1/kinds/{kind}/conditions", OPERATOR, ""),
    row("GET", "/v1/session/nonce", Who::Anybody, ""),
    row("POST", "/v1/session", Who::Anybody, "the message has to be signed by the address that it names"),
    row("GET", "/v1/session", Who::Authenticated, ""),
    row("DELETE", "/v1/session", Who::Authenticated, "a session only; a signed request has none"),
    row("POST", "/v1/users", Who::Authenticated, "only itself"),
    row("GET", "/v1/users", REGISTRAR, ""),
    row("GET", "/v1/users/{address}", Who::ItselfOr(&[Role::Registrar]), ""),
    row("GET", "/v1/users/{address}/public-key", Who::Anybody, ""),
    row("POST", "/v1/users/{address}/confirmation", REGISTRAR, ""),
    row("PUT", "/v1/users/{address}/standing", OPERATOR, ""),
    row("POST", "/v1/applications", CITIZEN, ""),
    row(
        "GET",
        "/v1/applications",
        Who::Roles(&[Role::Citizen, Role::Issuer]),
        "a citizen its own, an issuer those of its kinds",
    ),
    row("POST", "/v1/applications/{id}/decision", ISSUER, "of the kind"),
    row("POST", "/v1/certificates", ISSUER, "of the kind and the organization; the operation is signed by the caller"),
    row("GET", "/v1/certificates", Who::Authenticated, "the holder its own"),
    row("GET", "/v1/certificates/{id}", Who::Anybody, ""),
    row("GET", "/v1/certificates/{id}/staple", Who::Anybody, ""),
    row(
        "GET",
        "/v1/certificates/{id}/history",
        Who::Authenticated,
        "supervisors, its holder, keys of its organization",
    ),
    row("GET", "/v1/certificates/{id}/trace", Who::Authenticated, "supervisors, its holder, keys of its organization"),
    row("POST", "/v1/certificates/{id}/status", ISSUER, "of its organization; the operation is signed by the caller"),
    row("GET", "/v1/certificates/{address}/{block}/{tx_hash}", Who::Anybody, ""),
    row("POST", "/v1/presentations", CITIZEN, ""),
    row("GET", "/v1/presentations/{id}", Who::Anybody, ""),
    row("POST", "/v1/inspections", INSPECTOR, "the operation is signed by the caller"),
    row("POST", "/v1/inspections/checks", INSPECTOR, ""),
    row("GET", "/v1/inspections", Who::Roles(&[Role::Inspector, Role::Supervisor]), "an inspector its own"),
    row("GET", "/v1/organizations", Who::Anybody, ""),
    row("GET", "/v1/organizations/{code}", Who::Anybody, ""),
    row("POST", "/v1/organizations", OPERATOR, ""),
    row("PUT", "/v1/organizations/{code}/standing", OPERATOR, ""),
    row("POST", "/v1/organizations/{code}/keys", OPERATOR, ""),
    row("DELETE", "/v1/organizations/{code}/keys/{address}", OPERATOR, ""),
    row("GET", "/v1/formats/{format}", Who::Anybody, ""),
    row("PUT", "/v1/formats/{format}", OPERATOR, ""),
    row("GET", "/v1/quotas", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row("PUT", "/v1/quotas/{subject}", OPERATOR, ""),
    row("DELETE", "/v1/quotas/{subject}", OPERATOR, ""),
    row("GET", "/v1/services", Who::Anybody, ""),
    row("PUT", "/v1/services/{service}", OPERATOR, ""),
    row("GET", "/v1/services/{service}/access", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row("PUT", "/v1/services/{service}/access", OPERATOR, ""),
    row("GET", "/v1/changes", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row("POST", "/v1/changes", OPERATOR, "the proposal is signed by the caller"),
    row("GET", "/v1/changes/{change}", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row(
        "POST",
        "/v1/changes/{change}/status",
        OPERATOR,
        "the decision is signed by the caller; who proposed neither approves nor rejects",
    ),
    row("GET", "/v1/contracts", Who::Anybody, ""),
    row("POST", "/v1/contracts", OPERATOR, "the proposal is signed by the caller"),
    row("POST", "/v1/contracts/simulations", OPERATOR, ""),
    row("GET", "/v1/contracts/{chain}/{release}", Who::Anybody, ""),
    row(
        "POST",
        "/v1/contracts/{chain}/{release}/status",
        OPERATOR,
        "the step is signed by the caller; who proposed neither approves, rejects nor releases",
    ),
    row("POST", "/v1/operations", SOURCE, "the operation is signed by the caller"),
    row("GET", "/v1/operations/{digest}", SOURCE, ""),
    row("POST", "/v1/sources", OPERATOR, "the statement is signed by the key that it registers"),
    row("POST", "/v1/sources/{source}/keys", Who::Anybody, "the rotation is signed by the new key and the present one"),
    row("GET", "/v1/sources/{source}", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row("DELETE", "/v1/sources/{source}", OPERATOR, ""),
    row("DELETE", "/v1/sources/{source}/withdrawal", OPERATOR, ""),
    row("POST", "/v1/submissions", Who::Anybody, "each submission is signed by the present key of a registered source"),
    row("GET", "/v1/submissions/{place}/{digest}", Who::Anybody, "whoever knows the digest: it stands in the receipt"),
    row(
        "GET",
        "/v1/submissions/{place}/{digest}/operations/{index}",
        Who::AnybodyByRole,
        "public data: whoever knows the digest; the source itself; offices also internal data; restricted data that name it",
    ),
    row("POST", "/v1/data/search", Who::AnybodyByRole, READABLE),
    row(
        "GET",
        "/v1/data/statistics",
        Who::AnybodyByRole,
        "numbers of what it may see, without content; operators and supervisors all",
    ),
    row("POST", "/v1/data/trace", Who::AnybodyByRole, READABLE),
    row("POST", "/v1/data/aggregate", Who::AnybodyByRole, READABLE),
    row("GET", "/v1/data/audit", SUPERVISOR, ""),
    row("GET", "/v1/data/audit/status", Who::Roles(&[Role::Operator, Role::Supervisor]), ""),
    row("GET", "/v1/alerts/receivers", OPERATOR, ""),
    row("POST", "/v1/alerts/receivers", OPERATOR, ""),
    row("DELETE", "/v1/alerts/receivers/{receiver}", OPERATOR, ""),
    row("POST", "/v1/alerts/receivers/{receiver}/tests", OPERATOR, ""),
    row("POST", "/v1/subscriptions", Who::Authenticated, "its own"),
    row("GET", "/v1/subscriptions", Who::Authenticated, "its own"),
    row("DELETE", "/v1/subscriptions/{subscription}", Who::Authenticated, "its own"),
    row(
        "GET",
        "/v1/subscriptions/{subscription}/operations",
        Who::Authenticated,
        "its own; public data, offices also internal data, restricted data that name it",
    ),
    row(
        "GET",
        "/v1/subscriptions/{subscription}/events",
        Who::Authenticated,
        "its own; public data, offices also internal data, restricted data that name it; judged again at every reading",
    ),
    row("GET", "/v1/resources", Who::AnybodyByRole, "what its roles may see"),
    row("GET", "/v1/resources/{resource}", Who::AnybodyByRole, "what its roles may see"),
    row(
        "PUT",
        "/v1/resources/{resource}/description",
        Who::Authenticated,
        "the text whose hash the owner has put on the chain",
    ),
    row(
        "GET",
        "/v1/resources/{resource}/readers",
        Who::Authenticated,
        "the owner of the asset and supervisors all, everybody else itself",
    ),
    row(
        "POST",
        "/v1/resources/{resource}/accesses",
        Who::Authenticated,
        "the owner of the asset, or who has owned it: lines of its journal, signed",
    ),
    row(
        "GET",
        "/v1/resources/{resource}/trace",
        Who::AnybodyByRole,
        "what its roles may see; readers, rights and accesses: the owner of the asset and supervisors all, everybody else its own",
    ),
    row("GET", "/v1/resources/{resource}/requests/{request}", Who::AnybodyByRole, "what its roles may see"),
    row("GET", "/v1/alliance", Who::Anybody, "who takes part; no contents"),
    row("GET", "/v1/alliance/requests", Who::Anybody, "how far they are; no contents"),
    row("GET", "/v1/alliance/requests/{number}", Who::Anybody, "how far it is; no contents"),
    row(
        "GET",
        "/v1/alliance/proposals",
        Who::Anybody,
        "what is reported of those without a number, where its operator names reporters; no contents",
    ),
    row("GET", "/v1/alliance/events", Who::Anybody, "how far requests are; no contents"),
    row(
        "POST",
        "/v1/messages",
        SOURCE,
        "the deposit is signed by the caller; the right `submission` for its organization",
    ),
    row("GET", "/v1/messages", SOURCE, "its own"),
    row("GET", "/v1/messages/{message}", SOURCE, "its sender and its receiver"),
    row("POST", "/v1/messages/{message}/acknowledgement", SOURCE, "its receiver, who signs it"),
    row("GET", "/v1/messages/{message}/proof", SOURCE, "its sender and its receiver"),
    row(
        "POST",
        "/v1/deliveries",
        Who::Authenticated,
        "the deposit is signed by the caller; its own city, which has to be listed, proves its right",
    ),
    row("GET", "/v1/deliveries/{message}/proof", Who::Authenticated, "its sender and its receiver"),
    row("GET", "/v1/fees/prices", Who::Anybody, ""),
    row("PUT", "/v1/fees/prices/{subject}", OPERATOR, ""),
    row("GET", "/v1/fees/bills", Who::Roles(&[Role::Inspector, Role::Supervisor]), "an inspector its own"),
    row("GET", "/v1/reports/activity", Who::Roles(&[Role::Operator, Role::Supervisor]), "numbers without content"),
    row("GET", "/v1/reports/open-data", Who::Roles(&[Role::Operator, Role::Supervisor]), "numbers without addresses"),
    row("GET", "/v1/events", SUPERVISOR, ""),
];

/// The row of a method and path template.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<&'static Row> {
    let method = if method == "HEAD" { "GET" } else { method };
    MATRIX.iter().find(|row| row.method == method && row.path == path)
}

impl Row {
    /// Whether the endpoint wants to know who asks.
    #[must_use]
    pub const fn needs_authentication(&self) -> bool {
        !matches!(self.who, Who::Anybody | Who::AnybodyByRole | Who::LocalOr(_))
    }

    /// Whether anybody is answered by a service of the catalogue, which an access rule may have narrowed.
    #[must_use]
    pub fn asks_service(&self) -> bool {
        self.method == "GET"
            && (self.path.starts_with("/v1/certificates/")
                || ["/v1/users/{address}/public-key", "/v1/kinds/{kind}/conditions"].contains(&self.path))
    }

    /// The roles of which one is needed; empty when none is.
    #[must_use]
    pub const fn roles(&self) -> &'static [Role] {
        match self.who {
            Who::Anybody | Who::AnybodyByRole | Who::Authenticated => &[],
            Who::LocalOr(roles) | Who::Roles(roles) | Who::ItselfOr(roles) => roles,
        }
    }

    /// Judges an actor. `local`: the request comes from this machine. `itself`: the path names the actor's own address.
    #[must_use]
    pub fn judge(&self, actor: &Actor, local: bool, itself: bool) -> Verdict {
        let granted = match self.who {
            Who::Anybody | Who::AnybodyByRole => true,
            Who::LocalOr(roles) => local || actor.is_any(roles),
            Who::Authenticated => actor.address.is_some(),
            Who::Roles(roles) => actor.is_any(roles),
            Who::ItselfOr(roles) => itself || actor.is_any(roles),
        };
        if granted {
            Verdict::Granted
        } else if actor.address.is_none() {
            Verdict::AuthenticationRequired
        } else {
            Verdict::RoleRequired
        }
    }
}

/// What the matrix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Granted,
    /// Nobody has proven who asks.
    AuthenticationRequired,
    /// The address has none of the roles.
    RoleRequired,
}
