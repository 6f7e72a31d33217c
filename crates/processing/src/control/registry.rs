//! What the organization registries record.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use chancery_contracts::{CertificateRegistry, OrganizationRegistry, predeploys};
use chancery_ledger::Chain;
use chancery_primitives::{OrganizationCode, Right};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    organization::{Organization, OrganizationKey},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Processing, error::door_error};

/// Rows of a page, the most that the contracts answer.
const PAGE_ROWS: u64 = 100;
/// Most organizations that are listed.
const MAX_ORGANIZATIONS: u64 = 10_000;
/// Most keys of an organization that are listed.
const MAX_KEYS: u64 = 10_000;
/// Organizations read at once.
const MAX_PARALLEL_READS: usize = 8;

/// An organization on one chain.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) administrator: Address,
    pub(super) suspended: bool,
}

/// Asks a view function of a chain's organization registry.
pub(super) async fn ask<C: SolCall>(chain: &Chain, call: C) -> DoorResult<C::Return> {
    ask_contract(chain, predeploys::ORGANIZATION_REGISTRY, call).await
}

/// Asks a view function of a contract.
pub(crate) async fn ask_contract<C: SolCall>(chain: &Chain, contract: Address, call: C) -> DoorResult<C::Return> {
    let view = chain.view(contract, &call.abi_encode().into()).await.map_err(door_error)?;
    C::abi_decode_returns(&view.data).map_err(|error| {
        // No code at the address answers with nothing: then this is not a chain of ours.
        let detail = format!("chain {}: its contracts do not answer as they should", chain.name());
        DoorError::new(Code::ChainUnreachable, detail).with("chain", chain.name()).caused_by(error)
    })
}

/// The organization as a chain has it; `None` when it is not registered there.
pub(super) async fn entry(chain: &Chain, code: OrganizationCode) -> DoorResult<Option<Entry>> {
    let found = ask(chain, OrganizationRegistry::organizationCall { code: code.to_bytes32() }).await?;
    let entry = Entry { name: found.name, administrator: found.administrator, suspended: found.suspended };
    Ok((found.registeredAt != 0).then_some(entry))
}

/// All key records of an organization on a chain, oldest first.
pub(super) async fn keys(chain: &Chain, code: OrganizationCode) -> DoorResult<Vec<OrganizationKey>> {
    let code = code.to_bytes32();
    let count = ask(chain, OrganizationRegistry::keyRecordCountCall { code }).await?;
    let count = u64::try_from(count).unwrap_or(u64::MAX).min(MAX_KEYS);
    let mut keys = Vec::new();
    for offset in (0..count).step_by(PAGE_ROWS as usize) {
        let page = OrganizationRegistry::keyRecordsCall {
            code,
            offset: alloy_primitives::U256::from(offset),
            limit: alloy_primitives::U256::from(PAGE_ROWS),
        };
        let records = ask(chain, page).await?;
        keys.extend(records.into_iter().map(|record| OrganizationKey {
            address: record.key,
            right: right_name(record.right),
            not_before: record.notBefore,
            not_after: (record.notAfter != 0).then_some(record.notAfter),
            revoked_at: (record.revokedAt != 0).then_some(record.revokedAt),
        }));
    }
    Ok(keys)
}

/// The text of a right; the hexadecimal digits of one that is no name.
fn right_name(right: B256) -> String {
    Right::from_bytes32(right).map_or_else(|_| right.to_string(), |right| right.to_string())
}

impl Processing {
    /// Where a side chain keeps what was proven to it of the main chain's organizations; `None` for a chain to which they are written: the main chain, one by itself,
    /// one without finality certificates (decision 0036). Its certificate registry says whom it asks.
    pub(crate) async fn trust_registry(&self, chain: &Chain) -> DoorResult<Option<Address>> {
        if chain.name() == self.config.main.0 {
            return Ok(None);
        }
        let asked = CertificateRegistry::organizationRegistryCall {};
        let asked = ask_contract(chain, predeploys::CERTIFICATE_REGISTRY, asked).await?;
        Ok((asked != predeploys::ORGANIZATION_REGISTRY).then_some(asked))
    }

    /// All organizations of the main chain.
    pub(super) async fn all_organizations(&self) -> DoorResult<Vec<Organization>> {
        let main = self.main()?;
        let count = ask(main, OrganizationRegistry::organizationCountCall {}).await?;
        let count = u64::try_from(count).unwrap_or(u64::MAX).min(MAX_ORGANIZATIONS);
        let mut codes = Vec::new();
        for offset in (0..count).step_by(PAGE_ROWS as usize) {
            let page = OrganizationRegistry::organizationCodesCall {
                offset: alloy_primitives::U256::from(offset),
                limit: alloy_primitives::U256::from(PAGE_ROWS),
            };
            codes.extend(ask(main, page).await?);
        }
        let organizations = stream::iter(codes)
            .map(|code| async move {
                let code = OrganizationCode::from_bytes32(code).map_err(DoorError::internal)?;
                self.organization_of(main, code).await
            })
            .buffered(MAX_PARALLEL_READS)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(organizations.into_iter().flatten().collect())
    }

    /// One organization with its keys.
    async fn organization_of(&self, chain: &Chain, code: OrganizationCode) -> DoorResult<Option<Organization>> {
        let Some(entry) = entry(chain, code).await? else { return Ok(None) };
        Ok(Some(Organization {
            code: code.to_string(),
            name: entry.name,
            administrator: entry.administrator,
            suspended: entry.suspended,
            keys: keys(chain, code).await?,
        }))
    }
}
