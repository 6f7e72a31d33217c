//! Who is shown which readers, and what of them.

use alloy_sol_types::SolEvent;
use chancery_contracts::DigitalAsset::{AccessGranted, AccessRequested, GrantEnded, ReaderListed, ReaderRemoved};
use chancery_reference_points::data_block::TransactionLocator;

use super::*;

const FIRST: Address = Address::repeat_byte(0x01);
const SECOND: Address = Address::repeat_byte(0x02);
const STRANGER: Address = Address::repeat_byte(0x05);

impl WrittenChain {
    /// The next event of the asset, a second after the last.
    fn and(mut self, event: &impl SolEvent) -> Self {
        let number = self.events.len() as u64 + 1;
        let log = event.encode_log_data();
        self.events.push(EventRecord {
            locator: TransactionLocator {
                chain: ChainName("main".to_owned()),
                tx_hash: B256::from(U256::from(number)),
                block_number: number,
                block_hash: B256::ZERO,
            },
            block_time_ms: number * 1000,
            log_index: 0,
            contract: ASSET,
            topics: log.topics().to_vec(),
            data: log.data,
        });
        self
    }
}

fn asked(request: u64, reader: Address) -> AccessRequested {
    AccessRequested { request, reader, version: 3, readerKey: B256::ZERO }
}

fn granted(request: u64, reader: Address, until: u64) -> AccessGranted {
    AccessGranted { request, reader, sealedKeyHash: B256::ZERO, validUntil: until }
}

/// Two readers: the first was removed and listed again, the second is removed.
fn shared(visibility: Visibility) -> Desk {
    let chain = WrittenChain::default()
        .with("weather", visibility, "A", &text("Weather", "x"))
        .and(&ReaderListed { reader: FIRST })
        .and(&ReaderListed { reader: SECOND })
        .and(&asked(1, FIRST))
        .and(&asked(2, SECOND))
        .and(&granted(1, FIRST, 0))
        .and(&granted(2, SECOND, 900))
        .and(&GrantEnded { request: 1, reader: FIRST })
        .and(&ReaderRemoved { reader: FIRST, keyEpoch: 2 })
        .and(&ReaderListed { reader: FIRST })
        .and(&GrantEnded { request: 2, reader: SECOND })
        .and(&ReaderRemoved { reader: SECOND, keyEpoch: 3 })
        .and(&asked(3, FIRST))
        .and(&granted(3, FIRST, 0))
        .and(&asked(4, FIRST))
        .and(&GrantEnded { request: 4, reader: FIRST });
    Desk::new(chain)
}

async fn readers(desk: &Desk, actor: &Actor, more: Value) -> Result<Value, DoorError> {
    let mut parameters = json!({"resource": "weather"});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    desk.ask(actor, names::READERS, parameters).await
}

fn addresses(page: &Value) -> Vec<Address> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["reader"].as_str().unwrap().parse().unwrap()).collect()
}

// S-RULES
#[tokio::test]
async fn owner_and_supervisors_see_all_readers_and_a_reader_sees_itself() {
    let desk = shared(Visibility::EVERYBODY);
    for actor in [Actor::new(OWNER, [Role::Source]), Actor::new(STRANGER, [Role::Supervisor])] {
        assert_eq!(addresses(&readers(&desk, &actor, json!({})).await.unwrap()), [FIRST, SECOND]);
        assert_eq!(addresses(&readers(&desk, &actor, json!({"reader": SECOND})).await.unwrap()), [SECOND]);
    }
    let second = Actor::new(SECOND, []);
    for more in [json!({}), json!({"reader": SECOND})] {
        assert_eq!(addresses(&readers(&desk, &second, more).await.unwrap()), [SECOND]);
    }
    let refused = readers(&desk, &second, json!({"reader": FIRST})).await.unwrap_err();
    assert_eq!(refused.code(), Code::RoleRequired);
    // No office makes somebody else's readers visible.
    let office = Actor::new(STRANGER, [Role::Operator, Role::Source, Role::Inspector]);
    assert_eq!(addresses(&readers(&desk, &office, json!({})).await.unwrap()), Vec::<Address>::new());
    let refused = readers(&desk, &Actor::public(), json!({})).await.unwrap_err();
    assert_eq!(refused.code(), Code::AuthenticationRequired);
}

// S-RULES, S-DIR
#[tokio::test]
async fn whoever_may_not_see_a_resource_learns_nothing_of_it_and_its_reader_does() {
    let desk = shared(Visibility::of_roles(["inspector"]).unwrap());
    let refused = readers(&desk, &Actor::new(STRANGER, [Role::Citizen]), json!({})).await.unwrap_err();
    assert_eq!(refused.code(), Code::UnknownResource);
    assert_eq!(addresses(&readers(&desk, &Actor::new(FIRST, []), json!({})).await.unwrap()), [FIRST]);
    assert_eq!(addresses(&readers(&desk, &Actor::new(OWNER, []), json!({})).await.unwrap()), [FIRST, SECOND]);
}

// S-RULES
#[tokio::test]
async fn readers_are_shown_with_times_and_grants_as_the_contract_tells_them() {
    let desk = shared(Visibility::EVERYBODY);
    let owner = Actor::new(OWNER, []);
    let page = readers(&desk, &owner, json!({"limit": 1})).await.unwrap();
    let first = &page["items"][0];
    assert_eq!((&first["listed"], &first["listedAt"], &first["removedAt"]), (&json!(true), &json!(9), &Value::Null));
    let requests: Vec<&Value> = first["grants"].as_array().unwrap().iter().map(|grant| &grant["request"]).collect();
    assert_eq!(requests, [3, 1], "newest first, and no request that was never granted");
    assert_eq!(first["grants"][0]["endedAt"], Value::Null);
    let old = &first["grants"][1];
    assert_eq!((&old["grantedAt"], &old["endedAt"], &old["version"]), (&json!(5), &json!(7), &json!(3)));
    assert_eq!((&old["blockNumber"], &old["validUntil"]), (&json!(5), &Value::Null));

    let page = readers(&desk, &owner, json!({"limit": 1, "cursor": page["nextCursor"]})).await.unwrap();
    let second = &page["items"][0];
    assert_eq!((&second["listed"], &second["removedAt"]), (&json!(false), &json!(11)));
    assert_eq!((&second["grants"][0]["validUntil"], &second["grants"][0]["endedAt"]), (&json!(900), &json!(10)));
    assert_eq!(page["nextCursor"], Value::Null);
    let wrong = readers(&desk, &owner, json!({"cursor": "x"})).await.unwrap_err();
    assert_eq!(wrong.code(), Code::MalformedRequest);
}
