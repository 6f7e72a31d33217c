//! What the journal says of reading data of registered sources: who, when, what, and by which right; never content (M-MON-2).

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::B256;
use chancery_data::{Operation, merkle::leaf_hash, submission::Access};
use chancery_reference_points::{
    data_search::{DataOperation, DataQuery},
    right::Right,
};

/// What an entry about several operations without a subject is about.
pub(super) const DATA: &str = "data";
/// Data sets that such an entry names.
const MAX_NAMED_SETS: usize = 3;

/// What the journal calls an asset: nothing of its name can be read from it.
pub(super) fn subject_key(organization: &str, format: &str, subject: &str) -> B256 {
    leaf_hash(format!("{organization}\n{format}\n{subject}").as_bytes())
}

fn subject_of(operation: &DataOperation) -> Option<B256> {
    let subject = Operation::parse(operation.operation.as_bytes()).ok()?.subject?;
    Some(subject_key(&operation.organization, &operation.format, &subject))
}

/// Operations that were read, as the journal tells them apart.
pub(super) struct Read<'a> {
    /// By the subject that they are about.
    pub(super) about: BTreeMap<B256, Vec<&'a DataOperation>>,
    /// Not open, and about no subject.
    pub(super) rest: Vec<&'a DataOperation>,
    /// Whether anybody may read all of them.
    pub(super) is_public: bool,
}

impl<'a> Read<'a> {
    pub(super) fn of(operations: &[&'a DataOperation]) -> Self {
        let (mut about, mut rest): (BTreeMap<_, Vec<_>>, _) = (BTreeMap::new(), Vec::new());
        for &operation in operations {
            match subject_of(operation) {
                Some(subject) => about.entry(subject).or_default().push(operation),
                None if operation.access != Access::Public => rest.push(operation),
                None => {}
            }
        }
        let is_public = operations.iter().all(|operation| operation.access == Access::Public);
        Self { about, rest, is_public }
    }
}

/// By which right operations are read: the one that search has decided of each, of several the last in the order of rights.
pub(super) fn right_to(operations: &[&DataOperation]) -> Right {
    operations.iter().map(|operation| Right::from(operation.right)).max().unwrap_or(Right::Open)
}

/// How many operations of which data sets, between which places, and what they were found by. Names of criteria, not what was looked for.
pub(super) fn facts(operations: &[&DataOperation], criteria: &str) -> String {
    let sets: BTreeSet<String> =
        operations.iter().map(|operation| format!("{}/{}", operation.organization, operation.format)).collect();
    let named: Vec<&str> = sets.iter().take(MAX_NAMED_SETS).map(String::as_str).collect();
    let more = sets.len().saturating_sub(MAX_NAMED_SETS);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let places = operations.iter().map(|operation| operation.at.place);
    let (first, last) = (places.clone().min().unwrap_or_default(), places.max().unwrap_or_default());
    let count = operations.len();
    format!("{count} operations, places {first} to {last}, found by {criteria}; of {}{more}", named.join(", "))
}

/// What a query narrows by.
pub(super) fn criteria(query: &DataQuery) -> String {
    let given = [
        ("sources", !query.sources.is_empty()),
        ("formats", !query.formats.is_empty()),
        ("subject", query.subject.is_some()),
        ("fields", !query.fields.is_empty()),
        ("ranges", !query.ranges.is_empty()),
        ("words", query.text.is_some()),
        ("time", query.from.is_some() || query.to.is_some()),
        ("order", query.sort.is_some()),
    ];
    let named: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
    if named.is_empty() { "nothing in particular".to_owned() } else { named.join(", ") }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;
    use chancery_reference_points::{data_search::OperationPlace, read_right::ReadRight};

    use super::*;

    fn operation(access: Access, organization: &str, place: u64, subject: Option<&str>) -> DataOperation {
        let subject = subject.map(|subject| format!(r#""subject":"{subject}","#)).unwrap_or_default();
        DataOperation {
            at: OperationPlace { place, index: 0 },
            digest: B256::ZERO,
            name: B256::ZERO,
            source: Address::ZERO,
            organization: organization.into(),
            format: "water".into(),
            format_version: 1,
            access,
            right: if access == Access::Public { ReadRight::Open } else { ReadRight::Office },
            accepted_at: place,
            operation: format!(r#"{{"time":1,{subject}"content":1}}"#),
        }
    }

    // M-MON-2
    #[test]
    fn the_right_is_the_one_that_covers_everything_that_was_read() {
        let by = |access, right| DataOperation { right, ..operation(access, "OFFICE", 1, None) };
        let open = by(Access::Public, ReadRight::Open);
        let own = by(Access::Restricted, ReadRight::SameOrganization);
        let named = by(Access::Restricted, ReadRight::Named);
        let granted = by(Access::Restricted, ReadRight::Grant);
        let of_office = by(Access::Internal, ReadRight::Office);
        for (read, right) in [
            (vec![&open], Right::Open),
            (vec![&open, &own], Right::SameOrganization),
            (vec![&named, &own], Right::Named),
            (vec![&named, &granted], Right::Granted),
            (vec![&own, &of_office], Right::Role),
            (vec![], Right::Open),
        ] {
            assert_eq!(right_to(&read), right);
        }
    }

    // M-MON-2, MONITORING-1
    #[test]
    fn what_is_about_no_subject_is_one_entry_without_content() {
        let operations = [
            operation(Access::Internal, "OFFICE", 4, None),
            operation(Access::Internal, "OFFICE", 9, None),
            operation(Access::Public, "OFFICE", 11, None),
            operation(Access::Internal, "OFFICE", 12, Some("well 7")),
        ];
        let read = Read::of(&operations.iter().collect::<Vec<_>>());
        assert_eq!((read.about.len(), read.rest.len(), read.is_public), (1, 2, false));
        let query = DataQuery { formats: vec!["water".into()], text: Some("secret".into()), ..DataQuery::default() };
        let facts = facts(&read.rest, &criteria(&query));
        assert_eq!(facts, "2 operations, places 4 to 9, found by formats, words; of OFFICE/water");
    }
}
