//! Two offices, two evaluators and a register; the services are real, what is between them is a function call that can be cut.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use chancery_identity::{
    Conflict, DatabaseLocation, IdentityDatabase, IdentityError, KeyRing, NetworkError, NetworkIdentity, NetworkTags,
    NewUser, Person, PersonRegister, Purpose, Reservation, UserDecision, UserStatus, UserType,
};
use chancery_persons::{
    evaluation::{ELEMENT_BYTES, Evaluated, EvaluatorKey, EvaluatorPublicKey},
    office::{OfficeNetwork, Peers},
    service::{Service, ServiceError},
};
use tempfile::TempDir;

use crate::postgres::PostgresServer;

pub const NOW: u64 = 1_800_000_000_000;
pub const HARBOUR: Address = Address::repeat_byte(0xa1);
pub const RIVERSIDE: Address = Address::repeat_byte(0xb2);
/// No office.
pub const STRANGER: Address = Address::repeat_byte(0xc3);
const CLERK: Address = Address::repeat_byte(0xf0);

/// What offices reach, and what went over the wire.
pub struct Services {
    evaluators: BTreeMap<EvaluatorPublicKey, (Service, AtomicBool)>,
    register: Service,
    pub register_is_reached: AtomicBool,
    pub now_ms: AtomicU64,
    /// Every blinded element and tag that was sent.
    pub sent: Mutex<Vec<Vec<u8>>>,
}

impl Services {
    pub fn keys(&self) -> Vec<EvaluatorPublicKey> {
        self.evaluators.keys().copied().collect()
    }

