//! The other side: an evaluator, a register, or both in one process. It knows offices by their addresses, counts what each asks, and learns nothing of persons.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use chancery_identity::{IdentityError, NetworkIdentity, NetworkTags, PersonRegister, Purpose, Reservation};

use crate::evaluation::{Evaluated, EvaluationError, EvaluatorKey, EvaluatorPublicKey};

/// Most inputs of one request: a name and a document.
pub const MAX_INPUTS: usize = 2;

/// Why the service does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The key is no office's of this network.
    #[error("{0} is no office of this network; its operator lists offices")]
    UnknownOffice(Address),
    /// This service does something else.
    #[error("this service {0}")]
    NotOffered(&'static str),
    /// The request is malformed.
    #[error("{0}")]
    Malformed(String),
    /// The tags are by other keys than those of this register.
    #[error("the tags are made by other evaluators than this register's: compare the declarations")]
    OtherEvaluators,
    /// The office has had what it may ask on a day.
    #[error("this office has had its {most} evaluations of the day (UTC)")]
    BudgetSpent {
        /// The bound.
        most: u64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] IdentityError),
}

/// An evaluator, a register, or both.
pub struct Service {
    key: Option<EvaluatorKey>,
    /// By which evaluators the tags of the register are made; absent: it is none.
    key_set: Option<B256>,
    store: PersonRegister,
    offices: BTreeMap<Address, String>,
    daily_evaluations: u64,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("offices", &self.offices).finish_non_exhaustive()
    }
}

impl Service {
    /// A service over its database for offices by their address: their names, which the register keeps, differ. Each has at most `daily_evaluations` a day.
    #[must_use]
    pub const fn new(store: PersonRegister, offices: BTreeMap<Address, String>, daily_evaluations: u64) -> Self {
        Self { key: None, key_set: None, store, offices, daily_evaluations }
    }

    /// It evaluates too.
    #[must_use]
    pub fn evaluating(self, key: EvaluatorKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// It keeps the register too, of tags by these evaluators. Once and for all: the database remembers them.
    ///
    /// # Errors
    /// `WrongKey` when its tags are by others, `DatabaseUnreachable`.
    pub async fn registering(self, evaluators: &[EvaluatorPublicKey]) -> Result<Self, IdentityError> {
        let key_set = crate::tags::key_set(evaluators);
        self.store.bind(key_set).await?;
        Ok(Self { key_set: Some(key_set), ..self })
    }

    fn office(&self, address: Address) -> Result<&str, ServiceError> {
        self.offices.get(&address).map(String::as_str).ok_or(ServiceError::UnknownOffice(address))
    }

    fn registering_office(&self, address: Address) -> Result<(&str, B256), ServiceError> {
        let office = self.office(address)?;
        let key_set = self.key_set.ok_or(ServiceError::NotOffered("keeps no register; it evaluates"))?;
        Ok((office, key_set))
    }

    /// Whether a key is an office's of this network.
    #[must_use]
    pub fn is_office(&self, address: Address) -> bool {
        self.offices.contains_key(&address)
    }

    /// How many offices this network has.
    #[must_use]
    pub fn office_count(&self) -> usize {
        self.offices.len()
    }

    /// Evaluates blinded inputs, which are counted first. For enrolments it ends when a half of the office's evaluations of the day is used, by whatever: at least the
    /// other half is left to those who register.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn evaluate(
        &self,
        caller: Address,
        blinded: &[impl AsRef<[u8]> + Sync],
        purpose: Purpose,
        now_ms: u64,
    ) -> Result<Vec<Evaluated>, ServiceError> {
        let office = self.office(caller)?;
        let key = self.key.as_ref().ok_or(ServiceError::NotOffered("does not evaluate; it keeps the register"))?;
        if blinded.is_empty() || blinded.len() > MAX_INPUTS {
            return Err(ServiceError::Malformed(format!("blinded: 1 to {MAX_INPUTS} elements")));
        }
        let count = blinded.len() as u64;
        let most = match purpose {
            Purpose::Registration => self.daily_evaluations,
            Purpose::Enrolment => self.daily_evaluations / 2,
        };
        if !self.store.count_evaluations(office, count, most, now_ms).await? {
            if purpose == Purpose::Registration {
                tracing::warn!(office, most, "an office has had its evaluations of the day: somebody may be guessing");
            }
            return Err(ServiceError::BudgetSpent { most });
        }
        tracing::info!(office, count, ?purpose, "evaluated");
        let evaluated = blinded.iter().map(|blinded| key.evaluate(blinded.as_ref()));
        evaluated
            .collect::<Result<_, _>>()
            .map_err(|error: EvaluationError| ServiceError::Malformed(format!("blinded: {error}")))
    }

    /// Makes a person an office's, unless it is another's.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn reserve(
        &self,
        caller: Address,
        key_set: B256,
        tags: &NetworkTags,
        now_ms: u64,
    ) -> Result<Reservation, ServiceError> {
        let (office, own) = self.registering_office(caller)?;
        if key_set != own {
            return Err(ServiceError::OtherEvaluators);
        }
        let reservation = self.store.reserve(office, tags, now_ms).await?;
        let held = matches!(reservation, Reservation::Held(_));
        tracing::info!(office, held, "asked for a person");
        Ok(reservation)
    }

    /// Makes what an office has reserved its own for good; `false` if it does not hold it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn keep(&self, caller: Address, identity: NetworkIdentity) -> Result<bool, ServiceError> {
        let (office, _) = self.registering_office(caller)?;
        Ok(self.store.keep(office, identity).await?)
    }

    /// Forgets a person that an office holds; `false` if it does not hold it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn release(&self, caller: Address, identity: NetworkIdentity) -> Result<bool, ServiceError> {
        let (office, _) = self.registering_office(caller)?;
        Ok(self.store.release(office, identity).await?)
    }
}
