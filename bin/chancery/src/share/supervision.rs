//! Supervision of the city, as a department reaches it: over the gateway, signed with the owner's key.

use anyhow::Result;
use async_trait::async_trait;
use chancery_client::{
    Client,
    rest::{types::resources::HandAccesses, values::HexBytes},
};
use chancery_sharing::department::{HandedLines, NotHandedOver, Supervision};

use super::Owner;
use crate::{arguments::Connection, keys::PartyKeys};

/// Takes over who came for an asset.
pub(crate) struct CitySupervision {
    client: Client,
    resource: String,
    asset: alloy_primitives::Address,
}

impl CitySupervision {
    /// Of the city at whose gateway the connection is. Nothing is asked of it yet.
    pub(crate) fn of(owner: &Owner, connection: &Connection, keys: &PartyKeys) -> Result<Self> {
        let main_chain_id = owner.chain.config().chain_id;
        Ok(Self {
            client: connection.client()?.signing_with(keys.account().clone(), main_chain_id),
            resource: owner.set.resource.to_string(),
            asset: owner.department()?.asset().address,
        })
    }
}

#[async_trait]
impl Supervision for CitySupervision {
    async fn hand_over(&self, lines: &HandedLines) -> Result<(), NotHandedOver> {
        let request = HandAccesses {
            asset: self.asset.into(),
            lines: lines.lines.clone(),
            signature: HexBytes(lines.signature.clone()),
        };
        let kept = self.client.hand_accesses(&self.resource, &request).await;
        kept.map(drop).map_err(|error| NotHandedOver(error.to_string()))
    }
}
