//! The directory's services over a chain that a test writes by hand (S-DIR).
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use async_trait::async_trait;
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_light::StateProof;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    application::Service,
    chain_records::{ChainStatus, EventQuery, EventRecord, TransactionRecord, ViewRecord},
    operation::ChainName,
    s2p::{MAX_EVENTS, Retrieval},
};
use serde_json::{Value, json};

mod accesses;
mod activity;
mod opened;
mod readers;
mod trace;

use super::{DescriptionFiles, DirectoryAt, ResourceDescription, Visibility, description_hash, names, services};
use crate::extract::{Column, ColumnType};

const DIRECTORY: Address = Address::repeat_byte(0xd1);
const ASSET: Address = Address::repeat_byte(0xa5);
const OWNER: Address = Address::repeat_byte(0x0e);

type Entry = (Address, u64, u32, B256, B256, String);

/// What the two contracts answer.
#[derive(Default)]
struct WrittenChain {
    names: Vec<B256>,
    entries: BTreeMap<B256, Entry>,
    events: Vec<EventRecord>,
    block: AtomicU64,
    views: AtomicUsize,
}

#[async_trait]
impl Retrieval for WrittenChain {
    async fn view(&self, _: &ChainName, contract: Address, call: Bytes) -> DoorResult<ViewRecord> {
        let data = if contract == DIRECTORY { self.directory(&call) } else { self.asset(&call) };
        self.views.fetch_add(1, Ordering::SeqCst);
        let block_number = self.block.load(Ordering::SeqCst);
        Ok(ViewRecord { block_number, block_time_ms: 1000, data: data.into() })
    }
    async fn chains(&self) -> DoorResult<Vec<ChainStatus>> {
        unreachable!("nothing asks for it")
    }
    async fn transaction(&self, _: Option<&ChainName>, _: u64, _: B256) -> DoorResult<TransactionRecord> {
        unreachable!("nothing asks for it")
    }
    async fn events(&self, query: EventQuery) -> DoorResult<Vec<EventRecord>> {
        assert!(query.contract == Some(ASSET) || query.contract == Some(DIRECTORY));
        let matches = |event: &&EventRecord| {
            query.topics.iter().enumerate().all(|(place, alternatives)| {
                alternatives.is_empty() || event.topics.get(place).is_some_and(|topic| alternatives.contains(topic))
            })
        };
        let blocks = query.from_block..=query.to_block.unwrap_or(u64::MAX);
        let of_contract = self.events.iter().filter(|event| Some(event.contract) == query.contract);
        let found = of_contract.filter(|event| blocks.contains(&event.locator.block_number)).filter(matches);
        let found: Vec<EventRecord> = found.cloned().collect();
        if found.len() > MAX_EVENTS {
            return Err(DoorError::new(Code::MalformedRequest, "more match: narrow the query"));
        }
        Ok(found)
    }
    async fn state_proof(&self, _: &ChainName, _: Address, _: Vec<B256>) -> DoorResult<Option<StateProof>> {
        unreachable!("nothing asks for it")
    }
}

impl WrittenChain {
    fn with(self, name: &str, visibility: Visibility, organization: &str, text: &str) -> Self {
        let shown = if visibility == Visibility::EVERYBODY { text } else { "" };
        self.with_shown(name, visibility, organization, text, shown)
    }

    /// An owner chooses whether the text stands on the chain beside its hash.
    fn with_shown(mut self, name: &str, visibility: Visibility, organization: &str, text: &str, shown: &str) -> Self {
        let word = B256::right_padding_from(name.as_bytes());
        let organization = B256::right_padding_from(organization.as_bytes());
        self.names.push(word);
        self.entries.insert(word, (ASSET, 1000, visibility.0, organization, description_hash(text), shown.to_owned()));
        self
    }

    fn directory(&self, call: &[u8]) -> Vec<u8> {
        if let Ok(page) = ResourceDirectory::resourcesCall::abi_decode(call) {
            let (offset, limit) = (page.offset.to::<usize>(), page.limit.min(U256::from(100)).to::<usize>());
            let rows: Vec<B256> = self.names.iter().skip(offset).take(limit).copied().collect();
            return rows.abi_encode();
        }
        let asked = ResourceDirectory::resourceAtCall::abi_decode(call).unwrap();
        let none = || (Address::ZERO, 0, 0, B256::ZERO, B256::ZERO, String::new());
        self.entries.get(&asked.resource).cloned().unwrap_or_else(none).abi_encode()
    }

