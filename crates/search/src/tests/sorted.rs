//! Pages in another order than that of acceptance, against sorting everything.

use chancery_reference_points::data_search::Sort;

use super::*;

/// A member as it is written, and where it stands among all: the same number is the same, whatever its spelling.
const MEMBERS: [(&str, u8); 10] = [
    (r#""n":-1.5,"#, 0),
    (r#""n":2,"#, 1),
    (r#""n":2.0,"#, 1),
    (r#""n":1e3,"#, 2),
    (r#""n":["a","z"],"#, 3),
    (r#""n":"港口","#, 4),
    (r#""n":false,"#, 5),
    (r#""n":true,"#, 6),
    (r#""n":null,"#, 7),
    ("", ABSENT),
];
const ABSENT: u8 = 9;

/// Every operation over all pages, in their order.
fn sorted(index: &SearchIndex, query: &DataQuery, kept: &Kept, sees: impl Fn() -> Sight) -> Vec<OperationPlace> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let plan = Plan::new(query.clone(), sees()).unwrap();
        let page = plan.sorting.as_ref().unwrap().page(&plan, index, kept).unwrap().unwrap();
        assert!(page.found.len() <= plan.limit);
        all.extend(
            page.found.iter().map(|(submission, row)| OperationPlace { place: submission.place, index: row.index }),
        );
        let Some((at, key)) = page.next else { return all };
        query.after = Some(at);
        query.sort.as_mut().unwrap().after = Some(key);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    // SEARCH-7, SEARCH-3, M-SER-2: over chunks, the tail and pages, the same as sorting all that the asker sees.
    #[test]
    fn a_sorted_search_has_everything_once_and_in_order(
        submissions in prop::collection::vec((prop::collection::vec((0..10_usize, 0..4_u64), 1..4), any::<bool>()), 1..40),
        by_time: bool, descending: bool, limit in 1..9_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let index = SearchIndex::open_with(folder.path(), u64::MAX, 16).unwrap();
        let (mut kept, mut expected) = (Kept::default(), Vec::new());
        for (place, (operations, is_public)) in (0_u64..).zip(&submissions) {
            let text = |(member, time): &(usize, u64)| format!(r#"{{"time":{time},"content":{{{}"m":1}}}}"#, MEMBERS[*member].0);
            let texts: Vec<String> = operations.iter().map(text).collect();
            kept.keep(place, &texts);
            let access = if *is_public { Access::Public } else { Access::Internal };
            index.add(&submission(place, "f", access, &texts)).unwrap();
            for (at, (member, time)) in (0..).zip(operations).filter(|_| *is_public) {
                let rank = if by_time { *time as u8 } else { MEMBERS[*member].1 };
                expected.push((rank, OperationPlace { place, index: at }));
            }
        }
        expected.sort_by(|left, right| {
            let order = if descending { right.cmp(left) } else { left.cmp(right) };
            let is_last = |one: &(u8, OperationPlace)| one.0 == ABSENT;
            is_last(left).cmp(&is_last(right)).then(order)
        });
        let field = if by_time { "time" } else { "content.n" };
        let sort = Some(Sort { field: field.into(), descending, after: None });
        let query = DataQuery { sort, limit: Some(limit), ..DataQuery::default() };
        let found = sorted(&index, &query, &kept, || everybody(&index));
        prop_assert_eq!(found, expected.into_iter().map(|(_, at)| at).collect::<Vec<_>>());
    }
}

// SEARCH-7: what comes between two pages, or is gone by then, moves nothing else.
#[test]
fn pages_go_on_where_they_ended_whatever_happens_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open_with(folder.path(), u64::MAX, 4).unwrap();
    let mut kept = Kept::default();
    let mut add = |place: u64, level: u64| {
        let texts = [format!(r#"{{"time":1,"content":{{"level":{level}}}}}"#)];
        kept.keep(place, &texts);
        index.add(&submission(place, "f", Access::Public, &texts)).unwrap();
    };
    (0..6).for_each(|place| add(place, 10 * place));
    // Behind the first page, and before its end.
    add(6, 25);
    add(7, 5);
    let query = |after: Option<(u64, &str)>| DataQuery {
        sort: Some(Sort {
            field: "content.level".into(),
            descending: false,
            after: after.map(|(_, key)| key.to_owned()),
        }),
        after: after.map(|(place, _)| OperationPlace { place, index: 0 }),
        limit: Some(2),
        ..DataQuery::default()
    };
    let page = |query| {
        let plan = Plan::new(query, everybody(&index)).unwrap();
        let page = plan.sorting.as_ref().unwrap().page(&plan, &index, &kept).unwrap().unwrap();
        let places: Vec<u64> = page.found.iter().map(|(submission, _)| submission.place).collect();
        (places, page.next.map(|(at, key)| (at.place, key)))
    };
    // The page before ended with place 2 and 20; that one need not be there any more.
    assert_eq!(page(query(Some((2, "20")))), (vec![6, 3], Some((3, "30".into()))));
    assert_eq!(page(query(Some((999, "20")))).0, [6, 3]);
    assert_eq!(page(query(Some((3, "30")))), (vec![4, 5], None));
}

// SEARCH-4, bad input: what does not say an order, or where it goes on, is refused by name.
#[test]
fn an_order_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(folder.path(), u64::MAX).unwrap();
    let sort = |field: &str, after: Option<&str>| {
        Some(Sort { field: field.into(), descending: false, after: after.map(str::to_owned) })
    };
    let place = Some(OperationPlace { place: 1, index: 0 });
    for (query, member) in [
        (DataQuery { sort: sort("digest", None), ..DataQuery::default() }, "sort"),
        (DataQuery { sort: sort("content.", None), ..DataQuery::default() }, "sort"),
        (DataQuery { sort: sort("time", None), ascending: true, ..DataQuery::default() }, "sort"),
        (DataQuery { sort: sort("time", None), after: place, ..DataQuery::default() }, "after"),
        (DataQuery { sort: sort("time", Some("1")), ..DataQuery::default() }, "after"),
        (DataQuery { sort: sort("time", Some("x")), after: place, ..DataQuery::default() }, "after"),
        (DataQuery { sort: sort("content.a", Some("x")), after: place, ..DataQuery::default() }, "after"),
    ] {
        let error = Plan::new(query.clone(), everybody(&index)).err().unwrap();
        assert_eq!((error.code(), &error.members()["member"]), (Code::MalformedRequest, &member.into()), "{query:?}");
    }
}
