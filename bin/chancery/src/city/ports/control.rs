//! O2C, with the word to whoever remembers rights that they may have changed.

use std::sync::Arc;

use async_trait::async_trait;
use chancery_certificates::roles::RoleResolver;
use chancery_reference_points::{
    Actor, DoorResult,
    o2c::{Change, ChangeResult, Mode, O2c},
    organization::Organization,
};

/// Controlling, after whose changes the roles are read anew: a key that is retired here is retired at once.
pub(crate) struct ControlPort {
    controlling: Arc<dyn O2c>,
    roles: RoleResolver,
}

impl ControlPort {
    pub(crate) const fn new(controlling: Arc<dyn O2c>, roles: RoleResolver) -> Self {
        Self { controlling, roles }
    }
}

#[async_trait]
impl O2c for ControlPort {
    async fn control(&self, actor: &Actor, change: Change, mode: Mode) -> DoorResult<ChangeResult> {
        let result = self.controlling.control(actor, change, mode).await;
        // After a failure too: it may have come half-way.
        if mode == Mode::Apply {
            self.roles.forget();
        }
        result
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.controlling.organizations().await
    }

    async fn organization(&self, code: &str) -> DoorResult<Organization> {
        self.controlling.organization(code).await
    }
}