    fn asset(&self, call: &[u8]) -> Vec<u8> {
        if DigitalAsset::ownerCall::abi_decode(call).is_ok() {
            return OWNER.abi_encode();
        }
        if let Ok(asked) = DigitalAsset::isListedCall::abi_decode(call) {
            return self.listed_now().contains(&asked.reader).abi_encode();
        }
        if let Ok(page) = DigitalAsset::readersCall::abi_decode(call) {
            let rows = self.listed_now().into_iter().skip(page.offset.to()).take(100);
            return rows.collect::<Vec<_>>().abi_encode();
        }
        request(call)
    }
}

/// An asset with one request, number 1, that is pending.
fn request(call: &[u8]) -> Vec<u8> {
    let asked = DigitalAsset::requestAtCall::abi_decode(call).unwrap();
    let state = U256::from(u8::from(asked.id == 1));
    (Address::repeat_byte(7), 5_u64, state, 1_u32, 0_u64, B256::ZERO, B256::ZERO).abi_encode()
}

fn text(title: &str, column: &str) -> String {
    let columns = vec![Column { name: column.to_owned(), kind: ColumnType::Float }];
    ResourceDescription { title: title.to_owned(), description: String::new(), columns, service: None }
        .to_text()
        .unwrap()
}

struct Desk {
    chain: WrittenChain,
    told: Arc<accesses::Told>,
    services: Vec<Arc<dyn Service>>,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new(chain: WrittenChain) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let descriptions = Arc::new(DescriptionFiles::new(folder.path()).unwrap());
        let told = Arc::<accesses::Told>::default();
        let (chain_name, accesses) = (ChainName("main".to_owned()), told.clone());
        let at = DirectoryAt { chain: chain_name, contract: DIRECTORY, descriptions, accesses };
        Self { chain, told, services: services(&at), _folder: folder }
    }

    async fn ask(&self, actor: &Actor, service: &str, parameters: Value) -> Result<Value, DoorError> {
        let service = self.services.iter().find(|known| known.name() == service).unwrap();
        service.answer(actor, parameters, &self.chain).await
    }

    async fn found(&self, actor: &Actor, parameters: Value) -> Vec<String> {
        let page = self.ask(actor, names::FIND, parameters).await.unwrap();
        page["items"].as_array().unwrap().iter().map(|item| item["resource"].as_str().unwrap().to_owned()).collect()
    }
}

fn inspector() -> Actor {
    Actor::new(Address::ZERO, [Role::Inspector])
}

#[tokio::test]
async fn a_role_finds_what_it_may_see_and_nobody_learns_of_the_rest() {
    let inspectors = Visibility::of_roles(["inspector"]).unwrap();
    let secret = text("Secret wells", "depth");
    let chain = WrittenChain::default()
        .with("weather", Visibility::EVERYBODY, "A", &text("Weather of the city", "temp_max"))
        .with("No Name", Visibility::EVERYBODY, "A", &text("x", "x"))
        .with("wells", inspectors, "B", &secret)
        .with("rivers", Visibility::EVERYBODY, "B", "this is no description");
    let desk = Desk::new(chain);
    let public = Actor::public();
    assert_eq!(desk.found(&public, json!({})).await, ["weather", "rivers"]);
    assert_eq!(desk.found(&inspector(), json!({})).await, ["weather", "wells", "rivers"]);
    assert_eq!(desk.found(&public, json!({"text": "TEMP_max city"})).await, ["weather"]);
    assert_eq!(desk.found(&public, json!({"organization": "B"})).await, ["rivers"]);
    for name in ["wells", "nothing", "No Name"] {
        let asked = [
            desk.ask(&public, names::RESOURCE, json!({"resource": name})).await,
            desk.ask(&public, names::REQUEST, json!({"resource": name, "request": 1})).await,
        ];
        for answer in asked {
            assert_eq!(answer.unwrap_err().code(), Code::UnknownResource, "{name}");
        }
    }

    // The description of what only some may see is brought by anybody, and only the right one is kept.
    assert_eq!(desk.found(&inspector(), json!({"text": "depth"})).await, Vec::<String>::new());
    let bring = |text: &str| json!({"resource": "wells", "description": text});
    let other = desk.ask(&public, names::DESCRIBE, bring(&text("Other wells", "depth"))).await.unwrap_err();
    assert_eq!(other.code(), Code::DescriptionMismatch);
    desk.ask(&public, names::DESCRIBE, bring(&secret)).await.unwrap();
    assert_eq!(desk.found(&inspector(), json!({"text": "depth"})).await, ["wells"]);
    assert_eq!(desk.found(&public, json!({"text": "depth"})).await, Vec::<String>::new());
}

