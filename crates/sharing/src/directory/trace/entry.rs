//! One event of an asset's contract or of its entry in the directory, in words.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEventInterface as _;
use chancery_contracts::{
    DigitalAsset::{self, DigitalAssetEvents as OfAsset},
    ResourceDirectory::{self, ResourceDirectoryEvents as OfEntry},
};
use chancery_reference_points::chain_records::EventRecord;
use serde::{Deserialize, Serialize};

use super::super::reading::ascii;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "happened", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TracedEvent {
    /// It was entered into the directory.
    Registered {
        /// By this organization.
        organization: String,
    },
    /// Its description was replaced.
    Described,
    /// Its entry was put under another organization.
    TakenOver {
        /// From this one.
        from: String,
        /// By this one.
        organization: String,
    },
    /// Its entry was taken out of the directory.
    Withdrawn,
    /// A version was published.
    Published {
        /// Which.
        version: u32,
        /// Fingerprint of its file; zero for a small text.
        fingerprint: B256,
    },
    /// Its owner offered it.
    Offered {
        /// Its owner.
        from: Address,
        /// To whom; absent when an offer was taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Address>,
    },
    /// It changed hands.
    Transferred {
        /// Its owner before; absent when it was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Address>,
        /// Its owner from then on.
        to: Address,
    },
    /// A right of use was given.
    RightGiven {
        /// Its number.
        right: u64,
        /// To whom.
        holder: Address,
        /// keccak256 of what it is for.
        purpose_hash: B256,
        /// Its last second, Unix time.
        valid_until: u64,
    },
    /// A right of use was taken back.
    RightWithdrawn {
        /// Its number.
        right: u64,
        /// From whom.
        holder: Address,
    },
    /// Somebody may ask.
    Listed {
        /// Who.
        reader: Address,
    },
    /// Somebody may ask no longer.
    Removed {
        /// Who.
        reader: Address,
    },
    /// Access was asked for.
    Asked {
        /// The request.
        request: u64,
        /// By whom.
        reader: Address,
        /// To this version.
        version: u32,
        /// keccak256 of what for.
        purpose_hash: B256,
        /// By which right; absent: its reader was listed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        right: Option<u64>,
    },
    /// Access was granted: what is granted and final is handed out.
    Granted {
        /// The request.
        request: u64,
        /// To whom.
        reader: Address,
        /// Last second, Unix time; absent: it does not end by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<u64>,
    },
    /// A request or its grant ended.
    Ended {
        /// The request.
        request: u64,
        /// Whose it was.
        reader: Address,
    },
}

/// An event with when and where it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceEntry {
    /// Unix seconds.
    pub time: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: TracedEvent,
    /// The transaction.
    pub tx_hash: B256,
    /// Its final block.
    pub block_number: u64,
    /// Its place in the block.
    pub log_index: u64,
}

impl TraceEntry {
    /// An event as it is traced; none for what is no event of these contracts, or adds nothing.
    pub(super) fn of(event: &EventRecord) -> Option<Self> {
        let happened = of_asset(event).or_else(|| of_entry(event))?;
        Some(Self {
            time: event.block_time_ms / 1000,
            event: happened,
            tx_hash: event.locator.tx_hash,
            block_number: event.locator.block_number,
            log_index: event.log_index,
        })
    }
}

impl TracedEvent {
    /// Of which reader or holder it speaks.
    pub(super) const fn reader(&self) -> Option<Address> {
        match self {
            Self::RightGiven { holder: reader, .. }
            | Self::RightWithdrawn { holder: reader, .. }
            | Self::Listed { reader }
            | Self::Removed { reader }
            | Self::Asked { reader, .. }
            | Self::Granted { reader, .. }
            | Self::Ended { reader, .. } => Some(*reader),
            _ => None,
        }
    }
}

fn of_asset(event: &EventRecord) -> Option<TracedEvent> {
    let some = |address: Address| (!address.is_zero()).then_some(address);
    Some(match OfAsset::decode_raw_log(&event.topics, &event.data).ok()? {
        OfAsset::VersionPublished(DigitalAsset::VersionPublished { version, fingerprint, .. }) => {
            TracedEvent::Published { version, fingerprint }
        }
        OfAsset::OwnershipOffered(DigitalAsset::OwnershipOffered { owner, to }) => {
            TracedEvent::Offered { from: owner, to: some(to) }
        }
        OfAsset::OwnershipTransferred(DigitalAsset::OwnershipTransferred { from, to, .. }) => {
            TracedEvent::Transferred { from: some(from), to }
        }
        OfAsset::RightGiven(DigitalAsset::RightGiven { right, holder, purpose, validUntil: valid_until }) => {
            TracedEvent::RightGiven { right, holder, purpose_hash: purpose, valid_until }
        }
        OfAsset::RightWithdrawn(DigitalAsset::RightWithdrawn { right, holder, .. }) => {
            TracedEvent::RightWithdrawn { right, holder }
        }
        OfAsset::ReaderListed(DigitalAsset::ReaderListed { reader }) => TracedEvent::Listed { reader },
        OfAsset::ReaderRemoved(DigitalAsset::ReaderRemoved { reader, .. }) => TracedEvent::Removed { reader },
        OfAsset::AccessRequested(DigitalAsset::AccessRequested {
            request, reader, version, purpose, right, ..
        }) => {
            let right = (right != 0).then_some(right);
            TracedEvent::Asked { request, reader, version, purpose_hash: purpose, right }
        }
        OfAsset::AccessGranted(DigitalAsset::AccessGranted { request, reader, validUntil: until, .. }) => {
            TracedEvent::Granted { request, reader, valid_until: (until != 0).then_some(until) }
        }
        OfAsset::GrantEnded(DigitalAsset::GrantEnded { request, reader }) => TracedEvent::Ended { request, reader },
        // What follows from these: the rule of decision, and each decision.
        OfAsset::DecisionRuleChanged(_) | OfAsset::RequestDecided(_) => return None,
    })
}

fn of_entry(event: &EventRecord) -> Option<TracedEvent> {
    Some(match OfEntry::decode_raw_log(&event.topics, &event.data).ok()? {
        OfEntry::ResourceRegistered(ResourceDirectory::ResourceRegistered { organization, .. }) => {
            TracedEvent::Registered { organization: ascii(organization) }
        }
        OfEntry::ResourceTakenOver(ResourceDirectory::ResourceTakenOver { from, to, .. }) => {
            TracedEvent::TakenOver { from: ascii(from), organization: ascii(to) }
        }
        OfEntry::ResourceDescribed(_) => TracedEvent::Described,
        OfEntry::ResourceWithdrawn(_) => TracedEvent::Withdrawn,
    })
}
