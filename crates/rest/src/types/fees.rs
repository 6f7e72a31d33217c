//! `/v1/fees`: what inspections cost, set by operators (O2C), and what an inspector owes for a period (C-FEE). Citizens pay nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_time};
use crate::values::{HexAddress, Timestamp};

/// The price of one recorded inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// In hundredths of the currency's unit; 0 is free.
    #[schema(example = 50, maximum = 1_000_000_000)]
    pub amount: u64,
    /// ISO 4217.
    #[schema(example = "CNY", pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// `PUT /v1/fees/prices/{subject}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPrice {
    /// What each inspection costs from now on; null takes the setting away.
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
    /// What each inspection costs from then on; absent: the setting was taken away.
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

/// What is owed in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillTotal {
    /// ISO 4217.
    #[schema(example = "CNY")]
    pub currency: String,
    /// In hundredths.
    #[schema(example = 1550)]
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
    /// What is owed in each currency.
    pub totals: Vec<BillTotal>,
    /// Chains that did not answer: what is recorded there is not charged, and the bill is not whole.
    pub unreachable: Vec<String>,
}

impl Example for Price {
    fn example() -> Self {
        Self { amount: 50, currency: "CNY".into() }
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
            totals: vec![BillTotal { currency: "CNY".into(), amount: 1550 }],
            unreachable: Vec::new(),
        }
    }
}
