//! How far a member's business database is, and what its applier stands on: the next block with entries is applied and taken back.

use std::time::Duration;

use tokio::time::sleep;

use super::Finding;
use crate::database::{Applier, DatabaseError, Pending};

/// Many times the pause of an applier that runs: what is there then was not left for a moment.
const BETWEEN: Duration = Duration::from_secs(5);

/// What is wrong with a database, whose applier has this configuration file.
pub async fn look(applier: &Applier, file: &str) -> Option<Finding> {
    match looked(applier).await {
        Ok(None) => None,
        Ok(Some(Pending { block, stands_on: Some(error), .. })) => {
            Some(Finding::ApplierStands { block, reason: error.to_string() })
        }
        Ok(Some(Pending { applied_to, head, .. })) => {
            Some(Finding::ApplierBehind { applied_to, head, file: file.to_owned() })
        }
        // One that runs is in the way: it works.
        Err(DatabaseError::Overtaken) => None,
        Err(error) => Some(Finding::DatabaseSilent { reason: error.to_string() }),
    }
}

/// What could be applied is looked at again after a while.
async fn looked(applier: &Applier) -> Result<Option<Pending>, DatabaseError> {
    let Some(first) = Box::pin(applier.look()).await? else { return Ok(None) };
    if first.stands_on.is_some() {
        return Ok(Some(first));
    }
    sleep(BETWEEN).await;
    let second = Box::pin(applier.look()).await?;
    Ok(second.filter(|second| second.stands_on.is_some() || second.block == first.block))
}
