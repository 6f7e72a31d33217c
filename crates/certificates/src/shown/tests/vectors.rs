//! The shared vectors: what both verifiers say about each answer (`docs/specs/trust.md`, "Asked from outside"; made by `sdk/typescript/tests/staple/shown-cases.ts`).

use serde_json::Value;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    host: ChainEssentials,
    followed: ChainEssentials,
    base: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// A pointer, and what stands there; nothing: the member is removed.
    changes: Vec<Vec<Value>>,
    now: UnixSeconds,
    holder: Address,
    kind: String,
    expect: String,
    verified: Option<Expected>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    as_of: UnixSeconds,
    age_seconds: u64,
    agreed_at: UnixSeconds,
    agreed_until: UnixSeconds,
}

fn vectors() -> Vectors {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/shown.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

impl Vectors {
    fn answer(&self, case: &Case) -> Value {
        let mut answer = self.base.clone();
        for change in &case.changes {
            let (parent, name) = change[0].as_str().unwrap().rsplit_once('/').unwrap();
            let members = answer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match change.get(1) {
                Some(value) => members.insert(name.to_owned(), value.clone()),
                None => members.remove(name),
            };
        }
        answer
    }

    /// As somebody finds out who runs no EVM: by the codes that the genesis has.
    fn said(&self, case: &Case) -> Result<Expected, &'static str> {
        let (host, followed) =
            (TrustedChain::new(self.host.clone()).unwrap(), TrustedChain::new(self.followed.clone()).unwrap());
        let answer = self.answer(case);
        let proof = answer.get("proof").cloned().unwrap_or_default();
        let proof: ShownProof = serde_json::from_value(proof).map_err(|_| "proof-present")?;
        let genesis: Option<GenesisCodes> =
            answer.get("genesis").and_then(|genesis| serde_json::from_value(genesis.clone()).ok());
        let asked = Asked {
            host: &host,
            followed: &followed,
            holder: case.holder,
            kind: case.kind.parse().unwrap(),
            max_age_s: MAX_AGE_S,
            now: case.now,
        };
        let codes = |by| genesis.and_then(|genesis| genesis.codes(&host, by).ok());
        let verified = proof.verify(&asked, codes).map_err(|failure| failure.check)?;
        Ok(Expected {
            as_of: verified.as_of,
            age_seconds: verified.age_s,
            agreed_at: verified.agreed_at,
            agreed_until: verified.agreed_until,
        })
    }
}

// C-CHAINS, SHOWN-1 to SHOWN-6
#[test]
fn every_vector_is_accepted_or_refused_by_the_check_that_it_names() {
    let vectors = vectors();
    for case in &vectors.cases {
        let said = vectors.said(case);
        match &case.verified {
            Some(expected) => assert_eq!(said.as_ref(), Ok(expected), "{}", case.name),
            None => assert_eq!(said, Err(&*case.expect), "{}", case.name),
        }
    }
    assert!(vectors.cases.len() > 30, "{} cases", vectors.cases.len());
}
