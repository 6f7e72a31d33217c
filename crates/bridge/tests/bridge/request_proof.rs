//! The proof of how a request ended, against the shared file of vectors, which another implementation makes (`sdk/typescript/tests/request-proof`), and against every changed digit.

use alloy_primitives::Address;
use chancery_bridge::proof::{Ending, ProofFailure, RequestProof, VerifiedRequest, is_request_proof};
use chancery_light::{ChainEssentials, TrustedChain};
use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/request-proof.json");

/// What whoever verifies knows.
struct Known {
    alliance: (TrustedChain, Address),
    chains: Vec<TrustedChain>,
}

impl Known {
    fn verify(&self, proof: &RequestProof) -> Result<VerifiedRequest, ProofFailure> {
        proof.verify((&self.alliance.0, self.alliance.1), &self.chains)
    }
}

fn vectors() -> (Known, Value) {
    let vectors: Value = serde_json::from_slice(&std::fs::read(PATH).unwrap()).unwrap();
    let chains: Vec<ChainEssentials> = serde_json::from_value(vectors["chains"].clone()).unwrap();
    let home: ChainEssentials = serde_json::from_value(vectors["alliance"]["chain"].clone()).unwrap();
    let contract: Address = serde_json::from_value(vectors["alliance"]["contract"].clone()).unwrap();
    let chains = chains.into_iter().map(|chain| TrustedChain::new(chain).unwrap()).collect();
    (Known { alliance: (TrustedChain::new(home).unwrap(), contract), chains }, vectors)
}

/// How it ended, or the check that refuses it.
fn verdict(file: &Value, known: &Known) -> String {
    let read = RequestProof::from_json(file.to_string().as_bytes());
    match read.and_then(|proof| known.verify(&proof)) {
        Ok(verified) => match verified.outcome {
            Ending::Committed => "committed".to_owned(),
            Ending::Aborted => "aborted".to_owned(),
            Ending::Invalid => "invalid".to_owned(),
        },
        Err(failure) => failure.check,
    }
}

/// Puts a value at a pointer, or takes away what stands there.
fn change(file: &mut Value, pointer: &str, value: Option<&Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap(), value) {
        (Value::Object(fields), Some(value)) => _ = fields.insert(name.to_owned(), value.clone()),
        (Value::Object(fields), None) => _ = fields.remove(name).unwrap(),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value.clone(),
        (Value::Array(items), None) => _ = items.remove(name.parse().unwrap()),
        (other, _) => panic!("nothing stands in {other}"),
    }
}

// A-MORE-3, REQUEST-PROOF-1 to REQUEST-PROOF-8
#[test]
fn each_forgery_is_refused_by_the_check_that_the_file_of_vectors_names() {
    let (known, vectors) = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 33);
    for case in cases {
        let mut file = vectors["bases"][case["base"].as_str().unwrap()].clone();
        for each in case["changes"].as_array().unwrap() {
            change(&mut file, each[0].as_str().unwrap(), each.get(1));
        }
        let name = case["name"].as_str().unwrap();
        assert_eq!(verdict(&file, &known), case["expect"].as_str().unwrap(), "{name}");
    }
}

// A-MORE-3: what is told of a committed request, and of a refused one.
#[test]
fn what_was_written_and_why_it_was_refused_is_told() {
    let (known, vectors) = vectors();
    let verified = |base: &str| {
        let file = vectors["bases"][base].to_string();
        assert!(is_request_proof(file.as_bytes()));
        known.verify(&RequestProof::from_json(file.as_bytes()).unwrap()).unwrap()
    };
    let committed = verified("committed");
    assert_eq!((committed.number, committed.decided.chain_id, committed.members.len()), (7, 7100, 2));
    let versions: Vec<_> = committed.members.iter().flat_map(|it| &it.writes).map(|write| write.version).collect();
    assert_eq!((versions, committed.unproven.len()), (vec![5, 1, 1], 0));
    assert_eq!(verified("withForeign").unproven.len(), 1);
    let refused = verified("refused");
    let why = refused.refusal.unwrap();
    assert_eq!((why.reason, why.expected, why.actual, why.key.is_some()), (1, 4, 5, true));
    assert!(verified("expired").refused_by.is_none());
}

// A-MORE-3: whichever digit or number of the file is another one, some check fails.
#[test]
fn a_changed_digit_anywhere_is_refused() {
    let (known, vectors) = vectors();
    let whole = &vectors["bases"]["committed"];
    let mut pointers = Vec::new();
    leaves(whole, &mut String::new(), &mut pointers);
    assert!(pointers.len() > 80, "{}", pointers.len());
    for pointer in pointers {
        let mut file = whole.clone();
        let leaf = file.pointer_mut(&pointer).unwrap();
        match leaf {
            Value::String(text) => {
                // The last digit is never one of a leading zero that is left out.
                let last = if text.ends_with('1') { '2' } else { '1' };
                text.pop();
                text.push(last);
            }
            Value::Number(number) => *leaf = Value::from(number.as_u64().unwrap() + 1),
            other => panic!("{other} at {pointer}"),
        }
        assert_ne!(verdict(&file, &known), "committed", "{pointer}");
    }
}

fn leaves(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let mut below = |name: &str, inner: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(name);
        leaves(inner, at, found);
        at.truncate(length);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| below(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, inner)| below(&place.to_string(), inner)),
        _ => found.push(at.clone()),
    }
}