    /// Whether the evaluator of this place answers.
    pub fn reach_evaluator(&self, index: usize, is_reached: bool) {
        self.evaluators.values().nth(index).unwrap().1.store(is_reached, Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn note(&self, bytes: &[u8]) {
        self.sent.lock().unwrap().push(bytes.to_vec());
    }
}

pub struct DirectPeers {
    services: Arc<Services>,
    office: Address,
}

fn cut() -> NetworkError {
    NetworkError::Unreachable("the line is cut".into())
}

fn told(error: ServiceError) -> NetworkError {
    match error {
        ServiceError::Store(error) if error.is_temporary() => NetworkError::Unreachable(error.to_string()),
        ServiceError::BudgetSpent { .. } => NetworkError::Unreachable(error.to_string()),
        error => NetworkError::Unusable(error.to_string()),
    }
}

#[async_trait]
impl Peers for DirectPeers {
    async fn evaluate(
        &self,
        evaluator: &EvaluatorPublicKey,
        blinded: &[[u8; ELEMENT_BYTES]],
        purpose: Purpose,
    ) -> Result<Vec<Evaluated>, NetworkError> {
        let (service, is_reached) = &self.services.evaluators[evaluator];
        if !is_reached.load(Ordering::SeqCst) {
            return Err(cut());
        }
        blinded.iter().for_each(|element| self.services.note(element));
        service.evaluate(self.office, blinded, purpose, self.services.now()).await.map_err(told)
    }

    async fn reserve(&self, key_set: B256, tags: &NetworkTags) -> Result<Reservation, NetworkError> {
        if !self.services.register_is_reached.load(Ordering::SeqCst) {
            return Err(cut());
        }
        self.services.note(tags.name.as_slice());
        tags.document.iter().for_each(|tag| self.services.note(tag.as_slice()));
        self.services.register.reserve(self.office, key_set, tags, self.services.now()).await.map_err(told)
    }

    async fn keep(&self, identity: NetworkIdentity) -> Result<bool, NetworkError> {
        if !self.services.register_is_reached.load(Ordering::SeqCst) {
            return Err(cut());
        }
        self.services.register.keep(self.office, identity).await.map_err(told)
    }

    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError> {
        if !self.services.register_is_reached.load(Ordering::SeqCst) {
            return Err(cut());
        }
        self.services.register.release(self.office, identity).await.map(drop).map_err(told)
    }
}

pub struct World {
    pub services: Arc<Services>,
    /// SQLite.
    pub harbour: IdentityDatabase,
    /// PostgreSQL.
    pub riverside: IdentityDatabase,
    pub server: PostgresServer,
    pub folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with_daily_evaluations(1000).await
    }

    pub async fn with_daily_evaluations(most: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = PostgresServer::start();
        let services = services(&folder, &server, [1, 2], "register", most).await;
        let riverside = DatabaseLocation::Postgres(server.create_database("riverside"));
        let harbour = open(&folder, "harbour").await;
        let keys = KeyRing::load_or_create(&folder.path().join("riverside.keys")).unwrap();
        let riverside = IdentityDatabase::open(&riverside, keys).await.unwrap();
        let harbour = harbour.in_network(Arc::new(network(&services, HARBOUR)));
        let riverside = riverside.in_network(Arc::new(network(&services, RIVERSIDE)));
        Self { services, harbour, riverside, server, folder }
    }

    /// Other evaluators, or the same with another register.
    pub async fn other_services(&self, seeds: [u8; 2], register: &str) -> Arc<Services> {
        services(&self.folder, &self.server, seeds, register, 1000).await
    }
}

/// The SQLite database of an office, also when it was made before.
pub async fn open(folder: &TempDir, office: &str) -> IdentityDatabase {
    let location = DatabaseLocation::Sqlite(folder.path().join(format!("{office}.sqlite")));
    let keys = KeyRing::load_or_create(&folder.path().join(format!("{office}.keys"))).unwrap();
    IdentityDatabase::open(&location, keys).await.unwrap()
}

async fn services(
    folder: &TempDir,
    server: &PostgresServer,
    seeds: [u8; 2],
    register: &str,
    most: u64,
) -> Arc<Services> {
    let offices: BTreeMap<_, _> =
        [(HARBOUR, "Harbour".to_owned()), (RIVERSIDE, "Riverside".to_owned())].into_iter().collect();
    let mut evaluators = BTreeMap::new();
    for byte in seeds {
        let key = EvaluatorKey::from_seed(&[byte; 32]).unwrap();
        let location = DatabaseLocation::Sqlite(folder.path().join(format!("evaluator-{byte}.sqlite")));
        let store = PersonRegister::open(&location).await.unwrap();
        let public = key.public();
        let service = Service::new(store, offices.clone(), most).evaluating(key);
        evaluators.insert(public, (service, AtomicBool::new(true)));
    }
    let keys: Vec<_> = evaluators.keys().copied().collect();
    let store = PersonRegister::open(&DatabaseLocation::Postgres(server.create_database(register))).await.unwrap();
    let register = Service::new(store, offices, most).registering(&keys).await.unwrap();
    Arc::new(Services {
        evaluators,
        register,
        register_is_reached: AtomicBool::new(true),
        now_ms: AtomicU64::new(NOW),
        sent: Mutex::default(),
    })
}

pub fn network(services: &Arc<Services>, office: Address) -> OfficeNetwork<DirectPeers> {
    OfficeNetwork::new(services.keys(), peers(services, office)).unwrap()
}

pub fn peers(services: &Arc<Services>, office: Address) -> DirectPeers {
    DirectPeers { services: services.clone(), office }
}

pub fn person(name: &str, document: Option<&str>) -> Person {
    Person {
        name: name.into(),
        unit: "Sample Harbour Office".into(),
        city: "Sampleville".into(),
        country: "CN".into(),
        document_number: document.map(Into::into),
        birth_date: None,
    }
}

/// A registration with an address and account of this number.
pub fn user(number: u8, person: Person) -> NewUser {
    NewUser {
        account: format!("account-{number}"),
        address: Address::repeat_byte(number),
        public_key: Bytes::from(vec![number; 65]),
        encryption_key: B256::repeat_byte(number),
        user_type: UserType::Person,
        person,
        attributes: Vec::new(),
        recovery: false,
    }
}

pub async fn confirm(database: &IdentityDatabase, number: u8) -> Result<UserStatus, IdentityError> {
    let decision = UserDecision::Confirm { tx_hash: B256::repeat_byte(7), block_number: 12 };
    Ok(database.decide_user(Address::repeat_byte(number), &decision, CLERK, NOW).await?.status)
}

pub async fn reject(database: &IdentityDatabase, number: u8) {
    let decision = UserDecision::Reject { reason: Some("no papers".into()) };
    database.decide_user(Address::repeat_byte(number), &decision, CLERK, NOW).await.unwrap();
}

/// The identity in the network of a registration that is there.
pub async fn identity(database: &IdentityDatabase, number: u8) -> Option<NetworkIdentity> {
    let user = database.user(Address::repeat_byte(number)).await.unwrap().unwrap();
    database.network_identity(&user).await.unwrap()
}

pub fn is_registered_elsewhere<T: std::fmt::Debug>(result: &Result<T, IdentityError>) -> bool {
    matches!(result, Err(IdentityError::Conflict(Conflict::PersonRegistered)))
}

pub fn is_undetermined<T: std::fmt::Debug>(result: &Result<T, IdentityError>) -> bool {
    matches!(result, Err(error @ IdentityError::Undetermined(_)) if error.is_temporary())
}
