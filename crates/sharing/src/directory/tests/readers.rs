//! Who is shown which readers, and what of them.

use alloy_sol_types::SolEvent;
use chancery_contracts::DigitalAsset::{AccessGranted, AccessRequested, GrantEnded, ReaderListed, ReaderRemoved};
use chancery_reference_points::data_block::TransactionLocator;

use super::*;

const FIRST: Address = Address::repeat_byte(0x01);
const SECOND: Address = Address::repeat_byte(0x02);
const STRANGER: Address = Address::repeat_byte(0x05);

impl WrittenChain {
    /// What the contract lists after its events.
    pub(super) fn listed_now(&self) -> Vec<Address> {
        let mut listed = Vec::new();
        for event in &self.events {
            let topics = || event.topics.iter().copied();
            if let Ok(ReaderListed { reader }) = ReaderListed::decode_raw_log(topics(), &event.data) {
                listed.push(reader);
            } else if let Ok(ReaderRemoved { reader, .. }) = ReaderRemoved::decode_raw_log(topics(), &event.data) {
                listed.retain(|known| *known != reader);
            }
        }
        listed
    }

    /// The next event of the asset, a second after the last.
    pub(super) fn and(mut self, event: &impl SolEvent) -> Self {
        let number = self.events.len() as u64 + 1;
        self.block.store(number, Ordering::SeqCst);
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
    AccessRequested { request, reader, version: 3, readerKey: B256::ZERO, purpose: B256::ZERO, right: 0 }
}

fn granted(request: u64, reader: Address, until: u64) -> AccessGranted {
    AccessGranted { request, reader, sealedKeyHash: B256::ZERO, validUntil: until }
}

/// Two readers: the first was removed and listed again, the second is removed.
fn shared(visibility: Visibility) -> Desk {
    Desk::new(written(visibility))
}

pub(super) fn written(visibility: Visibility) -> WrittenChain {
    WrittenChain::default()
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
        .and(&GrantEnded { request: 4, reader: FIRST })
}

/// Requests of a grants' list.
fn requests(item: &Value) -> Vec<u64> {
    item["grants"].as_array().unwrap().iter().map(|grant| grant["request"].as_u64().unwrap()).collect()
}

/// More pairs of events than one query answers.
const MANY: u64 = MAX_EVENTS as u64 / 2 + 1;

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
    // Nor by asking for somebody: the answer is that of a resource that is not there.
    let asked = readers(&desk, &Actor::new(STRANGER, [Role::Citizen]), json!({"reader": FIRST})).await.unwrap_err();
    assert_eq!(asked.code(), Code::UnknownResource);
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

// S-RULES, M-MON
#[tokio::test]
async fn a_reader_cannot_make_the_list_unreadable_by_asking_and_ending() {
    let chain = (0..MANY).fold(written(Visibility::EVERYBODY), |chain, number| {
        chain.and(&asked(5 + number, FIRST)).and(&GrantEnded { request: 5 + number, reader: FIRST })
    });
    let page = readers(&Desk::new(chain), &Actor::new(STRANGER, [Role::Supervisor]), json!({})).await.unwrap();
    assert_eq!(addresses(&page), [FIRST, SECOND]);
    assert_eq!((requests(&page["items"][0]), requests(&page["items"][1])), (vec![3, 1], vec![2]));
    assert_eq!((&page["items"][0]["cut"], &page["items"][0]["grants"][1]["endedAt"]), (&json!(false), &json!(7)));
}

// S-RULES, M-MON
#[tokio::test]
async fn a_reader_with_very_many_grants_is_shown_its_newest_and_keeps_nobody_elses_from_being_shown() {
    let chain =
        (0..2 * MANY).fold(written(Visibility::EVERYBODY), |chain, number| chain.and(&granted(5 + number, FIRST, 0)));
    let page = readers(&Desk::new(chain), &Actor::new(STRANGER, [Role::Supervisor]), json!({})).await.unwrap();
    let newest: Vec<u64> = (0..20).map(|back| 4 + 2 * MANY - back).collect();
    assert_eq!((requests(&page["items"][0]), requests(&page["items"][1])), (newest, vec![2]));
    assert_eq!(page["items"][1]["grants"][0]["endedAt"], json!(10));
}

// S-RULES, M-MON
#[tokio::test]
async fn an_owner_cannot_hide_a_reader_behind_very_many_listings() {
    let chain = (0..MANY).fold(written(Visibility::EVERYBODY), |chain, number| {
        let key_epoch = 4 + u32::try_from(number).unwrap();
        chain.and(&ReaderListed { reader: STRANGER }).and(&ReaderRemoved { reader: STRANGER, keyEpoch: key_epoch })
    });
    let desk = Desk::new(chain);
    let supervisor = Actor::new(STRANGER, [Role::Supervisor]);
    let page = readers(&desk, &supervisor, json!({})).await.unwrap();
    assert_eq!(addresses(&page), [FIRST, STRANGER]);
    let (first, stranger) = (&page["items"][0], &page["items"][1]);
    assert_eq!((&first["listed"], &first["listedAt"], requests(first)), (&json!(true), &json!(9), vec![3, 1]));
    assert_eq!((&stranger["listed"], stranger["removedAt"].is_u64()), (&json!(false), true));
    assert_eq!((&first["cut"], &stranger["cut"]), (&json!(true), &json!(true)), "it is said that more were listed");
    // Who was removed before is found by its address.
    let second = readers(&desk, &supervisor, json!({"reader": SECOND})).await.unwrap();
    assert_eq!((&second["items"][0]["removedAt"], &second["items"][0]["cut"]), (&json!(11), &json!(false)));
    let alone = readers(&desk, &supervisor, json!({"reader": STRANGER})).await.unwrap();
    assert_eq!((&alone["items"][0]["listed"], &alone["items"][0]["cut"]), (&json!(false), &json!(false)));
}
