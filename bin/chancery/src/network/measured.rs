//! What an operator measures of the nodes in this process: OpenMetrics text, with the same names for one node and for a whole city.
//!
//! The names and the dashboard that reads them: `docs/operations/monitoring/`.

use std::sync::atomic::AtomicU64;

use chancery_chain::{NodeHandle, Severity, diagnose};
use chancery_rpc::{MethodMetrics, NodeStatus};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Chain {
    chain: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Member {
    chain: String,
    organization: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    chain: String,
    method: &'static str,
}

type ByChain = Family<Chain, Gauge>;
type ByMember = Family<Member, Gauge<f64, AtomicU64>>;

/// How a node is, as a number that alerts compare.
pub(crate) fn health(status: &NodeStatus) -> i64 {
    match diagnose(status, None).severity() {
        None => 0,
        Some(Severity::Attention) => 1,
        Some(Severity::Sick) => 2,
    }
}

/// The text of some nodes, without the closing `# EOF`.
pub(crate) fn text<'n>(nodes: impl Iterator<Item = &'n NodeHandle>) -> String {
    let mut registry = Registry::with_prefix("chancery_chain");
    let mut register = |name: &str, help: &str| {
        let family = ByChain::default();
        registry.register(name, help, family.clone());
        family
    };
    let head = register("head_height", "Height of the last final block that is executed");
    let known = register("final_height", "Height of the last block that is known to be final");
    let epoch = register("epoch", "Epoch of consensus");
    let view = register("view", "Last view that was heard of");
    let waiting = register("waiting_transactions", "Transactions that wait");
    let health_of = register("health", "0: nothing is wrong, 1: needs attention, 2: sick, as chancery doctor judges");
    let accused = register("accused_organizations", "Organizations against which evidence is kept");
    let validators = register("validators", "Validators of the epoch");
    let mut register_bytes = |name: &str, help: &str| {
        let family = ByChain::default();
        registry.register_with_unit(name, help, Unit::Bytes, family.clone());
        family
    };
    let free = register_bytes("disk_free", "What may still be written to the chain's file system");
    let total = register_bytes("disk_size", "The chain's file system");
    let mut register_times = |name: &str, help: &str| {
        let family = ByMember::default();
        registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        family
    };
    let last_final = register_times("last_final_time", "When the node last learned of a final block, since 1970");
    let last_heard =
        register_times("validator_last_heard_time", "When a validator last spoke in consensus, since 1970");
    let clock = register_times("validator_clock_ahead", "How far a validator's clock was ahead of this node's");
    let connected = ByMember::default();
    registry.register("validator_connected", "1: connected, 0: not", connected.clone());

    let calls = Calls::register(&mut registry);
    for node in nodes {
        let status = node.status();
        let chain = Chain { chain: status.chain.clone() };
        let set = |family: &ByChain, value: u64| {
            family.get_or_create(&chain).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&head, status.head.height);
        set(&known, status.final_height.max(status.head.height));
        set(&epoch, status.epoch);
        set(&view, status.view);
        set(&waiting, status.waiting_transactions);
        set(&accused, status.accused.len() as u64);
        set(&validators, status.validators.len() as u64);
        health_of.get_or_create(&chain).set(health(&status));
        if let Some(disk) = &status.disk {
            set(&free, disk.free_bytes);
            set(&total, disk.total_bytes);
        }
        for validator in &status.validators {
            let member = Member { chain: status.chain.clone(), organization: validator.organization.clone() };
            if let Some(heard) = validator.last_heard_ms {
                last_heard.get_or_create(&member).set(seconds(heard));
            }
            if let Some(ahead) = validator.clock_ahead_ms {
                clock.get_or_create(&member).set(ahead as f64 / 1000.0);
            }
            if validator.is_me {
                if let Some(at) = status.head.last_final_at_ms {
                    last_final.get_or_create(&member).set(seconds(at));
                }
            } else {
                connected.get_or_create(&member).set(if validator.connected_since_ms.is_some() { 1.0 } else { 0.0 });
            }
        }
        calls.add(&status.chain, &node.rpc().metrics().snapshot());
    }
    let mut text = String::new();
    // Writing to a string does not fail.
    encode(&mut text, &registry).ok();
    text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned()
}

/// JSON-RPC by method.
struct Calls {
    requests: Family<Call, Counter>,
    errors: Family<Call, Counter>,
    slow: Family<Call, Counter>,
    duration: Family<Call, Counter<f64, AtomicU64>>,
}

impl Calls {
    fn register(registry: &mut Registry) -> Self {
        let calls = Self {
            requests: Family::default(),
            errors: Family::default(),
            slow: Family::default(),
            duration: Family::default(),
        };
        registry.register("rpc_requests", "JSON-RPC calls answered, errors included", calls.requests.clone());
        registry.register("rpc_errors", "JSON-RPC calls answered with an error", calls.errors.clone());
        registry.register("rpc_slow_requests", "JSON-RPC calls that took more than a second", calls.slow.clone());
        registry.register_with_unit(
            "rpc_duration",
            "Time spent on JSON-RPC calls",
            Unit::Seconds,
            calls.duration.clone(),
        );
        calls
    }

    fn add(&self, chain: &str, methods: &[MethodMetrics]) {
        for method in methods.iter().filter(|method| method.requests > 0) {
            let call = Call { chain: chain.to_owned(), method: method.method };
            self.requests.get_or_create(&call).inc_by(method.requests);
            self.errors.get_or_create(&call).inc_by(method.errors);
            self.slow.get_or_create(&call).inc_by(method.buckets.last().copied().unwrap_or_default());
            self.duration.get_or_create(&call).inc_by(method.total_us as f64 / 1e6);
        }
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
