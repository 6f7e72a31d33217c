//! Entries that are not for everybody: commitments on the chain, and openings that the city shows by role.

use super::*;
use crate::directory::{Opening, opening::Record};

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
    /// An entry as its owner commits to it.
    fn with_commitment(self, opening: &Opening) -> Self {
        self.with_commitment_of(opening, ASSET)
    }

    fn with_commitment_of(mut self, opening: &Opening, asset: Address) -> Self {
        let (word, hash) = (opening.word(), description_hash(&opening.to_text().unwrap()));
        self.names.push(word);
        let organization = B256::right_padding_from(b"B");
        self.entries.insert(word, (asset, 1000, 0, organization, hash, String::new()));
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
        .with_commitment(&wells);
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
    let desk = Desk::new(WrittenChain::default().with_commitment(&wells));
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
async fn of_several_entries_with_one_name_none_passes_for_another() {
    let [first, later] = [1, 3].map(|salt| opening("wells", "Of inspectors", "inspector", salt));
    let others = opening("wells", "Of operators", "operator", 5);
    let chain = WrittenChain::default()
        .with_commitment_of(&first, Address::repeat_byte(1))
        .with_commitment_of(&others, Address::repeat_byte(2));
    let mut desk = Desk::new(chain);
    for opening in [&first, &others] {
        desk.ask(&Actor::public(), names::DESCRIBE, bring(opening)).await.unwrap();
    }
    let asset = async |desk: &Desk, role: Role, resource: &str| {
        let actor = Actor::new(Address::ZERO, [role]);
        let which = json!({"resource": resource, "request": 1});
        desk.ask(&actor, names::REQUEST, which).await.map(|found| found["asset"].clone())
    };
    let of = |byte: u8| json!(Address::repeat_byte(byte));
    assert_eq!(asset(&desk, Role::Inspector, "wells").await.unwrap(), of(1));
    assert_eq!(asset(&desk, Role::Operator, "wells").await.unwrap(), of(2), "each sees what is for it");

    // Who has learnt the name registers it too, for the same role or for everybody.
    desk.chain = std::mem::take(&mut desk.chain).with_commitment_of(&later, Address::repeat_byte(3)).with(
        "wells",
        Visibility::EVERYBODY,
        "X",
        &text("Wells", "x"),
    );
    desk.ask(&Actor::public(), names::DESCRIBE, bring(&later)).await.unwrap();
    let several = asset(&desk, Role::Inspector, "wells").await.unwrap_err();
    assert_eq!(several.code(), Code::MalformedRequest, "{several:?}");
    assert!(format!("{several:?}").contains(&first.word().to_string()), "{several:?}");
    assert_eq!(asset(&desk, Role::Inspector, &first.word().to_string()).await.unwrap(), of(1));
    let own = "wells".parse::<crate::directory::ResourceName>().unwrap().to_bytes32();
    assert_eq!(
        asset(&desk, Role::Inspector, &own.to_string()).await.unwrap(),
        json!(ASSET),
        "nobody hides it behind a name"
    );
    let hidden = asset(&desk, Role::Citizen, &first.word().to_string()).await.unwrap_err();
    assert_eq!(hidden.code(), Code::UnknownResource, "its word shows nothing to others");
    assert_eq!(asset(&desk, Role::Citizen, "wells").await.unwrap(), json!(ASSET));
}