// S-DIR: hashes stand on the chain, so anybody can register another entry with the hash of a text that it may not read.
#[tokio::test]
async fn another_entry_with_the_same_hash_shows_nothing_of_a_text_for_some_roles() {
    let inspectors = Visibility::of_roles(["inspector"]).unwrap();
    let secret = text("Secret wells", "depth");
    let chain = WrittenChain::default().with("wells", inspectors, "B", &secret).with_shown(
        "spy",
        Visibility::EVERYBODY,
        "X",
        &secret,
        "",
    );
    let desk = Desk::new(chain);
    let bring = json!({"resource": "wells", "description": secret});
    desk.ask(&inspector(), names::DESCRIBE, bring).await.unwrap();
    assert_eq!(desk.found(&inspector(), json!({"text": "depth"})).await, ["wells"]);
    assert_eq!(desk.found(&Actor::public(), json!({"text": "depth"})).await, Vec::<String>::new());
    let page = desk.ask(&Actor::public(), names::FIND, json!({})).await.unwrap();
    assert_eq!(page["items"][0]["resource"], json!("spy"));
    assert_eq!((&page["items"][0]["title"], &page["items"][0]["columns"]), (&Value::Null, &json!([])), "{page}");
}

#[tokio::test]
async fn a_search_reads_each_entry_once_a_block() {
    let described = text("One of three", "x");
    let chain = (0..3).fold(WrittenChain::default(), |chain, number| {
        chain.with(&format!("resource-{number}"), Visibility::EVERYBODY, "A", &described)
    });
    let mut desk = Desk::new(chain);
    let public = Actor::public();
    let views = |desk: &Desk| desk.chain.views.swap(0, Ordering::SeqCst);
    assert_eq!(desk.found(&public, json!({})).await.len(), 3);
    assert_eq!(views(&desk), 4);
    assert_eq!(desk.found(&public, json!({})).await.len(), 3);
    assert_eq!(views(&desk), 1, "only the names");
    let first = B256::right_padding_from(b"resource-0");
    desk.chain.entries.get_mut(&first).unwrap().1 = 0;
    desk.chain.block.fetch_add(1, Ordering::SeqCst);
    assert_eq!(desk.found(&public, json!({})).await, ["resource-1", "resource-2"], "what a new block has is seen");
    assert_eq!(views(&desk), 4);
}

#[tokio::test]
async fn a_search_looks_at_a_bounded_part_and_says_where_it_goes_on() {
    let described = text("One of many", "x");
    let chain = (0..120).fold(WrittenChain::default(), |chain, number| {
        chain.with(&format!("resource-{number}"), Visibility::EVERYBODY, "A", &described)
    });
    let desk = Desk::new(chain);
    let (public, mut all, mut cursor) = (Actor::public(), Vec::new(), None::<String>);
    loop {
        let page = desk.ask(&public, names::FIND, json!({"limit": 100, "cursor": cursor})).await.unwrap();
        all.extend(page["items"].as_array().unwrap().iter().map(|item| item["resource"].clone()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let expected: Vec<Value> = (0..120).map(|number| json!(format!("resource-{number}"))).collect();
    assert_eq!(all, expected);
    let page = desk.ask(&public, names::FIND, json!({"limit": 2})).await.unwrap();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["nextCursor"]), (2, &json!("2")));
    let wrong = desk.ask(&public, names::FIND, json!({"cursor": "x"})).await.unwrap_err();
    assert_eq!(wrong.code(), Code::MalformedRequest);
}

#[tokio::test]
async fn a_request_is_shown_as_the_contract_has_it() {
    let chain = WrittenChain::default().with("weather", Visibility::EVERYBODY, "A", &text("Weather", "x"));
    let desk = Desk::new(chain);
    let (public, which) = (Actor::public(), |request: u64| json!({"resource": "weather", "request": request}));
    let found = desk.ask(&public, names::REQUEST, which(1)).await.unwrap();
    assert_eq!((&found["state"], &found["version"]), (&json!("pending"), &json!(1)));
    assert_eq!(desk.ask(&public, names::REQUEST, which(2)).await.unwrap_err().code(), Code::UnknownRequest);
}

// M-PRIV, bad input: what somebody types as a resource may be a person's name.
#[test]
fn the_journal_gets_what_may_be_a_resource_and_nothing_else() {
    let subject = |typed: &str| super::services::subject(&serde_json::json!({ "resource": typed }));
    let word = B256::repeat_byte(0xce).to_string();
    for named in ["weather-daily", word.as_str()] {
        assert_eq!(subject(named).as_deref(), Some(named));
    }
    for typed in ["Ouyang Zhenghua", "Ouyang-Zhenghua", "a/b", ""] {
        assert_eq!(subject(typed), None, "{typed}");
    }
    assert_eq!(super::services::subject(&serde_json::json!({ "other": "weather-daily" })), None);
}
