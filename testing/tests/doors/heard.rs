//! What is heard at the doors of a city: each answer by what of it two cities with the same history share, each refusal by its code.

use std::{collections::BTreeSet, sync::Mutex};

use chancery_reference_points::{Code, DoorResult};

/// The doors with their operations.
const PROTOS: [&str; 2] = [
    include_str!("../../../crates/doors/proto/chancery/doors/v1/inner.proto"),
    include_str!("../../../crates/doors/proto/chancery/doors/v1/outer.proto"),
];

/// What was heard in the city of the other test, whichever of the two ends first.
static OTHER: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// What is heard, in the order in which it is asked.
#[derive(Default)]
pub(crate) struct Heard {
    lines: Vec<String>,
    answered: BTreeSet<String>,
    refused: BTreeSet<String>,
}

impl Heard {
    /// An answer, which there has to be. `shared`: what of it depends on neither keys nor times.
    pub(crate) fn answered<T>(
        &mut self,
        operation: &str,
        outcome: DoorResult<T>,
        shared: impl FnOnce(&T) -> String,
    ) -> T {
        let answer = outcome.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
        self.lines.push(format!("{operation} answers: {}", shared(&answer)));
        self.answered.insert(operation.to_owned());
        answer
    }

    /// A refusal, which there has to be, with this code.
    pub(crate) fn refused<T>(&mut self, operation: &str, outcome: DoorResult<T>, code: Code) {
        let Err(error) = outcome else { panic!("{operation} answers what it should refuse with {}", code.name()) };
        assert_eq!(error.code(), code, "{operation}: {error:?}");
        let members: Vec<&str> = error.members().keys().map(String::as_str).collect();
        self.lines.push(format!("{operation} refuses: {} ({})", code.name(), members.join(", ")));
        self.refused.insert(operation.to_owned());
    }

    /// Every operation of every door has answered and has refused, and the city of the other test has told the same.
    pub(crate) fn assert_whole_and_the_same(self) {
        let all = operations();
        assert_eq!(self.answered, all, "what answered, and what there is");
        assert_eq!(self.refused, all, "what refused, and what there is");
        let mut other = OTHER.lock().unwrap();
        match other.take() {
            Some(other) => assert_eq!(self.lines, other, "one process and five are not the same to who asks"),
            None => *other = Some(self.lines),
        }
    }
}

/// `SERVICE.OPERATION` of every door.
fn operations() -> BTreeSet<String> {
    let mut operations = BTreeSet::new();
    for proto in PROTOS {
        let mut service = "";
        for line in proto.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("service ") {
                service = rest.trim_end_matches(['{', ' ']);
            } else if let Some((operation, _)) = line.strip_prefix("rpc ").and_then(|rest| rest.split_once('(')) {
                operations.insert(format!("{service}.{operation}"));
            }
        }
    }
    operations
}

/// Names, in one line.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

/// Nothing that two cities share but that there is an answer.
pub(crate) fn something<T>(_: &T) -> String {
    String::new()
}
