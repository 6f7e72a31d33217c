//! A request of each endpoint to which nothing is wrong. An endpoint that is not here makes the walks fail.

use alloy::signers::local::PrivateKeySigner;
use chancery_rest::{
    types::{
        Example,
        alerts::{AddAlertReceiver, TestAlertReceiver},
        applications::{Decision, SubmitApplication},
        certificates::{ChangeStatus, IssueCertificate},
        changes::{DecideChange, ProposeChange},
        contracts::{ChangeContract, ContractArtifact, ProposeContract},
        data::{AggregateData, Asset, SearchData},
        fees::SetPrice,
        formats::ConfigureFormat,
        inspections::{CheckCertificate, RecordInspection},
        kinds::SetConditions,
        messages::{DeliverMessage, SendMessage, StateReceipt},
        operations::SubmitOperation,
        organizations::{AuthorizeKey, RegisterOrganization, SuspendOrganization},
        presentations::CreatePresentation,
        quotas::Quota,
        resources::{DescribeResource, HandAccesses},
        services::{ConfigureAccess, OfferService},
        shown::GiveConsent,
        sources::StateSource,
        submissions::SubmitData,
        subscriptions::Subscribe,
        users::{Confirmation, RegisterUser, SuspendUser},
    },
    values::HexAddress,
};
use serde::Serialize;
use serde_json::Value;

use crate::{callers::sign_in, harness::Harness, wire::Request};

/// The address that paths name unless a test says another.
pub(crate) const NAMED: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const HASH: &str = "0xcececececececececececececececececececececececececececececececece";

/// A path from its template.
pub(crate) fn fill(template: &str, address: &str) -> String {
    let id = if template.starts_with("/v1/certificates") { HASH } else { "0193489c7d2c7c539b1b0c9a6a5f1d20" };
    let values = [
        ("{name}", "role-required"),
        ("{kind}", "degree"),
        ("{address}", address),
        ("{id}", id),
        ("{block}", "128"),
        ("{tx_hash}", HASH),
        ("{code}", "12440300455765412A"),
        ("{format}", "reading%2Fair-quality"),
        ("{digest}", HASH),
        ("{source}", NAMED),
        ("{place}", "128"),
        ("{index}", "0"),
        ("{resource}", "weather-daily"),
        ("{service}", "sharing.find"),
        ("{request}", "1"),
        ("{number}", "7"),
        ("{message}", HASH),
        ("{subscription}", HASH),
        ("{chain}", "main"),
        ("{service}", "certificates.query"),
        ("{release}", HASH),
        ("{change}", HASH),
        ("{receiver}", "receiver-1a1fb2c3d40-1"),
        ("{subject}", "organization:12440300455765412A"),
    ];
    let path = values.into_iter().fold(template.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{template} has a parameter that no test knows");
    path
}

fn json(value: &impl Serialize) -> Option<Value> {
    Some(serde_json::to_value(value).unwrap())
}

fn example<T: Example + Serialize>() -> Option<Value> {
    json(&T::example())
}

/// The body of an endpoint as `signer` sends it; `None` for those that read none.
pub(crate) async fn body(harness: &Harness, method: &str, template: &str, signer: &PrivateKeySigner) -> Option<Value> {
    match (method, template) {
        ("GET" | "DELETE", _) => None,
        ("POST", "/v1/session") => Some(sign_in(harness, signer).await),
        ("POST", "/v1/users") => {
            json(&RegisterUser { address: HexAddress(signer.address()), ..RegisterUser::example() })
        }
        ("POST", "/v1/users/{address}/confirmation") => example::<Confirmation>(),
        ("POST", "/v1/applications") => example::<SubmitApplication>(),
        ("POST", "/v1/applications/{id}/decision") => example::<Decision>(),
        ("POST", "/v1/certificates") => example::<IssueCertificate>(),
        ("POST", "/v1/certificates/{id}/status") => example::<ChangeStatus>(),
        ("POST", "/v1/presentations") => example::<CreatePresentation>(),
        ("POST", "/v1/inspections") => example::<RecordInspection>(),
        ("POST", "/v1/inspections/checks") => example::<CheckCertificate>(),
        ("POST", "/v1/organizations") => example::<RegisterOrganization>(),
        ("PUT", "/v1/organizations/{code}/standing") => example::<SuspendOrganization>(),
        ("POST", "/v1/organizations/{code}/keys") => example::<AuthorizeKey>(),
        ("PUT", "/v1/formats/{format}") => example::<ConfigureFormat>(),
        ("PUT", "/v1/quotas/{subject}") => example::<Quota>(),
        ("PUT", "/v1/fees/prices/{subject}") => example::<SetPrice>(),
        ("PUT", "/v1/kinds/{kind}/conditions") => example::<SetConditions>(),
        ("POST", "/v1/chains/{chain}/consents") => example::<GiveConsent>(),
        ("PUT", "/v1/services/{service}") => example::<OfferService>(),
        ("PUT", "/v1/users/{address}/standing") => example::<SuspendUser>(),
        ("PUT", "/v1/services/{service}/access") => example::<ConfigureAccess>(),
        ("POST", "/v1/changes") => example::<ProposeChange>(),
        ("POST", "/v1/changes/{change}/status") => example::<DecideChange>(),
        ("POST", "/v1/contracts") => example::<ProposeContract>(),
        ("POST", "/v1/contracts/simulations") => example::<ContractArtifact>(),
        ("POST", "/v1/contracts/{chain}/{release}/status") => example::<ChangeContract>(),
        ("POST", "/v1/operations") => {
            let mut submission = SubmitOperation::example();
            submission.operation.source = HexAddress(signer.address());
            json(&submission)
        }
        ("POST", "/v1/sources" | "/v1/sources/{source}/keys") => example::<StateSource>(),
        ("POST", "/v1/alerts/receivers") => example::<AddAlertReceiver>(),
        ("POST", "/v1/alerts/receivers/{receiver}/tests") => example::<TestAlertReceiver>(),
        ("POST", "/v1/data/search") => example::<SearchData>(),
        ("POST", "/v1/data/trace") => example::<Asset>(),
        ("POST", "/v1/data/aggregate") => example::<AggregateData>(),
        ("POST", "/v1/subscriptions") => example::<Subscribe>(),
        ("PUT", "/v1/resources/{resource}/description") => example::<DescribeResource>(),
        ("POST", "/v1/resources/{resource}/accesses") => example::<HandAccesses>(),
        ("POST", "/v1/submissions") => example::<SubmitData>(),
        ("POST", "/v1/messages") => example::<SendMessage>(),
        ("POST", "/v1/deliveries") => example::<DeliverMessage>(),
        ("POST", "/v1/messages/{message}/acknowledgement") => example::<StateReceipt>(),
        _ => panic!("{method} {template} is new: say what a right request of it is"),
    }
}

/// The query that an endpoint cannot do without.
pub(crate) fn query(method: &str, template: &str, signer: &PrivateKeySigner) -> String {
    match (method, template) {
        ("GET", "/v1/certificates") => format!("?holder={}", signer.address()),
        _ => String::new(),
    }
}

/// A request to which nothing is wrong, without a credential.
pub(crate) async fn right(
    harness: &Harness,
    method: &str,
    template: &str,
    signer: &PrivateKeySigner,
    named: &str,
) -> Request {
    let request = Request::new(method, &(fill(template, named) + &query(method, template, signer)));
    match body(harness, method, template, signer).await {
        Some(body) => request.json(&body),
        None => request,
    }
}
