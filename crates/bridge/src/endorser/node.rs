use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_ledger::{KeyError, LedgerError};
use chancery_primitives::SigningDomain;

use super::{EndorseRefusal, Endorser};
use crate::{
    alliance::{
        comparison::{Suggestion, compare},
        message::{Endorse, Endorsement, Part, Request},
    },
    contracts::{NodeContract, ViewError},
    database::{Corroboration, Discord},
    key::NodeKey,
};

/// A member's node that endorses. It believes its own chain's node and nobody else.
#[derive(Clone, Debug)]
pub struct NodeEndorser {
    /// What signatures are made for.
    pub domain: SigningDomain,
    /// The member's name.
    pub member: B256,
    /// The member's node contract, through the endorser's own node.
    pub contract: NodeContract,
    /// Serial number of its transaction certificate.
    pub certificate: u64,
    /// What its identity certificate names.
    pub key: Arc<NodeKey>,
    /// Its organization's business database, if one stands behind the node contract.
    pub database: Option<Corroboration>,
}

#[async_trait]
impl Endorser for NodeEndorser {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        self.endorse_for(request, part, None).await
    }

    async fn endorse_for(
        &self,
        request: &Request,
        part: &Part,
        asker: Option<B256>,
    ) -> Result<Endorsement, EndorseRefusal> {
        if part.member != self.member {
            return Err(EndorseRefusal::OtherMember { asked: part.member, own: self.member });
        }
        let part_hash = part.hash();
        let is_named = request.parts.iter().any(|known| known.member == self.member && known.part_hash == part_hash);
        if request.check().is_err() || !part.is_well_formed() || !is_named {
            return Err(EndorseRefusal::Malformed);
        }
        let found = self.contract.suggest(&part.call).await.map_err(|error| match error {
            ViewError::Ledger(LedgerError::Reverted { reason, .. }) => {
                EndorseRefusal::CallRefused { reason: reason.to_string() }
            }
            error => {
                // The answer goes to another organization: it does not learn our endpoints.
                tracing::warn!(%error, "a call could not be executed for an endorsement");
                EndorseRefusal::Unavailable { reason: "its chain could not be read".to_owned() }
            }
        })?;
        compare(part, &found).map_err(|difference| EndorseRefusal::Differs { difference })?;
        self.corroborate(request, part, &found, asker).await?;
        let endorse = Endorse { request_hash: request.hash(), member: self.member, certificate: self.certificate };
        let signature = self
            .key
            .sign_aside(&endorse, &self.domain)
            .await
            .map_err(|error| EndorseRefusal::Unavailable { reason: unsigned(&error) })?;
        Ok(Endorsement { certificate: self.certificate, member: self.member, signature })
    }
}

/// What others are told when whoever keeps the key does not sign. The answer goes to another organization: it does not learn where the key is kept.
pub(super) fn unsigned(error: &KeyError) -> String {
    tracing::warn!(%error, "the node's key does not sign");
    "its key is not at hand".to_owned()
}

impl NodeEndorser {
    /// Asks the organization's own database (DATABASE-4, DATABASE-7, DATABASE-8).
    async fn corroborate(
        &self,
        request: &Request,
        part: &Part,
        found: &Suggestion,
        asker: Option<B256>,
    ) -> Result<(), EndorseRefusal> {
        let Some(database) = &self.database else { return Ok(()) };
        let until_s = request.valid_until.saturating_add(request.window);
        Box::pin(database.check(part, found, until_s, asker)).await.map_err(|discord| match discord {
            Discord::Key(key) => {
                tracing::error!(%key, "the database has something else than the chain, or cannot take what is to be written");
                EndorseRefusal::DatabaseDisagrees { key }
            }
            Discord::Refused { key, error } => {
                tracing::error!(%key, %error, "the database does not take what is to be written");
                EndorseRefusal::DatabaseRefuses { key }
            }
            Discord::Promised(key) => EndorseRefusal::DatabasePromised { key },
            Discord::TooLong { longest_s } => EndorseRefusal::TooLong { longest_s },
            Discord::Busy => EndorseRefusal::Unavailable { reason: "too many parts wait for its database".to_owned() },
            Discord::Behind => EndorseRefusal::Unavailable { reason: "its database is not where its chain is".to_owned() },
            Discord::Unknown(error) => {
                tracing::warn!(%error, "the database could not be asked for an endorsement");
                EndorseRefusal::Unavailable { reason: "its database could not be asked".to_owned() }
            }
        })
    }
}
