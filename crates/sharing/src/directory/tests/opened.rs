//! Entries that are not for everybody: commitments on the chain, and openings that the city shows by role.

use super::*;
use crate::directory::{Opening, opening::Record, reading::Directory};

fn opening(name: &str, title: &str, role: &str, salt: u8) -> Opening {
    Opening {
        resource: name.parse().unwrap(),
        visible_to: vec![role.to_owned()],
        name_salt: B256::repeat_byte(salt),
        text_salt: B256::repeat_byte(salt + 1),
        description: ResourceDescription::parse(&text(title, "depth")).unwrap(),
    }
}

impl WrittenChain {
    /// An entry as its owner commits to it, of an asset of its own.
    fn with_commitment(mut self, opening: &Opening, registered_at: u64) -> Self {
        let (word, hash) = (opening.word(), description_hash(&opening.to_text().unwrap()));
        self.names.push(word);
        let organization = B256::right_padding_from(b"B");
        self.entries.insert(word, (ASSET, registered_at, 0, organization, hash, String::new()));
        self
    }
}

fn bring(opening: &Opening) -> Value {
    json!({"resource": opening.resource.as_str(), "description": opening.to_text().unwrap()})
}

// S-DIR
#[tokio::test]
async fn who_has_the_role_is_shown_what_opens_an_entry_and_nobody_else_learns_that_it_is() {
    let wells = opening("wells", "Secret wells", "inspector", 1);
    let chain = WrittenChain::default()
        .with("weather", Visibility::EVERYBODY, "A", &text("Weather", "temp_max"))
        .with_commitment(&wells, 1000);
    let desk = Desk::new(chain);
    let public = Actor::public();
    assert_eq!(desk.found(&inspector(), json!({})).await, ["weather"], "nobody has brought what opens it");
    desk.ask(&public, names::DESCRIBE, bring(&wells)).await.unwrap();

    let page = desk.ask(&inspector(), names::FIND, json!({"text": "depth"})).await.unwrap();
    let shown = &page["items"][0];
    assert_eq!((&shown["resource"], &shown["title"]), (&json!("wells"), &json!("Secret wells")), "{page}");
    assert_eq!(shown["visibleTo"], json!(["inspector"]));
    let found = desk.ask(&inspector(), names::REQUEST, json!({"resource": "wells", "request": 1})).await.unwrap();
    assert_eq!((&found["resource"], &found["state"]), (&json!("wells"), &json!("pending")));
    // What is shown is checked against what the chain has, whoever shows it.
    let (asset, registered_at, visibility, organization, hash, description) = desk.chain.entries[&wells.word()].clone();
    let record =
        Record { asset, registeredAt: registered_at, visibility, organization, descriptionHash: hash, description };
    let told = shown["opening"].as_str().unwrap();
    assert_eq!(Opening::of_entry(wells.word(), &record, told), Some(wells.clone()));

    assert_eq!(desk.found(&public, json!({})).await, ["weather"]);
    for service in [names::RESOURCE, names::TRACE, names::REQUEST] {
        for name in ["wells", "nothing"] {
            let parameters = match service {
                names::REQUEST => json!({"resource": name, "request": 1}),
                _ => json!({"resource": name}),
            };
            let refused = desk.ask(&public, service, parameters).await.unwrap_err();
            assert_eq!(refused.code(), Code::UnknownResource, "{service} {name}");
        }
    }
    let stranger = Actor::new(Address::repeat_byte(9), [Role::Citizen]);
    let refused = desk.ask(&stranger, names::READERS, json!({"resource": "wells"})).await.unwrap_err();
    assert_eq!(refused.code(), Code::UnknownResource);
    // Its owner is told who may read, by its name and whatever its roles.
    let owner = Actor::new(OWNER, [Role::Citizen]);
    let listed = desk.ask(&owner, names::READERS, json!({"resource": "wells"})).await.unwrap();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn an_opening_that_the_chain_does_not_commit_to_is_not_kept() {
    let wells = opening("wells", "Secret wells", "inspector", 1);
    let desk = Desk::new(WrittenChain::default().with_commitment(&wells, 1000));
    let code =
        async |parameters: Value| desk.ask(&Actor::public(), names::DESCRIBE, parameters).await.unwrap_err().code();
    let wider = Opening { visible_to: vec!["citizen".to_owned()], ..wells.clone() };
    assert_eq!(code(bring(&wider)).await, Code::DescriptionMismatch, "for whom it is stands on the chain too");
    let salted = Opening { name_salt: B256::repeat_byte(9), ..wells.clone() };
    assert_eq!(code(bring(&salted)).await, Code::UnknownResource);
    let other = json!({"resource": "rivers", "description": wells.to_text().unwrap()});
    assert_eq!(code(other).await, Code::MalformedRequest);
    assert_eq!(desk.found(&inspector(), json!({})).await, Vec::<String>::new());
}

#[tokio::test]
async fn of_entries_with_one_name_each_finds_the_first_that_is_for_it() {
    let first = opening("wells", "Of inspectors", "inspector", 1);
    let later = opening("wells", "Another of inspectors", "inspector", 3);
    let others = opening("wells", "Of operators", "operator", 5);
    let chain = WrittenChain::default()
        .with_commitment(&later, 2000)
        .with_commitment(&others, 500)
        .with_commitment(&first, 1000);
    let desk = Desk::new(chain);
    for opening in [&later, &others, &first] {
        desk.ask(&Actor::public(), names::DESCRIBE, bring(opening)).await.unwrap();
    }
    // The text of the one that is found; the services that show more of it ask the contract for what this chain does not have.
    let titles = async |role: Role| {
        let actor = Actor::new(Address::ZERO, [role]);
        let page = desk.ask(&actor, names::FIND, json!({})).await.unwrap();
        let titles = page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>()
    };
    assert_eq!(titles(Role::Operator).await, ["Of operators"]);
    assert_eq!(
        titles(Role::Inspector).await,
        ["Another of inspectors", "Of inspectors"],
        "in the order of the directory"
    );
    let directory = Directory::new(DirectoryAt {
        chain: ChainName("main".to_owned()),
        contract: DIRECTORY,
        descriptions: Arc::new(DescriptionFiles::new(desk.folder.path()).unwrap()),
    });
    let named = directory.named(&inspector(), &desk.chain, "wells").await.unwrap();
    assert_eq!(
        named.title.as_deref(),
        Some("Of inspectors"),
        "whoever registers a known name later takes nobody's place"
    );
}
