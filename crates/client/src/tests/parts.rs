//! Answers that come in parts.

use chancery_rest::types::data::{AggregateData, SearchData};
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use super::server::Several;
use crate::{ClientError, Until};

const OK: &str = "200 OK";
const JSON: &str = "application/json";

fn page(numbers: &[u64], next: Option<u64>) -> (&'static str, &'static str, String) {
    let operations: Vec<Value> = numbers.iter().map(|number| json!({"number": number})).collect();
    let mut page = json!({"operations": operations});
    if let Some(place) = next {
        page["next"] = json!({"place": place, "index": 0});
    }
    (OK, JSON, page.to_string())
}

// M-SER-2
#[tokio::test]
async fn pages_are_asked_for_one_after_the_other_and_short_ones_are_no_end() {
    let city = Several::with(&[page(&[1, 2], Some(9)), page(&[], Some(5)), page(&[3], None)]).await;
    let found: Vec<Value> = city.client.search_operations(SearchData::default()).try_collect().await.unwrap();
    assert_eq!(found.iter().map(|one| one["number"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    let asked: Vec<Value> =
        city.received().await.iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect();
    let after: Vec<&Value> = asked.iter().map(|one| &one["after"]["place"]).collect();
    assert_eq!(after, [&Value::Null, &json!(9), &json!(5)]);
}

// M-SER-2
#[tokio::test]
async fn a_page_that_leads_to_itself_is_no_page() {
    let city = Several::with(&[page(&[1], Some(9)), page(&[1], Some(9))]).await;
    let found = city.client.search_pages(SearchData::default()).try_collect::<Vec<_>>().await;
    assert!(matches!(found, Err(ClientError::NotAGateway { .. })), "{found:?}");
}

// M-SER-2
#[tokio::test]
async fn the_parts_of_an_aggregate_are_added_up() {
    let part = |sum: &str, most: &str, next: bool| {
        let group = json!({"key": ["harbour"], "operations": 2, "values": 2, "others": 0, "sum": sum, "least": "1", "most": most, "mean": "1"});
        let mut part = json!({"groups": [group], "operations": 2});
        if next {
            part["next"] = json!({"place": 4, "index": 0});
        }
        (OK, JSON, part.to_string())
    };
    let city = Several::with(&[part("3", "2", true), part("9.5", "8.5", false)]).await;
    let whole = city.client.aggregate_all(AggregateData::default()).await.unwrap();
    let [group] = whole.groups.as_slice() else { panic!("{whole:?}") };
    assert_eq!((whole.operations, group.operations, group.sum.as_deref()), (4, 4, Some("12.5")));
    assert_eq!((group.most.as_deref(), whole.next), (Some("8.5"), None));
}

// M-SER-2
#[tokio::test]
async fn a_subscription_is_caught_up_with_and_goes_on_behind_what_was_delivered() {
    let delivered = |number: u64, cursor: &str| {
        (OK, JSON, json!({"operations": [{"number": number}], "cursor": cursor}).to_string())
    };
    let nothing = (OK, JSON, json!({"operations": [], "cursor": "9.0"}).to_string());
    let city = Several::with(&[delivered(1, "7.0"), delivered(2, "9.0"), nothing]).await;
    let client = city.client.clone().signing_with(alloy::signers::local::PrivateKeySigner::random(), 7100);
    let followed = client.follow(alloy_primitives::B256::ZERO, Some("3.1".to_owned()), Until::Caught);
    let cursors: Vec<String> = followed.map_ok(|one| one.cursor.unwrap()).try_collect().await.unwrap();
    assert_eq!(cursors, ["7.0", "9.0"]);
    let asked = city.received().await;
    let lines: Vec<&str> = asked.iter().map(super::server::Received::request_line).collect();
    for (line, after) in lines.iter().zip(["3.1", "7.0", "9.0"]) {
        assert!(line.contains(&format!("after={after}")) && line.contains("wait=0"), "{line}");
    }
}
