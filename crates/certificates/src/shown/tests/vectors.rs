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
    #[serde(default)]
    valid_until: Option<Value>,
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

    /// As somebody finds out who runs no EVM: by the codes that the genesis has, and what its factory has made.
    fn said(&self, case: &Case, computed: Option<CodeHashes>) -> Result<Expected, &'static str> {
        let (host, followed) =
            (TrustedChain::new(self.host.clone()).unwrap(), TrustedChain::new(self.followed.clone()).unwrap());
        let answer: ShownAnswer = serde_json::from_value(self.answer(case)).unwrap();
        let asked = Asked {
            host: &host,
            followed: &followed,
            holder: case.holder,
            kind: case.kind.parse().unwrap(),
            max_age_s: MAX_AGE_S,
            now: case.now,
        };
        let (verified, period) = answer.verify(&asked, |_| computed).map_err(|failure| failure.check)?;
        Ok(Expected {
            as_of: verified.as_of,
            age_seconds: verified.age_s,
            agreed_at: verified.agreed_at,
            agreed_until: verified.agreed_until,
            valid_until: match period {
                Period::NotProven => None,
                Period::Unlimited => Some(Value::from("unlimited")),
                Period::Until(until) => Some(Value::from(until.get())),
            },
        })
    }
}

// C-CHAINS, SHOWN-1 to SHOWN-8
#[test]
fn every_vector_is_accepted_or_refused_by_the_check_that_it_names() {
    let vectors = vectors();
    for case in &vectors.cases {
        // Whoever has computed the codes of another version knows as much as who has computed none.
        let of_others = CodeHashes { anchor: B256::repeat_byte(1), held: B256::repeat_byte(2) };
        for computed in [None, Some(of_others)] {
            let said = vectors.said(case, computed);
            match &case.verified {
                Some(expected) => assert_eq!(said.as_ref(), Ok(expected), "{}", case.name),
                None => assert_eq!(said, Err(&*case.expect), "{}", case.name),
            }
        }
    }
    assert!(vectors.cases.len() > 50, "{} cases", vectors.cases.len());
}
