//! `chancery alliance members`: who is in, since when, with which weights, and when certificates end.

use anyhow::Result;
use chancery_bridge::{
    alliance::certificate::Scope,
    establish::{self, Roster, RosterIdentity, RosterMember, RosterPermit},
    progress::AllianceState,
};
use serde_json::{Value, json};

use super::{authority::alliance, text_of};
use crate::{arguments::ShowAlliance, output::Output};

/// Said of an identity that ends soon while the node has no other one.
const RENEW: &str = "\n    WARNING: it ends soon, and what the node signs counts no more then: its member's authority issues another one for the same node and key (`chancery alliance issue-identity`; `chancery alliance found` does it by itself)";

pub(super) async fn run(command: &ShowAlliance, output: &Output) -> Result<()> {
    let alliance = alliance(&command.alliance).await?;
    let progress = output.progress("reading the alliance");
    let roster = Box::pin(establish::roster(&alliance)).await;
    progress.finish_and_clear();
    let roster = roster?;
    let members: Vec<_> = roster.members.iter().map(|member| member_json(member, &roster)).collect();
    output.answer(
        &json!({
            "contract": alliance.address,
            "chainId": alliance.chain.config().chain_id,
            "purpose": text_of(roster.purpose),
            "state": state(&roster),
            "acceptUntil": roster.accept_until,
            "time": roster.time_s,
            "registry": roster.registry,
            "members": members,
        }),
        text(&roster),
    );
    Ok(())
}

fn state(roster: &Roster) -> &'static str {
    match roster.state {
        Some(AllianceState::Proposed) => "proposed",
        Some(AllianceState::Active) => "active",
        Some(AllianceState::Dissolved) => "dissolved",
        None => "unknown",
    }
}

const fn scope(permit: &RosterPermit) -> &'static str {
    match permit.scope {
        Some(scope) if scope.allows(Scope::BOTH) => "both",
        Some(scope) if scope.allows(Scope::REQUEST) => "request",
        Some(_) => "endorse",
        None => "unknown",
    }
}

fn member_json(member: &RosterMember, roster: &Roster) -> Value {
    let endorsers = member.endorsers.iter().map(|(node, weight)| json!({"node": text_of(*node), "weight": weight}));
    json!({
        "name": text_of(member.name),
        "authority": member.authority,
        "chainId": member.chain_id,
        "genesisHash": member.genesis_hash,
        "isForeign": member.genesis_hash.is_none(),
        "nodeContract": member.node_contract,
        "anchor": member.anchor,
        "hasAccepted": member.has_accepted,
        "since": member.since_s,
        "endorsers": endorsers.collect::<Vec<_>>(),
        "totalWeight": member.total_weight.to_string(),
        "identities": member.identities.iter().map(|identity| identity_json(identity, roster)).collect::<Vec<_>>(),
    })
}

fn identity_json(identity: &RosterIdentity, roster: &Roster) -> Value {
    let permits = identity.permits.iter().map(|permit| {
        json!({
            "serial": permit.serial,
            "scope": scope(permit),
            "validUntil": permit.valid_until,
            "revoked": permit.is_revoked,
        })
    });
    json!({
        "serial": identity.serial,
        "node": text_of(identity.node),
        "key": identity.key,
        "validUntil": identity.valid_until,
        "revoked": identity.is_revoked,
        "toBeRenewed": roster.is_to_be_renewed(identity),
        "transactions": permits.collect::<Vec<_>>(),
    })
}

fn text(roster: &Roster) -> String {
    let mut text = format!("{} ({}), {} members", text_of(roster.purpose), state(roster), roster.members.len());
    for member in &roster.members {
        text.push_str(&member_text(member, roster));
    }
    text
}

fn member_text(member: &RosterMember, roster: &Roster) -> String {
    let is_proposed = roster.state == Some(AllianceState::Proposed);
    let standing = match (is_proposed, member.has_accepted, member.since_s) {
        (true, false, _) => "has not accepted yet".to_owned(),
        (_, _, Some(since)) => format!("since {since} (Unix seconds)"),
        (_, _, None) => "for longer than is looked back".to_owned(),
    };
    let foreign = if member.genesis_hash.is_none() { ", foreign: its outcomes are attested" } else { "" };
    let weights: Vec<_> =
        member.endorsers.iter().map(|(node, weight)| format!("{} {weight}", text_of(*node))).collect();
    let mut text = format!(
        "\n\n{} {standing}\n  chain {}{foreign}, node contract {}\n  authority {}\n  endorsers {} (of {})",
        text_of(member.name),
        member.chain_id,
        member.node_contract,
        member.authority,
        weights.join(", "),
        member.total_weight
    );
    for identity in &member.identities {
        text.push_str(&format!(
            "\n  identity {} of {}: {}",
            identity.serial,
            text_of(identity.node),
            end(identity.valid_until, identity.is_revoked, roster.time_s)
        ));
        if roster.is_to_be_renewed(identity) {
            text.push_str(RENEW);
        }
        for permit in &identity.permits {
            let end = end(permit.valid_until, permit.is_revoked, roster.time_s);
            text.push_str(&format!("\n    certificate {} ({}): {end}", permit.serial, scope(permit)));
        }
    }
    text
}

fn end(valid_until: u64, is_revoked: bool, now: u64) -> String {
    if is_revoked {
        return "revoked".to_owned();
    }
    let left = valid_until.saturating_sub(now);
    format!("until {valid_until}, {} h {} min left", left / 3600, left % 3600 / 60)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, B256, U256};

    use super::*;

    const DAY_S: u64 = 86_400;

    fn roster(left_s: &[u64]) -> Roster {
        let now = 1_790_000_000;
        let identities = left_s.iter().zip(1..).map(|(left, serial)| RosterIdentity {
            serial,
            node: B256::right_padding_from(b"node 1"),
            key: Address::repeat_byte(1),
            valid_until: now + left,
            is_revoked: false,
            permits: Vec::new(),
        });
        let bank = RosterMember {
            name: B256::right_padding_from(b"bank"),
            authority: Address::ZERO,
            chain_id: 7104,
            genesis_hash: Some(B256::repeat_byte(2)),
            node_contract: Address::ZERO,
            anchor: Address::ZERO,
            has_accepted: true,
            since_s: None,
            endorsers: Vec::new(),
            total_weight: U256::ONE,
            identities: identities.collect(),
        };
        Roster {
            purpose: B256::right_padding_from(b"mortgages"),
            state: Some(AllianceState::Active),
            accept_until: 0,
            time_s: now,
            registry: Address::ZERO,
            members: vec![bank],
        }
    }

    // A-CERT: where members are listed it stands in time that a node will lose its identity, unless it has another one already.
    #[test]
    fn an_identity_that_ends_soon_is_warned_of() {
        let shown = |left_s: &[u64]| {
            let roster = roster(left_s);
            let json = member_json(roster.members.first().unwrap(), &roster);
            let due: Vec<_> =
                json["identities"].as_array().unwrap().iter().map(|it| it["toBeRenewed"].clone()).collect();
            (text(&roster).matches("WARNING").count(), due)
        };
        assert_eq!(shown(&[61 * DAY_S]), (0, vec![json!(false)]));
        assert_eq!(shown(&[59 * DAY_S]), (1, vec![json!(true)]));
        assert_eq!(shown(&[700 * DAY_S, 59 * DAY_S]), (0, vec![json!(false); 2]));
    }
}
