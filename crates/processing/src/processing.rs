use std::sync::Arc;

use chancery_ledger::{Chain, Ledger};
use chancery_reference_points::{
    Code, DoorError, DoorResult, application::OperationHandlers, journal::Clock, operation::ChainName,
};

use crate::{ProcessingConfig, error::door_error, validity::Validity};

/// The processing entity. Offers P2R, S2P, C2P and M2P; cheap to clone.
#[derive(Clone)]
pub struct Processing {
    pub(crate) ledger: Ledger,
    pub(crate) handlers: OperationHandlers,
    pub(crate) config: Arc<ProcessingConfig>,
    pub(crate) clock: Clock,
    pub(crate) validity: Arc<Validity>,
}

impl Processing {
    /// Assembles the entity.
    ///
    /// # Errors
    /// `UnknownChain` when the configuration names a chain that the ledger does not have.
    pub fn new(
        ledger: Ledger,
        handlers: OperationHandlers,
        config: ProcessingConfig,
        clock: Clock,
    ) -> DoorResult<Self> {
        for name in config.kinds.values().chain([&config.main]) {
            ledger.chain(&name.0).map_err(door_error)?;
        }
        let validity = Arc::new(Validity::new(&config));
        Ok(Self { ledger, handlers, config: Arc::new(config), clock, validity })
    }

    pub(crate) fn chain(&self, name: &ChainName) -> DoorResult<&Chain> {
        self.ledger.chain(&name.0).map_err(door_error)
    }

    /// The present time in the unit of everything signed, Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        (self.clock)() / 1000
    }

    pub(crate) fn main(&self) -> DoorResult<&Chain> {
        self.chain(&self.config.main)
    }
}

/// The name of a chain in the terms of the doors.
pub(crate) fn name_of(chain: &Chain) -> ChainName {
    ChainName(chain.name().to_owned())
}

pub(crate) fn malformed(detail: impl Into<String>) -> DoorError {
    DoorError::new(Code::MalformedRequest, detail)
}
