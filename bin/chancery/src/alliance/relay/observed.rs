//! Where operators and their machines look at a relay: `/metrics` (OpenMetrics), and `/health`, which says whether something is wrong and what.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use chancery_bridge::relay::{
    AnchorBoard, AnchorSeen, Branch, Courier, Measured,
    measured::{MemberMeasured, Reach},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use serde::Serialize;

use crate::alliance::text_of;

/// Media type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A node that is so long behind what an anchor has is not merely slow.
const MAX_AHEAD: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Observed {
    /// `None`: headers alone are carried.
    courier: Option<Arc<Courier>>,
    board: Arc<AnchorBoard>,
}

/// `GET /health` and `GET /metrics`.
pub(super) fn routes(courier: Option<Arc<Courier>>, board: Arc<AnchorBoard>) -> Router {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(Observed { courier, board })
}

/// Why not all is carried that should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Reason {
    /// Its chain does not answer.
    AllianceSilent,
    /// A member's chain does not.
    MemberSilent { member: String, waiting: usize },
    /// Nothing of a chain counts on another until its organizations have voted (ANCHOR-4).
    AnchorFrozen { host: String, follows: String, anchor: String },
    /// It has another final block than the node here, and did not take the second certificate.
    AnchorContradicted { host: String, follows: String, anchor: String, number: u64, reason: String },
    /// It has a block that the node here does not have: nothing tells whether they are on one branch.
    AnchorAhead { host: String, follows: String, anchor: String, number: u64 },
    /// Headers cannot be pushed.
    AnchorUnfed { host: String, follows: String, reason: String },
}

#[derive(Debug, Serialize)]
struct Health {
    /// `alive`, or `degraded`: then there are reasons.
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
}

async fn health(State(observed): State<Observed>) -> Json<Health> {
    let measured = observed.courier.map(|courier| courier.measured());
    let reasons = reasons(measured.as_ref(), &observed.board.seen());
    Json(Health { status: if reasons.is_empty() { "alive" } else { "degraded" }, reasons })
}

fn reasons(measured: Option<&Measured>, anchors: &[AnchorSeen]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(measured) = measured {
        if measured.is_blind {
            reasons.push(Reason::AllianceSilent);
        }
        let silent = measured.members.iter().filter(|member| member.reach == Reach::Silent);
        reasons.extend(
            silent.map(|member| Reason::MemberSilent { member: text_of(member.name), waiting: member.waiting }),
        );
    }
    for seen in anchors {
        let (host, follows) = (seen.host.clone(), seen.follows.clone());
        if seen.standing.is_some_and(|standing| standing.is_frozen) {
            reasons.push(Reason::AnchorFrozen { host, follows, anchor: seen.anchor.to_string() });
        } else if let Some(reason) = off_branch(seen) {
            reasons.push(reason);
        } else if let Some(reason) = &seen.failure {
            reasons.push(Reason::AnchorUnfed { host, follows, reason: reason.clone() });
        }
    }
    reasons
}

/// Why nobody knows, or somebody has to find out, which branch an anchor is on.
fn off_branch(seen: &AnchorSeen) -> Option<Reason> {
    let (host, follows, anchor) = (seen.host.clone(), seen.follows.clone(), seen.anchor.to_string());
    match &seen.branch {
        Branch::Contradicted { conflict, refusal } => {
            let (number, reason) = (conflict.number, refusal.clone().unwrap_or_default());
            Some(Reason::AnchorContradicted { host, follows, anchor, number, reason })
        }
        Branch::Ahead { pending, since } if since.elapsed() > MAX_AHEAD => {
            Some(Reason::AnchorAhead { host, follows, anchor, number: pending.number })
        }
        Branch::Unknown(recorded) => Some(Reason::AnchorAhead { host, follows, anchor, number: recorded.number }),
        Branch::Uncompared | Branch::Same(_) | Branch::Ahead { .. } => None,
    }
}

