//! The service behind its door: wire types in, wire types out.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_gateway::persons::PersonService;
use chancery_identity::{IdentityError, NetworkIdentity, NetworkTags, Purpose, Reservation};
use chancery_persons::service::{Service, ServiceError};
use chancery_reference_points::{Code, DoorError, DoorResult};
use chancery_rest::{
    types::persons::{
        ChangePerson, ChangedPerson, ClaimPerson, ClaimedPerson, EvaluateInputs, EvaluatedInput, EvaluatedInputs,
        PersonState,
    },
    values::HexBytes,
};

use super::now_ms;

pub(super) struct ServiceDoor(Service);

impl ServiceDoor {
    pub(super) const fn new(service: Service) -> Self {
        Self(service)
    }
}

fn door_error(error: ServiceError) -> DoorError {
    let public = error.to_string();
    match error {
        ServiceError::UnknownOffice(_) => DoorError::new(Code::RoleRequired, public),
        ServiceError::NotOffered(_) => DoorError::new(Code::UnknownRoute, public),
        ServiceError::Malformed(_) => DoorError::new(Code::MalformedRequest, public),
        ServiceError::OtherEvaluators => DoorError::new(Code::ConfigurationInvalid, public),
        ServiceError::BudgetSpent { most } => DoorError::new(Code::TooManyRequests, public).with("limit", most),
        ServiceError::Store(error @ IdentityError::DatabaseUnreachable { .. }) => {
            DoorError::new(Code::DatabaseUnreachable, "").caused_by(error)
        }
        // Two offices wrote at the same time: whoever lost asks again.
        ServiceError::Store(error @ IdentityError::Conflict(_)) => {
            DoorError::new(Code::DatabaseUnreachable, "").caused_by(error)
        }
        ServiceError::Store(error) => DoorError::internal(error),
    }
}

#[async_trait]
impl PersonService for ServiceDoor {
    fn is_office(&self, caller: Address) -> bool {
        self.0.is_office(caller)
    }

    fn office_count(&self) -> usize {
        self.0.office_count()
    }

    async fn evaluate(&self, caller: Address, request: EvaluateInputs) -> DoorResult<EvaluatedInputs> {
        let blinded: Vec<&[u8]> = request.blinded.iter().map(|blinded| blinded.0.as_ref()).collect();
        let purpose = if request.enrolment { Purpose::Enrolment } else { Purpose::Registration };
        let evaluated = self.0.evaluate(caller, &blinded, purpose, now_ms()).await.map_err(door_error)?;
        let evaluated = evaluated.into_iter().map(|evaluated| EvaluatedInput {
            element: HexBytes(evaluated.element.to_vec().into()),
            proof: HexBytes(evaluated.proof.to_vec().into()),
        });
        Ok(EvaluatedInputs { evaluated: evaluated.collect() })
    }

    async fn claim(&self, caller: Address, request: ClaimPerson) -> DoorResult<ClaimedPerson> {
        let tags = NetworkTags { name: request.name_tag.0, document: request.document_tag.map(|tag| tag.0) };
        let reservation = self.0.reserve(caller, request.key_set.0, &tags, now_ms()).await.map_err(door_error)?;
        let identity = match reservation {
            Reservation::Held(identity) => Some(identity.to_string()),
            Reservation::HeldElsewhere => None,
        };
        Ok(ClaimedPerson { identity })
    }

    async fn change(&self, caller: Address, identity: &str, request: ChangePerson) -> DoorResult<ChangedPerson> {
        let identity: NetworkIdentity = identity
            .parse()
            .map_err(|error: IdentityError| DoorError::new(Code::MalformedRequest, error.to_string()))?;
        let held = match request.state {
            PersonState::Kept => self.0.keep(caller, identity).await,
            PersonState::Released => self.0.release(caller, identity).await,
        };
        Ok(ChangedPerson { held: held.map_err(door_error)? })
    }
}
