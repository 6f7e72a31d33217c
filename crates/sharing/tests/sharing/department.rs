//! A department over a real node: what it grants, what a reader ends, and what it declares (S-RULES, S-DIR, SHARE-9).

use std::{fs, path::Path, sync::Mutex};

use alloy::sol_types::SolValue;
use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::DigitalAsset;
use chancery_ledger::LedgerError;
use chancery_sharing::{
    asking::{self, AskError, Asked, MAX_OPEN_REQUESTS},
    department::{Change, DepartmentError, HandedOut, Rules, StateFolder, declare},
    directory::{ResourceDescription, Visibility},
    extract::{Column, ColumnType},
    release::ChainTrust,
};
use futures::future::join_all;
use serde_json::json;

use super::desk::{Desk, now_s};

impl Desk {
    async fn handed_out(
        &self,
        department: &chancery_sharing::department::Department,
        request: u64,
        valid_until: u64,
    ) -> Result<HandedOut, DepartmentError> {
        let reader = self.reader.address();
        loop {
            let trust = ChainTrust::default();
            let answer = Box::pin(department.hand_out(reader, request, valid_until, &trust, now_s())).await;
            // What another attempt has sent becomes final by itself.
            if !matches!(answer, Err(DepartmentError::GrantUnderWay(_))) {
                return answer;
            }
        }
    }

    async fn ask(&self) -> Result<Asked, AskError> {
        asking::ask(&self.chain, &self.reader, self.asset, 1, &self.secret.public(), "statistics").await
    }
}

// SHARE-7, SHARE-9
#[tokio::test]
async fn a_grant_is_made_once_and_one_that_was_kept_too_long_is_made_anew() {
    let desk = Desk::new().await;
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    let state = desk.state_folder();
    let department = desk.department(&state);
    let until = now_s() + 3600;

    // A key that is not there, and one that others may read, are said as what they are.
    let key = state.join("keys/epoch-1.key");
    fs::rename(&key, state.join("aside")).unwrap();
    let refused = desk.handed_out(&department, request, until).await;
    assert!(matches!(refused, Err(DepartmentError::KeyMissing(1))), "{refused:?}");
    fs::rename(state.join("aside"), &key).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = desk.handed_out(&department, request, until).await;
        assert!(matches!(refused, Err(DepartmentError::KeyExposed(_))), "{refused:?}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }

    // Prepared before a crash, so long ago that the contract would refuse it.
    let old = desk.prepare(request, now_s() - 10).await;
    fs::write(state.join("grants/1.json"), serde_json::to_vec(&old).unwrap()).unwrap();
    let first = desk.handed_out(&department, request, until).await.unwrap();
    assert_eq!(first.prepared.grant.valid_until, until);
    assert_eq!(first.bytes, desk.sealed.bytes);
    let again = desk.handed_out(&department, request, until + 1).await.unwrap();
    assert_eq!(again.prepared, first.prepared, "one sealed key, for whoever asks again");

    // Two services over one folder send the same grant: the one whose transaction is refused finds the other's.
    let second = desk.ask().await.unwrap().request;
    let kept = desk.prepare(second, 0).await;
    fs::write(state.join("grants/2.json"), serde_json::to_vec(&kept).unwrap()).unwrap();
    let other = desk.department(&state);
    let both = tokio::join!(desk.handed_out(&department, second, 0), desk.handed_out(&other, second, 0));
    assert_eq!((both.0.unwrap().prepared, both.1.unwrap().prepared), (kept.clone(), kept));

    // Who has a grant does not wait for the grant of another.
    let third = desk.ask().await.unwrap().request;
    let order = Mutex::new(Vec::new());
    tokio::join!(
        async {
            desk.handed_out(&department, third, 0).await.unwrap();
            order.lock().unwrap().push(third);
        },
        async {
            desk.handed_out(&department, request, 0).await.unwrap();
            order.lock().unwrap().push(request);
        }
    );
    assert_eq!(*order.lock().unwrap(), [request, third]);
}

// S-RULES: a place is free again when reader or owner ends a request, and only then.
#[tokio::test]
async fn a_reader_with_as_many_requests_as_may_be_open_ends_one_and_asks_again() {
    let desk = Desk::new().await;
    let contract = chancery_sharing::department::AssetContract { chain: desk.chain.clone(), address: desk.asset };
    let asked = join_all((0..MAX_OPEN_REQUESTS).map(|_| desk.ask())).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), MAX_OPEN_REQUESTS);
    let Err(AskError::Chain(LedgerError::Reverted { reason, .. })) = desk.ask().await else { panic!("it may ask") };
    assert_eq!(reason.name, "TooManyOpenRequests");
    let all: Vec<u64> = (1..=MAX_OPEN_REQUESTS as u64).rev().collect();
    assert_eq!(asking::open_requests(&contract, desk.reader.address()).await.unwrap(), all);
    assert_eq!(asking::open_requests(&contract, desk.owner.address()).await.unwrap(), Vec::<u64>::new());

    asking::end(&contract, &desk.reader, 3).await.unwrap();
    asking::end(&contract, &desk.owner, 5).await.unwrap();
    for _ in 0..2 {
        desk.ask().await.unwrap();
    }
    let open = asking::open_requests(&contract, desk.reader.address()).await.unwrap();
    assert_eq!(open.len(), MAX_OPEN_REQUESTS);
    assert!(!open.contains(&3) && !open.contains(&5), "{open:?}");
    let Err(DepartmentError::Chain(LedgerError::Reverted { reason, .. })) =
        asking::end(&contract, &desk.reader, 3).await
    else {
        panic!("it ended twice")
    };
    assert_eq!(reason.name, "RequestStateWrong");
}

