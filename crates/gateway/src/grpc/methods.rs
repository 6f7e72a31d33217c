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
        let is_question = ["/grpc.", "/chancery.session.", "/chancery.v2m."].iter().any(|of| self.path.starts_with(of));
        if is_question { MAX_QUESTION_BYTES } else { MAX_MESSAGE_BYTES }
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
    method("/chancery.session.v1.Session/GetNonce", "GET", "/v1/session/nonce"),
    method("/chancery.session.v1.Session/SignIn", "POST", "/v1/session"),
    method("/chancery.session.v1.Session/SignOut", "DELETE", "/v1/session"),
    method("/chancery.o2c.v1.O2c/ListChains", "GET", "/v1/chains"),
    method("/chancery.o2c.v1.O2c/ListOrganizations", "GET", "/v1/organizations"),
    method("/chancery.o2c.v1.O2c/GetOrganization", "GET", "/v1/organizations/{code}"),
    method("/chancery.o2c.v1.O2c/RegisterOrganization", "POST", "/v1/organizations"),
    method("/chancery.o2c.v1.O2c/SuspendOrganization", "PUT", "/v1/organizations/{code}/standing"),
    method("/chancery.o2c.v1.O2c/AuthorizeKey", "POST", "/v1/organizations/{code}/keys"),
    method("/chancery.o2c.v1.O2c/EndKey", "DELETE", "/v1/organizations/{code}/keys/{address}"),
    method("/chancery.o2c.v1.O2c/GetFormat", "GET", "/v1/formats/{format}"),
    method("/chancery.o2c.v1.O2c/ConfigureFormat", "PUT", "/v1/formats/{format}"),
    method("/chancery.o2c.v1.O2c/SetConditions", "PUT", "/v1/kinds/{kind}/conditions"),
    method("/chancery.o2c.v1.O2c/GetSource", "GET", "/v1/sources/{source}"),
    method("/chancery.o2c.v1.O2c/RegisterSource", "POST", "/v1/sources"),
    method("/chancery.o2c.v1.O2c/WithdrawSource", "DELETE", "/v1/sources/{source}"),
    method("/chancery.o2c.v1.O2c/RestoreSource", "DELETE", "/v1/sources/{source}/withdrawal"),
    method("/chancery.o2c.v1.O2c/SuspendUser", "PUT", "/v1/users/{address}/standing"),
    method("/chancery.o2c.v1.O2c/ListServices", "GET", "/v1/services"),
    method("/chancery.o2c.v1.O2c/OfferService", "PUT", "/v1/services/{service}"),
    method("/chancery.o2c.v1.O2c/GetAccess", "GET", "/v1/services/{service}/access"),
    method("/chancery.o2c.v1.O2c/ConfigureAccess", "PUT", "/v1/services/{service}/access"),
    // Taking a quota away is for the same people.
    method("/chancery.o2c.v1.O2c/SetQuota", "PUT", "/v1/quotas/{subject}"),
    method("/chancery.o2c.v1.O2c/SetPrice", "PUT", "/v1/fees/prices/{subject}"),
    method("/chancery.o2c.v1.O2c/ListChanges", "GET", "/v1/changes"),
    method("/chancery.o2c.v1.O2c/GetChange", "GET", "/v1/changes/{change}"),
    method("/chancery.o2c.v1.O2c/ProposeChange", "POST", "/v1/changes"),
    method("/chancery.o2c.v1.O2c/DecideChange", "POST", "/v1/changes/{change}/status"),
    method("/chancery.o2c.v1.O2c/ListAlertReceivers", "GET", "/v1/alerts/receivers"),
    method("/chancery.o2c.v1.O2c/AddAlertReceiver", "POST", "/v1/alerts/receivers"),
    method("/chancery.o2c.v1.O2c/RemoveAlertReceiver", "DELETE", "/v1/alerts/receivers/{receiver}"),
    method("/chancery.o2c.v1.O2c/TestAlertReceiver", "POST", "/v1/alerts/receivers/{receiver}/tests"),
    method("/chancery.v2m.v1.V2m/ListEvents", "GET", "/v1/events"),
    method("/chancery.v2m.v1.V2m/GetHistory", "GET", "/v1/certificates/{id}/history"),
    method("/chancery.v2m.v1.V2m/TraceCertificate", "GET", "/v1/certificates/{id}/trace"),
    method("/chancery.v2m.v1.V2m/AuditData", "GET", "/v1/data/audit"),
    method("/chancery.v2m.v1.V2m/GetWatch", "GET", "/v1/data/audit/status"),
    method("/chancery.v2m.v1.V2m/GetQuotas", "GET", "/v1/quotas"),
    method("/chancery.v2m.v1.V2m/ReportActivity", "GET", "/v1/reports/activity"),
    method("/chancery.v2m.v1.V2m/ReportOpenData", "GET", "/v1/reports/open-data"),
    // Not Watch: clients take its absence for health, and a watch without end would only hold a stream.
    method("/grpc.health.v1.Health/Check", "GET", "/health"),
    method("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "GET", "/openapi.json"),
];

/// The method of a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}
