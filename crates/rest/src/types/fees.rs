//! `/v1/fees`: what inspections cost, set by operators (O2C), and what an inspector owes for a period (C-FEE). Citizens pay nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_time};
use crate::values::{HexAddress, Timestamp};

/// What inspections cost, each in hundredths of the currency's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// One recorded inspection; 0 is free.
    #[schema(example = 50, maximum = 1_000_000_000)]
    pub amount: u64,
    /// ISO 4217.
    #[schema(example = "CNY", pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// One check that records nothing; the same certificate again within the hour is the same check. Absent or 0: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 5, maximum = 1_000_000_000)]
    pub check_amount: Option<u64>,
    /// One MiB (2^20 bytes) of what checks asked and were answered. Absent or 0: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 100, maximum = 1_000_000_000)]
    pub mebibyte_amount: Option<u64>,
}

/// `PUT /v1/fees/prices/{subject}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPrice {
    /// What inspections and checks cost from now on; null takes the setting away.
    #[serde(default)]
    pub price: Option<Price>,
}

/// A change of the price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceSetting {
    /// `organizations` (each without a price of its own) or `organization:CODE`.
    #[schema(example = "organizations")]
    pub subject: String,
    /// What they cost from then on; absent: the setting was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Which operator.
    pub by: HexAddress,
    /// From when on.
    pub at: Timestamp,
}

/// The answer of `GET /v1/fees/prices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    /// What counts now. Where there is nothing, inspections are free.
    pub prices: Vec<PriceSetting>,
    /// Every change, newest first.
    pub changes: Vec<PriceSetting>,
}

/// What one inspector recorded for one organization while one price counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillLine {
    /// Who inspected.
    pub inspector: HexAddress,
    /// Code of the organization for which it inspected.
    #[schema(example = "11440300007542689X")]
    pub organization: String,
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// Recorded inspections.
    #[schema(example = 31)]
    pub count: u64,
    /// What each costs; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// `count` times the price, in hundredths.
    #[schema(example = 1550)]
    pub amount: u64,
}

/// What one inspector checked by machine for one organization while one price counted. Nothing of it is on a chain: it is counted from the city's journal of accesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckLine {
    /// Who checked.
    pub inspector: HexAddress,
    /// Code of the organization for which it checked.
    #[schema(example = "11440300007542689X")]
    pub organization: String,
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// Checks that were answered, one certificate once an hour.
    #[schema(example = 120)]
    pub count: u64,
    /// Bytes of all questions and answers.
    #[schema(example = 262_144)]
    pub bytes: u64,
    /// What they cost; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// `count` times `checkAmount`, and `bytes` times `mebibyteAmount` over 2^20, rounded down, in hundredths.
    #[schema(example = 625)]
    pub amount: u64,
}

/// What is owed in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillTotal {
    /// ISO 4217.
    #[schema(example = "CNY")]
    pub currency: String,
    /// In hundredths.
    #[schema(example = 2175)]
    pub amount: u64,
}

/// The answer of `GET /v1/fees/bills`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Recorded inspections in all.
    #[schema(example = 31)]
    pub count: u64,
    /// By time, inspector and organization. Who inspected nothing is not there.
    pub lines: Vec<BillLine>,
    /// Checks by machine, in the same order.
    pub checks: Vec<CheckLine>,
    /// What is owed in each currency.
    pub totals: Vec<BillTotal>,
    /// Chains that did not answer: what is recorded there is not charged, and the bill is not whole.
    pub unreachable: Vec<String>,
}

impl Example for Price {
    fn example() -> Self {
        Self { amount: 50, currency: "CNY".into(), check_amount: None, mebibyte_amount: None }
    }
}

impl Example for SetPrice {
    fn example() -> Self {
        Self { price: Some(Price::example()) }
    }
}

impl Example for Prices {
    fn example() -> Self {
        let setting = PriceSetting {
            subject: "organizations".into(),
            price: Some(Price::example()),
            by: example_address(),
            at: example_time(),
        };
        Self { prices: vec![setting.clone()], changes: vec![setting] }
    }
}

impl Example for Bill {
    fn example() -> Self {
        Self {
            from: example_time(),
            to: example_time(),
            made_at: example_time(),
            count: 31,
            lines: vec![BillLine {
                inspector: example_address(),
                organization: "11440300007542689X".into(),
                from: example_time(),
                to: example_time(),
                count: 31,
                price: Some(Price::example()),
                amount: 1550,
            }],
            checks: vec![CheckLine {
                inspector: example_address(),
                organization: "11440300007542689X".into(),
                from: example_time(),
                to: example_time(),
                count: 120,
                bytes: 262_144,
                price: Some(Price { check_amount: Some(5), mebibyte_amount: Some(100), ..Price::example() }),
                amount: 625,
            }],
            totals: vec![BillTotal { currency: "CNY".into(), amount: 2175 }],
            unreachable: Vec::new(),
        }
    }
}