/// Creation code of a contract that answers every call with the same bytes.
fn answering(bytes: &[u8]) -> Bytes {
    // PUSH2 length, DUP1, PUSH1 12, PUSH1 0, CODECOPY, PUSH1 0, RETURN: returns what follows these twelve bytes.
    let returning = |bytes: &[u8]| {
        let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [[0x61, high, low, 0x80, 0x60, 12, 0x60, 0, 0x39, 0x60, 0, 0xf3].as_slice(), bytes].concat()
    };
    returning(&returning(bytes)).into()
}

fn word(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

/// A directory whose only entry, or none, is this.
pub(crate) async fn directory(desk: &Desk, entry: Option<(Address, &str)>) -> Address {
    let (asset, registered_at, organization) =
        entry.map_or((Address::ZERO, 0_u64, ""), |(asset, code)| (asset, 5, code));
    let answer = (asset, registered_at, u32::MAX, word(organization), B256::ZERO, String::new());
    desk.chain.deploy(&desk.owner, answering(&answer.abi_encode())).await.unwrap()
}

pub(crate) fn rules(directory: Address) -> Rules {
    Rules {
        resource: "weather".parse().unwrap(),
        organization: word("WEATHER-SERVICE"),
        directory,
        visibility: Visibility::EVERYBODY,
        description: ResourceDescription {
            title: "Weather".to_owned(),
            description: String::new(),
            columns: vec![Column { name: "id".to_owned(), kind: ColumnType::Integer }],
            service: None,
        },
        automatic: false,
        readers: Vec::new(),
    }
}

fn keep_record(folder: &Path, name: &str, asset: Address) {
    let record = json!({"asset": asset, "chain": "main", "resource": "weather"});
    fs::write(folder.join(name), record.to_string()).unwrap();
}

// S-DIR, SHARE-12
#[tokio::test]
async fn a_declaration_is_refused_before_it_deploys_and_one_that_broke_off_goes_on() {
    let desk = Desk::new().await;
    let scratch = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = scratch.path().join(name);
        (StateFolder::new(&path).unwrap(), path)
    };
    let declared = |directory: Address, folder: StateFolder, check: bool| {
        let desk = &desk;
        async move { declare(&rules(directory), &desk.chain, &desk.owner, &folder, check).await }
    };

    // The name is another asset's: nothing is deployed for it, and a check says so too.
    let taken = directory(&desk, Some((desk.asset, "WEATHER-SERVICE"))).await;
    let next = desk.chain.next_contract(&desk.owner).await.unwrap();
    for check in [true, false] {
        let refused = declared(taken, folder("taken").0, check).await;
        assert!(matches!(refused, Err(DepartmentError::ResourceTaken { .. })), "{refused:?}");
    }
    assert_eq!(desk.chain.next_contract(&desk.owner).await.unwrap(), next);

    // An entry keeps its organization.
    let (own, path) = folder("own");
    keep_record(&path, "asset.json", desk.asset);
    let other = directory(&desk, Some((desk.asset, "RIVER-SERVICE"))).await;
    let refused = declared(other, own.clone(), false).await.unwrap_err();
    assert!(
        matches!(&refused, DepartmentError::OtherOrganization { found, .. } if found == "RIVER-SERVICE"),
        "{refused}"
    );

    // A run that ended between deploying and keeping where: the next one takes that contract.
    let empty = directory(&desk, None).await;
    let (broken_off, path) = folder("broken-off");
    let meant = desk.chain.next_contract(&desk.owner).await.unwrap();
    keep_record(&path, "asset-intent.json", meant);
    assert_eq!(desk.chain.deploy(&desk.owner, DigitalAsset::BYTECODE.clone()).await.unwrap(), meant);
    let done = declared(empty, broken_off.clone(), false).await.unwrap();
    assert_eq!((done.asset, done.changes), (Some(meant), vec![Change::Register]));
    assert_eq!(broken_off.asset().unwrap().unwrap().asset, meant);
    assert!(!path.join("asset-intent.json").exists());

    // What stands there and is in use is another data set's.
    let (foreign, path) = folder("foreign");
    keep_record(&path, "asset-intent.json", desk.asset);
    let done = declared(empty, foreign, false).await.unwrap();
    assert_ne!(done.asset, Some(desk.asset));
    assert_eq!(done.changes, [Change::Deploy, Change::Register]);
}
