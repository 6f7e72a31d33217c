//! `/v1/quotas`: how much is accepted of sources and organizations, set by operators (O2C), seen by supervisors (V2M).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address};
use crate::values::{HexAddress, HexHash};

/// How much is accepted. A member that is absent bounds nothing; 0 accepts nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Operations in a day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 100_000)]
    pub operations_per_day: Option<u64>,
    /// Bytes of operations in a day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 50_000_000)]
    pub bytes_per_day: Option<u64>,
    /// The rate: operations in a minute of the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 600)]
    pub operations_per_minute: Option<u64>,
}

/// A change of a quota, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSetting {
    /// `organizations` and `sources` (of each without a quota of its own), `organization:CODE`, `source:0x...`.
    #[schema(example = "organization:12440300455765412A")]
    pub subject: String,
    /// What counts from then on; absent: the setting was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Which operator.
    pub by: HexAddress,
    /// When, Unix milliseconds.
    #[schema(example = 1_795_230_000_000_u64)]
    pub at_ms: u64,
    /// Its place in the journal.
    #[schema(example = 42)]
    pub place: u64,
    /// Its name in the data block.
    pub digest: HexHash,
    /// Where its data block is recorded; absent until that is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
}

/// What somebody has submitted of what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaUsage {
    /// `organization:CODE` or `source:0x...`.
    #[schema(example = "organization:12440300455765412A")]
    pub subject: String,
    /// Operations accepted today (UTC).
    #[schema(example = 1200)]
    pub operations: u64,
    /// Their bytes.
    #[schema(example = 307_200)]
    pub bytes: u64,
    /// Operations accepted in this minute.
    #[schema(example = 60)]
    pub minute_operations: u64,
    /// What counts for it; absent: nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Names of the quota's members that are used up.
    #[schema(example = json!([]))]
    pub used_up: Vec<String>,
}

/// Settings and usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quotas {
    /// The journal's clock, Unix milliseconds.
    pub now_ms: u64,
    /// When the day ends, Unix milliseconds.
    pub day_ends_ms: u64,
    /// What is in force.
    pub settings: Vec<QuotaSetting>,
    /// The newest changes, newest first.
    pub changes: Vec<QuotaSetting>,
    /// Who has submitted today, or has a quota of its own; most operations first, at most 1000.
    pub usage: Vec<QuotaUsage>,
    /// Rows of usage that are left off.
    pub left_off: usize,
}

impl Example for Quota {
    fn example() -> Self {
        Self { operations_per_day: Some(100_000), bytes_per_day: Some(50_000_000), operations_per_minute: Some(600) }
    }
}

impl Example for QuotaSetting {
    fn example() -> Self {
        Self {
            subject: "organization:12440300455765412A".into(),
            quota: Some(Quota::example()),
            by: example_address(),
            at_ms: 1_795_230_000_000,
            place: 42,
            digest: HexHash(alloy_primitives::B256::repeat_byte(0xce)),
            recorded: Some(Recorded::example()),
        }
    }
}

impl Example for Quotas {
    fn example() -> Self {
        let usage = QuotaUsage {
            subject: "organization:12440300455765412A".into(),
            operations: 1200,
            bytes: 307_200,
            minute_operations: 60,
            quota: Some(Quota::example()),
            used_up: Vec::new(),
        };
        Self {
            now_ms: 1_795_230_000_000,
            day_ends_ms: 1_795_305_600_000,
            settings: vec![QuotaSetting::example()],
            changes: vec![QuotaSetting::example()],
            usage: vec![usage],
            left_off: 0,
        }
    }
}
