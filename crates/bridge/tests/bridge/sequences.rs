//! What becomes of requests, in the file to which the contract is held as well. `CHANCERY_BLESS=1` writes it.
use alloy_primitives::{Address, B256, U256};
use chancery_bridge::alliance::{
    certificate::{IdentityCertificate, Scope, TransactionCertificate},
    policy::Policy,
    sequence::{Examined, examine},
};
use serde_json::{Value, json};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/sequences.json");
const CASES: usize = 96;
/// Seconds between issuing the certificates and sequencing.
const WAIT_S: u64 = 1000;

fn name(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

fn word(number: u64) -> B256 {
    B256::from(U256::from(number))
}

/// Nodes of two members, and of a third that has left.
fn certificates() -> Vec<(TransactionCertificate, IdentityCertificate)> {
    let mut all = Vec::new();
    for member in ["bank", "land registry", "tax office"] {
        for node in ["A", "B", "C"] {
            // A second certificate of each node, and what can be wrong with one.
            let good = (Scope::ENDORSE, 2 * WAIT_S, false, false);
            let mut kinds = vec![good, (Scope::BOTH, WAIT_S + 1, false, false)];
            match node {
                "A" => kinds.push((Scope::ENDORSE, WAIT_S, false, false)),
                "B" => kinds.push((Scope::ENDORSE, 2 * WAIT_S, true, false)),
                _ => kinds
                    .extend([(Scope::REQUEST, 2 * WAIT_S, false, false), (Scope::ENDORSE, 2 * WAIT_S, false, true)]),
            }
            for (scope, valid_until, revoked, identity_revoked) in kinds {
                let identity = u64::try_from(all.len()).unwrap();
                all.push((
                    TransactionCertificate { identity, scope, valid_until, revoked },
                    IdentityCertificate {
                        node: name(node),
                        member: name(member),
                        key: Address::ZERO,
                        valid_until: 3 * WAIT_S,
                        revoked: identity_revoked,
                    },
                ));
            }
        }
    }
    all
}

/// A few bits that look like chance and are the same at every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn case(draw: &mut Draw, policy: &Policy, known: &[(TransactionCertificate, IdentityCertificate)]) -> Value {
    let members = [name("bank"), name("land registry")];
    let parts = &members[usize::try_from(draw.below(2)).unwrap()..];
    let count = draw.below(9);
    let endorsements: Vec<_> = (0..count)
        .map(|_| {
            let member = parts[usize::try_from(draw.below(u64::try_from(parts.len()).unwrap())).unwrap()];
            // Mostly of the member's own nodes, so that requests pass too.
            let own: Vec<_> = (0..known.len())
                .filter(|i| {
                    known[*i].1.member == member
                        && known[*i].0.valid_until > WAIT_S
                        && !known[*i].0.revoked
                        && !known[*i].1.revoked
                        && known[*i].0.scope.allows(Scope::ENDORSE)
                })
                .collect();
            let any = draw.below(u64::try_from(known.len()).unwrap() + 3);
            let good = own[usize::try_from(draw.below(u64::try_from(own.len()).unwrap())).unwrap()];
            let serial = if draw.below(6) == 0 { any } else { u64::try_from(good).unwrap() };
            Examined {
                serial,
                member,
                certificate: known.get(usize::try_from(serial).unwrap()).copied(),
                is_signed: draw.below(16) != 0,
            }
        })
        .collect();
    let verdict = examine(
        parts.iter().map(|member| (*member, policy)),
        &endorsements,
        |member| member != name("tax office"),
        WAIT_S,
    );
    json!({
        "parts": parts,
        "certificates": endorsements.iter().map(|endorsement| word(endorsement.serial)).collect::<Vec<_>>(),
        "members": endorsements.iter().map(|endorsement| endorsement.member).collect::<Vec<_>>(),
        "signed": endorsements.iter().map(|endorsement| word(u64::from(endorsement.is_signed))).collect::<Vec<_>>(),
        "badMembers": verdict.bad.iter().map(|bad| bad.member).collect::<Vec<_>>(),
        "badCertificates": verdict.bad.iter().map(|bad| word(bad.serial)).collect::<Vec<_>>(),
        "faults": verdict.bad.iter().map(|bad| word(bad.fault as u64)).collect::<Vec<_>>(),
        "missing": verdict.missing.iter().map(|missing| missing.member).collect::<Vec<_>>(),
        "weights": verdict.missing.iter().map(|missing| B256::from(U256::from(missing.weight))).collect::<Vec<_>>(),
    })
}

fn vectors() -> Value {
    let policy = Policy::new([(name("A"), 50), (name("B"), 49), (name("C"), 1)]).unwrap();
    let known = certificates();
    let mut draw = Draw(0x43);
    let cases: Vec<_> = (0..CASES).map(|_| case(&mut draw, &policy, &known)).collect();
    json!({
        "waitSeconds": WAIT_S,
        "nodes": known.iter().map(|(_, identity)| identity.node).collect::<Vec<_>>(),
        "members": known.iter().map(|(_, identity)| identity.member).collect::<Vec<_>>(),
        "scopes": known.iter().map(|(transaction, _)| word(transaction.scope.code().into())).collect::<Vec<_>>(),
        "validUntil": known.iter().map(|(transaction, _)| word(transaction.valid_until)).collect::<Vec<_>>(),
        "revoked": known.iter().map(|(transaction, _)| word(transaction.revoked.into())).collect::<Vec<_>>(),
        "identityRevoked": known.iter().map(|(_, identity)| word(identity.revoked.into())).collect::<Vec<_>>(),
        "cases": cases,
    })
}

#[test]
fn verdicts_are_those_of_the_file() {
    let mut vectors = vectors();
    // In one order, whatever features serde_json is built with.
    vectors.sort_all_objects();
    let text = format!("{}\n", serde_json::to_string_pretty(&vectors).unwrap());
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    assert!(std::fs::read_to_string(PATH).unwrap() == text, "CHANCERY_BLESS=1 writes {PATH}");
}

#[test]
fn the_file_has_every_fault_that_a_contract_can_find_and_requests_that_pass() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    for code in [1_u64, 2, 3, 4, 6, 7, 8, 9] {
        let wanted = json!(word(code));
        assert!(cases.iter().any(|case| case["faults"].as_array().unwrap().contains(&wanted)), "fault {code}");
    }
    let is_empty = |case: &Value, list: &str| case[list].as_array().unwrap().is_empty();
    let passing = cases.iter().filter(|case| is_empty(case, "faults") && is_empty(case, "missing")).count();
    assert!((5..CASES - 5).contains(&passing), "{passing} pass");
}
