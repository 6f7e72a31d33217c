//! Rights of use and a change of hands, over a real node (M-APP, S-ASSET; SHARE-15, SHARE-16).

use std::fs;

use chancery_contracts::DigitalAsset;
use chancery_ledger::LedgerError;
use chancery_sharing::{
    asking::{self, AskError, Asked},
    department::{AssetContract, Department, DepartmentError, FoundKeys, HandedOut, StateFolder, accept_ownership},
    directory::RequestState,
    release::{ChainTrust, ReleaseError},
};

use super::{
    department::{directory, rules},
    desk::{Desk, now_s},
};

const DAY_S: u64 = 24 * 60 * 60;

impl Desk {
    async fn ask_by(&self, right: u64) -> Result<Asked, AskError> {
        asking::ask_by_right(&self.chain, &self.reader, self.asset, 1, &self.secret.public(), right).await
    }

    async fn hand_out(&self, department: &Department, request: u64) -> Result<HandedOut, DepartmentError> {
        let trust = ChainTrust::default();
        Box::pin(department.hand_out(self.reader.address(), request, 0, &trust, now_s())).await
    }

    fn contract(&self) -> AssetContract {
        AssetContract { chain: self.chain.clone(), address: self.asset }
    }
}

fn reason<T>(answer: Result<T, AskError>) -> String {
    match answer {
        Err(AskError::Chain(LedgerError::Reverted { reason, .. })) => reason.name,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

// SHARE-16, S-RULES: by a right its holder asks without being listed, no grant outlives it, and taken back it gives nothing more.
#[tokio::test]
async fn a_right_of_use_lets_its_holder_read_until_it_ends_or_is_withdrawn() {
    let desk = Desk::new().await;
    let department = desk.department(&desk.state_folder());
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    department.remove_reader(desk.reader.address()).await.unwrap();
    assert!(!desk.contract().is_listed(desk.reader.address()).await.unwrap());

    let until = now_s() + DAY_S;
    let right = department.give_right(desk.reader.address(), "statistics", until).await.unwrap().right;
    assert_eq!(reason(desk.ask_by(right + 1).await), "NotHolder");
    let request = desk.ask_by(right).await.unwrap().request;
    let asked = desk.contract().request(request).await.unwrap();
    assert_eq!((asked.right, asked.state), (Some(right), RequestState::Approved));
    assert_eq!(asked.purpose_hash, desk.contract().right(right).await.unwrap().purpose_hash);
    // The owner sets no end, and the grant has that of the right.
    let handed = desk.hand_out(&department, request).await.unwrap();
    assert_eq!(handed.prepared.grant.valid_until, until);
    let trust = ChainTrust::default();
    department.file(desk.reader.address(), request, &trust, now_s()).await.unwrap();
    let late = department.file(desk.reader.address(), request, &trust, until + 1).await.unwrap_err();
    // By a clock that is so far ahead no block is young enough either: nothing leaves.
    assert!(matches!(late, DepartmentError::Release(ReleaseError::Stale { .. } | ReleaseError::Over { .. })), "{late}");

    let epoch = department.withdraw_right(right).await.unwrap();
    assert_eq!(epoch, 3, "what is published from now on is under another key");
    let refused = department.file(desk.reader.address(), request, &trust, now_s()).await.unwrap_err();
    assert!(matches!(refused, DepartmentError::NotGranted { state: RequestState::Ended, .. }), "{refused}");
    assert_eq!(reason(desk.ask_by(right).await), "RightNotEffective");
    assert!(matches!(desk.contract().right(9).await, Err(DepartmentError::NoRight(9))));
}

// SHARE-15, S-RULES: the owner before hands out nothing more, not even what it had granted, and decides nothing.
#[tokio::test]
async fn after_a_change_of_hands_the_owner_before_hands_out_and_decides_nothing() {
    let desk = Desk::new().await;
    let department = desk.department(&desk.state_folder());
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    desk.hand_out(&department, request).await.unwrap();

    department.offer_ownership(Some(desk.reader.address())).await.unwrap();
    assert_eq!(desk.contract().offered_to().await.unwrap(), Some(desk.reader.address()));
    desk.hand_out(&department, request).await.unwrap();
    desk.by_reader(DigitalAsset::acceptOwnershipCall {}).await.unwrap();
    assert_eq!(desk.contract().owner().await.unwrap(), desk.reader.address());

    let refused = desk.hand_out(&department, request).await.unwrap_err();
    assert!(
        matches!(refused, DepartmentError::Release(ReleaseError::NotOwner { owner }) if owner == desk.reader.address())
    );
    let trust = ChainTrust::default();
    let refused = department.file(desk.reader.address(), request, &trust, now_s()).await.unwrap_err();
    assert!(matches!(refused, DepartmentError::Release(ReleaseError::NotOwner { .. })), "{refused}");
    let refused = department.give_right(desk.reader.address(), "statistics", now_s() + DAY_S).await.unwrap_err();
    assert!(
        matches!(&refused, DepartmentError::Chain(LedgerError::Reverted { reason, .. }) if reason.name == "NotOwner"),
        "{refused}"
    );
    // The new one manages readers.
    desk.by_reader(DigitalAsset::removeCall { reader: desk.reader.address() }).await.unwrap();
    assert!(!desk.contract().is_listed(desk.reader.address()).await.unwrap());
}

// SHARE-7, SHARE-15, M-SEC: the owner before hands its folder over with keys in it of epochs that had not come, and with a grant that nobody had asked for. Nothing is sealed under
// those, also where the asset was accepted before the folder came.
#[tokio::test]
async fn planted_keys_of_later_epochs_are_not_taken_over() {
    let desk = Desk::new().await;
    let state = desk.state_folder();
    let key_of = |epoch: u32| fs::read_to_string(state.join(format!("keys/epoch-{epoch}.key"))).unwrap();
    // It says of its keys that they are its own, which is true until then.
    assert_eq!(desk.department(&state).remove_reader(desk.reader.address()).await.unwrap(), 2);
    let before = [key_of(1), key_of(2)];
    let planted = hex::encode([9; 32]);
    for epoch in 3..=5 {
        let path = state.join(format!("keys/epoch-{epoch}.key"));
        fs::write(&path, &planted).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    fs::write(state.join("grants/7.json"), "{}").unwrap();
    desk.by_owner(DigitalAsset::offerOwnershipCall { to: desk.reader.address() }).await.unwrap();
    desk.by_reader(DigitalAsset::acceptOwnershipCall {}).await.unwrap();

    // By the folder as it came nothing is sealed.
    let department = desk.department_of(&state, &desk.reader);
    let listed = desk.owner.address();
    desk.by_reader(DigitalAsset::listCall { reader: listed }).await.unwrap();
    let refused = department.remove_reader(listed).await.unwrap_err();
    assert!(matches!(&refused, DepartmentError::NotTakenOver(path) if *path == state), "{refused}");
    assert_eq!(desk.contract().key_epoch().await.unwrap(), 3, "nothing was sent");

    let directory = directory(&desk, Some((desk.asset, "WEATHER-SERVICE"))).await;
    let (rules, folder) = (rules(directory), StateFolder::new(&state).unwrap());
    let accept =
        || async { accept_ownership(&rules, &desk.chain, &desk.reader, &folder, FoundKeys::Unused).await.unwrap() };
    let accepted = accept().await;
    assert_eq!((accepted.key_epoch, accepted.keys_set_aside), (3, vec![3, 4, 5]));
    assert!(!state.join("grants/7.json").exists());
    let own = key_of(3);
    assert_ne!(own, planted);
    assert_eq!([key_of(1), key_of(2)], before, "what was published still opens");
    assert!(matches!(folder.keys().of(5), Err(DepartmentError::KeyMissing(5))));

    // Its own keys stay, and it goes on.
    assert_eq!(accept().await.keys_set_aside, Vec::<u32>::new());
    assert_eq!(key_of(3), own);
    assert_eq!(department.remove_reader(listed).await.unwrap(), 4);
    assert_ne!(key_of(4), planted);
}

// SHARE-7, SHARE-15, M-SEC: an owner gets its asset back, with a folder in which its own signature of before lies beside a key that the owner between has planted.
#[tokio::test]
async fn what_an_owner_has_said_of_its_keys_does_not_count_when_it_gets_the_asset_back() {
    let desk = Desk::new().await;
    let state = desk.state_folder();
    let department = desk.department(&state);
    let listed = desk.reader.address();
    assert_eq!(department.remove_reader(listed).await.unwrap(), 2);
    assert!(state.join("own-keys.json").exists());
    desk.by_owner(DigitalAsset::offerOwnershipCall { to: listed }).await.unwrap();
    desk.by_reader(DigitalAsset::acceptOwnershipCall {}).await.unwrap();
    desk.by_reader(DigitalAsset::offerOwnershipCall { to: desk.owner.address() }).await.unwrap();
    desk.by_owner(DigitalAsset::acceptOwnershipCall {}).await.unwrap();
    let (path, planted) = (state.join("keys/epoch-4.key"), hex::encode([9; 32]));
    fs::write(&path, &planted).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    desk.by_owner(DigitalAsset::listCall { reader: listed }).await.unwrap();
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    let refused = desk.hand_out(&department, request).await.unwrap_err();
    assert!(matches!(refused, DepartmentError::NotTakenOver(_)), "{refused}");
    // Also by a service that has run on since before.
    for department in [&department, &desk.department(&state)] {
        let refused = department.remove_reader(listed).await.unwrap_err();
        assert!(matches!(refused, DepartmentError::NotTakenOver(_)), "{refused}");
    }
    assert_eq!(desk.contract().key_epoch().await.unwrap(), 4, "nothing was sent");

    let directory = directory(&desk, Some((desk.asset, "WEATHER-SERVICE"))).await;
    let (rules, folder) = (rules(directory), StateFolder::new(&state).unwrap());
    let accepted = accept_ownership(&rules, &desk.chain, &desk.owner, &folder, FoundKeys::Unused).await.unwrap();
    assert_eq!((accepted.key_epoch, accepted.keys_set_aside), (4, vec![4]));
    assert_ne!(fs::read_to_string(&path).unwrap(), planted);
    assert_eq!(department.remove_reader(listed).await.unwrap(), 5);
}

// SHARE-7, SHARE-15: in a folder that was accepted with an earlier release lies a key under which a part is said to be sealed. No second key is made unless its owner says so, and
// what that key does not open is not published.
#[tokio::test]
async fn keys_in_use_stay_or_go_as_their_owner_says_and_what_they_do_not_open_is_not_published() {
    let desk = Desk::new().await;
    let state = desk.state_folder();
    desk.by_owner(DigitalAsset::offerOwnershipCall { to: desk.reader.address() }).await.unwrap();
    desk.by_reader(DigitalAsset::acceptOwnershipCall {}).await.unwrap();
    let folder = StateFolder::new(&state).unwrap();
    folder.keys().of_present(2).unwrap();
    let [first, second] = [1, 2].map(|epoch| state.join(format!("keys/epoch-{epoch}.key")));
    let own = fs::read_to_string(&second).unwrap();
    // The file is sealed under the key of epoch 1, whatever is said of it.
    let mut extract: serde_json::Value = serde_json::from_slice(&fs::read(folder.extract_path()).unwrap()).unwrap();
    let mut part = extract["parts"][0].clone();
    part["key_epoch"] = serde_json::json!(2);
    extract["parts"].as_array_mut().unwrap().push(part);
    fs::write(folder.extract_path(), extract.to_string()).unwrap();

    let directory = directory(&desk, Some((desk.asset, "WEATHER-SERVICE"))).await;
    let rules = rules(directory);
    let accept = |found: FoundKeys| accept_ownership(&rules, &desk.chain, &desk.reader, &folder, found);
    let refused = accept(FoundKeys::Unused).await.unwrap_err();
    assert!(matches!(&refused, DepartmentError::KeysInUse { epochs, .. } if *epochs == [2]), "{refused}");
    assert_eq!(accept(FoundKeys::SetAside).await.unwrap().keys_set_aside, [2]);
    assert_ne!(fs::read_to_string(&second).unwrap(), own);
    fs::remove_file(state.join("own-keys.json")).unwrap();
    fs::write(&second, &own).unwrap();
    assert_eq!(accept(FoundKeys::Keep).await.unwrap().keys_set_aside, Vec::<u32>::new());
    assert_eq!(fs::read_to_string(&second).unwrap(), own);

    let department = desk.department_of(&state, &desk.reader);
    let refused = department.publish_next().await.unwrap_err();
    assert!(matches!(refused, DepartmentError::OtherSeal { version: 2, epoch: 2 }), "{refused}");
    assert_eq!(desk.contract().latest_version().await.unwrap(), 1, "nothing was sent");
    fs::copy(&first, &second).unwrap();
    let published = department.publish_next().await.unwrap().unwrap();
    assert_eq!((published.version, published.resealed), (2, false));
}
