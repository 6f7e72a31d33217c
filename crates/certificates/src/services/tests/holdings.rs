//! `certificates.of-holder`: for the holder, and supervisors.

use super::*;
use crate::recorded_city::{
    holder, office,
    samples::{Degree, id},
    stranger,
};

fn city() -> RecordedCity {
    let city = RecordedCity::founded();
    for byte in [1, 2, 3] {
        let degree = Degree::new(byte);
        city.issue(&degree.issue, office(), &degree.sealed);
    }
    city
}

fn own(more: Value) -> Value {
    let mut parameters = json!({"holder": holder().address()});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parameters
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["certificateId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_holder_sees_its_own_newest_first_page_by_page() {
    let (city, actor) = (city(), Actor::new(holder().address(), [Role::Citizen]));
    let first = ask(names::OF_HOLDER, &actor, own(json!({"limit": 2})), &city).await.unwrap();
    assert_eq!(ids(&first), [id(3).to_string(), id(2).to_string()]);
    let second =
        ask(names::OF_HOLDER, &actor, own(json!({"limit": 2, "cursor": first["nextCursor"]})), &city).await.unwrap();
    assert_eq!((ids(&second), second.get("nextCursor")), (vec![id(1).to_string()], None));
}

#[tokio::test]
async fn others_see_nothing_and_a_supervisor_everything() {
    let city = city();
    let other = Actor::new(stranger().address(), [Role::Citizen]);
    assert_eq!(refusal(names::OF_HOLDER, &other, own(json!({})), &city).await, Code::NotYourCertificate);
    assert_eq!(refusal(names::OF_HOLDER, &Actor::public(), own(json!({})), &city).await, Code::NotYourCertificate);
    let supervisor = Actor::new(stranger().address(), [Role::Supervisor]);
    assert_eq!(ids(&ask(names::OF_HOLDER, &supervisor, own(json!({})), &city).await.unwrap()).len(), 3);
}

// INSPECTION-1
#[tokio::test]
async fn a_silent_chain_is_named_and_the_others_are_listed() {
    let (city, actor) = (city(), Actor::new(holder().address(), [Role::Citizen]));
    city.silence("marriage");
    let page = ask(names::OF_HOLDER, &actor, own(json!({})), &city).await.unwrap();
    assert_eq!((ids(&page).len(), &page["unreachable"]), (3, &json!(["marriage"])));
    city.silence("degree");
    let page = ask(names::OF_HOLDER, &actor, own(json!({})), &city).await.unwrap();
    assert_eq!((ids(&page).len(), page["unreachable"].as_array().unwrap().len()), (0, 2));
}
