//! The files of an alliance of a city, as `docs/specs/alliance.md` has them.

use std::path::Path;

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{
    NODE, Registry,
    plan::{Plan, Seat},
};
use crate::city::layout::CityChain;

pub(super) const FOUNDER_KEY: &str = "founder.key";
pub(super) const REGISTRY: &str = "registry.json";
pub(super) const ALLIANCE: &str = "alliance.json";
pub(super) const RELAY: &str = "relay.toml";
pub(super) const AUTHORITY_KEY: &str = "authority.key";
pub(super) const NODE_KEY: &str = "node.key";
pub(super) const MEMBER: &str = "member.toml";
pub(super) const DECLARED: &str = "declared.json";
pub(super) const ISSUED: &str = "node.json";
pub(super) const ENDORSER: &str = "endorser.toml";
pub(super) const REQUESTER: &str = "requester.toml";

pub(super) fn member(plan: &Plan, seat: &Seat, registry: Registry) -> Result<String> {
    let others = plan.seats.iter().map(|other| &other.name).filter(|name| **name != seat.name);
    text(&json!({
        "name": seat.name,
        "purpose": plan.purpose,
        "partners": others.collect::<Vec<_>>(),
        "key_file": AUTHORITY_KEY,
        "node_contract": plan.node_contract,
        "registry": registry.registry,
        "registry_transaction": registry.transaction,
        "endorsers": [{"node": NODE, "weight": 1}],
        "alliance_chain": chain(plan, plan.home)?,
        "chain": chain(plan, seat.chain)?,
    }))
}

pub(super) fn endorser(
    plan: &Plan,
    seat: &Seat,
    (alliance, node_contract): (Address, Address),
    certificate: u64,
) -> Result<String> {
    text(&json!({
        "listen": local(seat.port),
        "member": seat.name,
        "node_contract": node_contract,
        "certificate": certificate,
        "key_file": NODE_KEY,
        "chain": chain(plan, seat.chain)?,
        "alliance": {"chain_id": plan.id_of(plan.home), "contract": alliance, "chain": chain(plan, plan.home)?},
    }))
}

pub(super) fn requester(plan: &Plan, alliance: Address, certificate: u64) -> Result<String> {
    let endorsers = plan.seats.iter().map(endorsers_of);
    text(&json!({
        "certificate": certificate,
        "key_file": NODE_KEY,
        "relay": format!("http://{}", local(plan.service_port)),
        "tell_steps": true,
        "chains": chains(plan)?,
        "alliance": {"chain": plan.home.name, "contract": alliance},
        "endorsers": endorsers.collect::<Vec<_>>(),
    }))
}

pub(super) fn relay(plan: &Plan, alliance: Address) -> Result<String> {
    let endorsers = plan.seats.iter().map(endorsers_of);
    let relays = json!({"urls": [format!("http://{}", local(plan.service_port))]});
    text(&json!({
        "listen": local(plan.service_port),
        "chains": chains(plan)?,
        "alliance": {"chain": plan.home.name, "contract": alliance},
        "reporters": endorsers.chain([relays]).collect::<Vec<_>>(),
    }))
}

fn endorsers_of(seat: &Seat) -> Value {
    json!({"member": seat.name, "urls": [format!("http://{}", local(seat.port))]})
}

fn chains(plan: &Plan) -> Result<Vec<Value>> {
    [plan.home].into_iter().chain(plan.seats.iter().map(|seat| seat.chain)).map(|it| chain(plan, it)).collect()
}

fn chain(plan: &Plan, of: CityChain) -> Result<Value> {
    let (rpc, genesis) = plan.place(of);
    Ok(json!({"name": of.name, "rpc": rpc, "genesis": utf8(genesis)?}))
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8, which a configuration has to be", path.display()))
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn text(value: &Value) -> Result<String> {
    Ok(format!("# Made by `chancery alliance found`, which keeps what stands here.\n{}", toml::to_string(value)?))
}
