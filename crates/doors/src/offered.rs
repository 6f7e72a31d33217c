//! The doors that a process offers.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, time::Duration};

use async_trait::async_trait;
use chancery_reference_points::{DoorError, error::parts::RemoteCause};
use futures::FutureExt as _;

use crate::{
    limits::READ,
    wire::{self, Answer, Arguments, Call, Health},
};

/// An operation and the longest that it may take.
pub(crate) type Operation = (&'static str, Duration);

/// A door under its service's name.
#[async_trait]
pub(crate) trait Served: Send + Sync {
    /// Its operations.
    fn operations(&self) -> &'static [Operation];

    /// Answers one; `None` when it has none of this name.
    async fn answer(&self, operation: &str, arguments: Arguments) -> Option<Answer>;
}

/// The doors that a process offers, by the name of their service. Made with [`Offered::new`], and each door added by the method that is named after it.
pub struct Offered {
    entity: &'static str,
    pub(crate) doors: BTreeMap<&'static str, Box<dyn Served>>,
}

impl Offered {
    /// A process that offers nothing yet but its health.
    #[must_use]
    pub fn new(entity: &'static str) -> Self {
        Self { entity, doors: BTreeMap::new() }
    }

    /// Services and their operations, by name.
    #[must_use]
    pub fn operations(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let names = |door: &dyn Served| door.operations().iter().map(|(name, _)| *name).collect();
        let doors = self.doors.iter().map(|(service, door)| (*service, names(door.as_ref())));
        doors.chain([("Entity", vec!["Health"])]).collect()
    }

    fn health(&self) -> Health {
        Health {
            entity: self.entity.to_owned(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            process_id: std::process::id(),
            services: self.doors.keys().map(|service| (*service).to_owned()).collect(),
        }
    }

    /// How long an operation may take; `None` when it is not offered.
    pub(crate) fn deadline(&self, service: &str, operation: &str) -> Option<Duration> {
        if (service, operation) == ("Entity", "Health") {
            return Some(READ);
        }
        let operations = self.doors.get(service)?.operations();
        operations.iter().find(|(name, _)| *name == operation).map(|(_, deadline)| *deadline)
    }

    /// Answers a call within its deadline. A door that panics is a door that answers `internal`, as at the gateway.
    pub(crate) async fn answer(&self, service: &str, operation: &str, call: Call) -> Answer {
        let unknown = || wire::broken(format!("{} offers no {service}/{operation}", self.entity));
        let Some(deadline) = self.deadline(service, operation) else { return wire::answer::<()>(Err(unknown())) };
        let arguments = match Arguments::of(call) {
            Ok(arguments) => arguments,
            Err(error) => return wire::answer::<()>(Err(error)),
        };
        let Some(door) = self.doors.get(service) else { return wire::answer(Ok(self.health())) };
        let answering = AssertUnwindSafe(door.answer(operation, arguments)).catch_unwind();
        match tokio::time::timeout(deadline, answering).await {
            Ok(Ok(answer)) => answer.unwrap_or_else(|| wire::answer::<()>(Err(unknown()))),
            Ok(Err(_)) => {
                let panicked = RemoteCause(format!("{service}/{operation} of {} panicked", self.entity));
                wire::answer::<()>(Err(DoorError::internal(panicked)))
            }
            Err(_) => wire::answer::<()>(Err(wire::timed_out(self.entity))),
        }
    }
}