async fn metrics(State(observed): State<Observed>) -> Response {
    let measured = observed.courier.map(|courier| courier.measured());
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text(measured.as_ref(), &observed.board.seen())).into_response()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Link {
    host: String,
    follows: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Member {
    member: String,
}

fn text(measured: Option<&Measured>, anchors: &[AnchorSeen]) -> String {
    let mut registry = Registry::with_prefix("chancery_relay");
    if let Some(measured) = measured {
        of_requests(&mut registry, measured);
    }
    of_anchors(&mut registry, anchors);
    let mut text = String::new();
    // Writing to a string does not fail.
    encode(&mut text, &registry).ok();
    text
}

fn of_requests(registry: &mut Registry, measured: &Measured) {
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: usize| {
        let gauge = Gauge::<i64>::default();
        gauge.set(signed(value));
        registry.register(name, help, gauge);
    };
    gauge(registry, "open_requests", "Requests that are looked after now", measured.open);
    gauge(registry, "parked_requests", "Requests that wait outside, looked at from time to time", measured.parked);
    gauge(registry, "alliance_silent", "1: the alliance cannot be read", measured.is_blind.into());
    let counter = |registry: &mut Registry, name: &str, help: &str, value: u64| {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    counter(
        registry,
        "left_requests",
        "Decided requests brought to their end here, of which others carry a part",
        measured.left_to_others,
    );
    counter(
        registry,
        "crowded_out_requests",
        "How often there was no room for a request that waits; it is looked for again",
        measured.without_room,
    );
    let of_members = |registry: &mut Registry, name: &str, help: &str, value: fn(&MemberMeasured) -> usize| {
        let family = Family::<Member, Gauge>::default();
        for member in &measured.members {
            family.get_or_create(&Member { member: text_of(member.name) }).set(signed(value(member)));
        }
        registry.register(name, help, family);
    };
    of_members(registry, "waiting_requests", "Requests that wait outside for this member", |member| member.waiting);
    of_members(registry, "member_silent", "1: its chain does not answer", |member| {
        (member.reach == Reach::Silent).into()
    });
    of_members(registry, "member_unreached", "1: nothing is carried for it from here", |member| {
        (member.reach == Reach::Elsewhere).into()
    });
}

fn of_anchors(registry: &mut Registry, anchors: &[AnchorSeen]) {
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: &dyn Fn(&AnchorSeen) -> Option<i64>| {
        let family = Family::<Link, Gauge>::default();
        for seen in anchors {
            if let Some(value) = value(seen) {
                family.get_or_create(&link(seen)).set(value);
            }
        }
        registry.register(name, help, family);
    };
    let newest = |seen: &AnchorSeen| seen.standing.and_then(|standing| standing.newest);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    gauge(registry, "anchored_height", "Newest block that the anchor on `host` has of `follows`", &|seen| {
        newest(seen).map(|newest| number(newest.number))
    });
    gauge(registry, "anchored_seconds", "Time of that block by its own chain, in seconds since 1970", &|seen| {
        newest(seen).map(|newest| number(newest.time_ms / 1000))
    });
    gauge(registry, "anchor_lag_blocks", "By how many blocks it is behind `follows`", &|seen| {
        let anchored = newest(seen).map_or(0, |newest| newest.number);
        seen.head.map(|head| number(head.saturating_sub(anchored)))
    });
    gauge(registry, "anchor_frozen", "1: two final blocks of one number were shown, 0: not", &|seen| {
        seen.standing.map(|standing| standing.is_frozen.into())
    });
    let help = "1: the anchor was seen to have another final block than the node that the relay asks, 0: not";
    gauge(registry, "anchor_contradicted", help, &|seen| Some(seen.branch.is_contradicted().into()));
    let help = "1: the anchor has a block that the node which the relay asks does not have (yet), 0: not";
    gauge(registry, "anchor_ahead", help, &|seen| Some(seen.branch.is_ahead().into()));
    gauge(registry, "anchor_failing", "1: headers cannot be pushed", &|seen| Some(seen.failure.is_some().into()));
    gauge(
        registry,
        "last_push_age_seconds",
        "How long ago a header was pushed because enough blocks had passed",
        &|seen| seen.pushed_at.map(|at| number(at.elapsed().as_secs())),
    );
    let headers = Family::<Link, Counter>::default();
    for seen in anchors {
        headers.get_or_create(&link(seen)).inc_by(seen.pushed);
    }
    registry.register("headers", "Headers pushed because enough blocks had passed", headers);
}

fn link(seen: &AnchorSeen) -> Link {
    Link { host: seen.host.clone(), follows: seen.follows.clone() }
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256};
    use chancery_bridge::{
        anchor::Conflict,
        relay::{AnchoredHeader, Standing},
    };

    use super::*;

    fn seen(is_frozen: bool) -> AnchorSeen {
        let newest = AnchoredHeader { number: 7, hash: B256::ZERO, time_ms: 9_000 };
        AnchorSeen {
            host: "land".to_owned(),
            follows: "main".to_owned(),
            anchor: Address::ZERO,
            standing: Some(Standing { newest: Some(newest).filter(|_| !is_frozen), is_frozen }),
            head: Some(70),
            branch: Branch::default(),
            pushed: 3,
            pushed_at: None,
            failure: None,
        }
    }

    fn measured(reach: Reach) -> Measured {
        let member = MemberMeasured { name: B256::right_padding_from(b"land registry"), reach, waiting: 5 };
        Measured { open: 2, parked: 5, left_to_others: 1, without_room: 4, is_blind: false, members: vec![member] }
    }

    // A-MORE-1, ANCHOR-4: a relay that cannot do its work says so, and because of whom.
    #[test]
    fn health_names_a_frozen_anchor_and_a_member_that_is_silent() {
        assert_eq!(reasons(Some(&measured(Reach::Reached)), &[seen(false)]), []);
        assert_eq!(reasons(Some(&measured(Reach::Elsewhere)), &[]), [], "others carry for it");
        let (host, follows) = ("land".to_owned(), "main".to_owned());
        assert_eq!(
            reasons(Some(&Measured { is_blind: true, ..measured(Reach::Silent) }), &[seen(true)]),
            [
                Reason::AllianceSilent,
                Reason::MemberSilent { member: "land registry".to_owned(), waiting: 5 },
                Reason::AnchorFrozen { host, follows, anchor: Address::ZERO.to_string() },
            ]
        );
        // ANCHOR-4: of an older set, of which the anchor takes nothing any more.
        let (first, second) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let branch = Branch::Contradicted {
            conflict: Conflict { number: 7, first, second },
            refusal: Some("EpochMismatch".to_owned()),
        };
        let contradicted = AnchorSeen { branch: branch.clone(), ..seen(false) };
        let text = text(None, std::slice::from_ref(&contradicted));
        assert!(text.contains("anchor_contradicted{host=\"land\",follows=\"main\"} 1"), "{text}");
        assert!(matches!(&reasons(None, &[contradicted])[..], [Reason::AnchorContradicted { number: 7, .. }]));
        let frozen = AnchorSeen { branch, ..seen(true) };
        assert!(matches!(&reasons(None, &[frozen])[..], [Reason::AnchorFrozen { .. }]), "it took the certificate");
        let newest = AnchoredHeader { number: 7, hash: first, time_ms: 0 };
        let unknown = AnchorSeen { branch: Branch::Unknown(newest), ..seen(false) };
        assert!(matches!(&reasons(None, &[unknown])[..], [Reason::AnchorAhead { number: 7, .. }]));
        let unfed = AnchorSeen { failure: Some("it has no money".to_owned()), ..seen(false) };
        assert!(matches!(&reasons(None, &[unfed])[..], [Reason::AnchorUnfed { .. }]));
    }

    #[test]
    fn metrics_tell_what_waits_and_how_far_anchors_are_behind() {
        let text = text(Some(&measured(Reach::Silent)), &[seen(false)]);
        for line in [
            "chancery_relay_open_requests 2",
            "chancery_relay_parked_requests 5",
            "chancery_relay_left_requests_total 1",
            "chancery_relay_crowded_out_requests_total 4",
            "chancery_relay_waiting_requests{member=\"land registry\"} 5",
            "chancery_relay_member_silent{member=\"land registry\"} 1",
            "chancery_relay_anchored_height{host=\"land\",follows=\"main\"} 7",
            "chancery_relay_anchor_lag_blocks{host=\"land\",follows=\"main\"} 63",
            "chancery_relay_anchor_frozen{host=\"land\",follows=\"main\"} 0",
            "chancery_relay_headers_total{host=\"land\",follows=\"main\"} 3",
            "# EOF",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}: {text}");
        }
    }
}
