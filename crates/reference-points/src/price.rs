//! What inspections cost (C-FEE, decisions 0044 and 0068): the price list that operators set, and the bill that follows from it. Recorded inspections, checks by machine and
//! their traffic have each a price. Citizens pay nothing; nobody is charged for what no price was set for.

use std::{fmt, ops::Range, str::FromStr};

use alloy_primitives::Address;
use chancery_primitives::OrganizationCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Code, DoorError, DoorResult};

/// Most changes of the price list: each inspection is charged by the price of its time, so none is forgotten.
pub const MAX_PRICE_CHANGES: usize = 1_000;
/// Most spans with prices of their own that one bill covers.
pub const MAX_BILL_SPANS: usize = 64;
/// Highest price, in hundredths of the currency's unit.
pub const MAX_AMOUNT: u64 = 1_000_000_000;

/// Whose inspections; as text `organizations`, `organization:CODE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PriceSubject {
    /// Those of each organization that has no price of its own.
    EveryOrganization,
    /// Those of all inspectors of one organization.
    Organization(String),
}

impl fmt::Display for PriceSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryOrganization => formatter.write_str("organizations"),
            Self::Organization(code) => write!(formatter, "organization:{code}"),
        }
    }
}

impl FromStr for PriceSubject {
    type Err = DoorError;

    fn from_str(text: &str) -> Result<Self, DoorError> {
        let wrong = || {
            let detail = "subject: write organizations or organization:CODE";
            DoorError::new(Code::MalformedRequest, detail).with("member", "subject")
        };
        match text.split_once(':') {
            None if text == "organizations" => Ok(Self::EveryOrganization),
            Some(("organization", code)) => {
                code.parse::<OrganizationCode>().map(|code| Self::Organization(code.to_string())).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl Serialize for PriceSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PriceSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: DoorError| D::Error::custom(error.detail()))
    }
}

/// What inspections cost, in hundredths of the currency's unit each; 0 is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// One recorded inspection.
    pub amount: u64,
    /// ISO 4217: three capital letters.
    pub currency: String,
    /// One check that records nothing. The same certificate again within the hour is the same check.
    #[serde(default, skip_serializing_if = "is_free")]
    pub check_amount: u64,
    /// One MiB (2^20 bytes) of what checks asked and were answered.
    #[serde(default, skip_serializing_if = "is_free")]
    pub mebibyte_amount: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_free(amount: &u64) -> bool {
    *amount == 0
}

impl Price {
    /// Of recorded inspections alone.
    #[must_use]
    pub fn of_inspections(amount: u64, currency: impl Into<String>) -> Self {
        Self { amount, currency: currency.into(), check_amount: 0, mebibyte_amount: 0 }
    }

    /// What so many checks with so many bytes cost, in hundredths: parts of a MiB count as parts, and what is less than a hundredth at the end of all does not.
    #[must_use]
    pub fn of_checks(&self, count: u64, bytes: u64) -> u64 {
        let traffic = u128::from(bytes).saturating_mul(self.mebibyte_amount.into()) >> 20;
        self.check_amount.saturating_mul(count).saturating_add(u64::try_from(traffic).unwrap_or(u64::MAX))
    }

    /// Whether it is a price.
    ///
    /// # Errors
    /// `ConfigurationInvalid` says what to write.
    pub fn check(&self) -> DoorResult<()> {
        let Self { amount, check_amount, mebibyte_amount, .. } = self;
        for (name, amount) in [("amount", amount), ("checkAmount", check_amount), ("mebibyteAmount", mebibyte_amount)] {
            if *amount > MAX_AMOUNT {
                let detail = format!("{name}: at most {MAX_AMOUNT} hundredths");
                return Err(DoorError::new(Code::ConfigurationInvalid, detail));
            }
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(DoorError::new(
                Code::ConfigurationInvalid,
                "currency: write the three capital letters of ISO 4217",
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { amount, currency, check_amount, mebibyte_amount } = self;
        write!(formatter, "{}.{:02} {currency}", amount / 100, amount % 100)?;
        for (amount, what) in [(check_amount, "a check"), (mebibyte_amount, "a MiB of checks")] {
            if *amount > 0 {
                write!(formatter, ", {}.{:02} {currency} {what}", amount / 100, amount % 100)?;
            }
        }
        Ok(())
    }
}

/// A change of the price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceSetting {
    /// Whose inspections.
    pub subject: PriceSubject,
    /// What each costs from then on; `None` takes the setting away: what counts for every organization counts again, and for these, nothing.
    pub price: Option<Price>,
    /// Which operator.
    pub by: Address,
    /// From when on, Unix milliseconds.
    pub at_ms: u64,
}

/// The price list with its history, oldest change first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceList(Vec<PriceSetting>);

impl PriceList {
    /// Of changes in any order.
    #[must_use]
    pub fn of(mut changes: Vec<PriceSetting>) -> Self {
        // Stable: of two changes in one millisecond the later one in the list counts.
        changes.sort_by_key(|change| change.at_ms);
        Self(changes)
    }

    /// The changes, oldest first.
    #[must_use]
    pub fn changes(&self) -> &[PriceSetting] {
        &self.0
    }

    /// The setting of a subject at a time; `None`: there is none, or it was taken away.
    #[must_use]
    pub fn setting(&self, subject: &PriceSubject, time_ms: u64) -> Option<&PriceSetting> {
        let set = self.0.iter().rev().find(|change| change.at_ms <= time_ms && change.subject == *subject)?;
        set.price.is_some().then_some(set)
    }

    /// What an inspection of an organization costs at a time; `None`: nothing.
    #[must_use]
    pub fn price(&self, organization: &str, time_ms: u64) -> Option<&Price> {
        self.setting(&PriceSubject::Organization(organization.to_owned()), time_ms)
            .or_else(|| self.setting(&PriceSubject::EveryOrganization, time_ms))
            .and_then(|setting| setting.price.as_ref())
    }

    /// The parts of a period in which no price changes, oldest first.
    ///
    /// # Errors
    /// `MalformedRequest` when they are more than [`MAX_BILL_SPANS`].
    pub fn spans(&self, period: Range<u64>) -> DoorResult<Vec<Range<u64>>> {
        let mut borders: Vec<u64> =
            self.0.iter().map(|change| change.at_ms).filter(|at| *at > period.start && *at < period.end).collect();
        borders.dedup();
        if borders.len() >= MAX_BILL_SPANS {
            let detail = format!("prices changed more than {MAX_BILL_SPANS} times in the period: choose a shorter one");
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        borders.push(period.end);
        let mut spans = Vec::with_capacity(borders.len());
        let mut start = period.start;
        for end in borders {
            spans.push(start..end);
            start = end;
        }
        Ok(spans)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn price(amount: u64) -> Price {
        Price::of_inspections(amount, "CNY")
    }

    fn change(subject: &str, amount: Option<u64>, at_ms: u64) -> PriceSetting {
        PriceSetting { subject: subject.parse().unwrap(), price: amount.map(price), by: Address::ZERO, at_ms }
    }

    fn list() -> PriceList {
        PriceList::of(vec![
            change("organization:PUBLIC", Some(0), 200),
            change("organizations", Some(50), 100),
            change("organizations", Some(70), 300),
            change("organization:PUBLIC", None, 400),
            change("organizations", None, 500),
        ])
    }

    // C-FEE
    #[test]
    fn an_inspection_costs_what_counted_at_its_time() {
        let list = list();
        let costs = |organization: &str, at: u64| list.price(organization, at).map(|price| price.amount);
        assert_eq!(
            (costs("ANY", 99), costs("ANY", 100), costs("ANY", 299), costs("ANY", 300)),
            (None, Some(50), Some(50), Some(70))
        );
        assert_eq!((costs("PUBLIC", 199), costs("PUBLIC", 200), costs("PUBLIC", 399)), (Some(50), Some(0), Some(0)));
        // What was its own is taken away: what counts for everybody counts again, until that is taken away too.
        assert_eq!((costs("PUBLIC", 400), costs("PUBLIC", 500), costs("ANY", 500)), (Some(70), None, None));
    }

    // C-FEE
    #[test]
    fn checks_cost_each_and_by_their_traffic_without_rounding_up() {
        let by = |check_amount, mebibyte_amount| Price { check_amount, mebibyte_amount, ..price(50) };
        assert_eq!((price(50).of_checks(9, 1 << 30), by(7, 0).of_checks(9, 1 << 30)), (0, 63));
        assert_eq!((by(0, 100).of_checks(9, 3 << 19), by(7, 100).of_checks(1, 10_485)), (150, 7));
        assert_eq!(by(7, 100).of_checks(1, 10_486), 8, "the first hundredth is whole");
        assert_eq!(by(MAX_AMOUNT, MAX_AMOUNT).of_checks(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(by(7, 100).to_string(), "0.50 CNY, 0.07 CNY a check, 1.00 CNY a MiB of checks");
        // A price list of before has neither.
        let before: Price = serde_json::from_str(r#"{"amount": 5, "currency": "CNY"}"#).unwrap();
        assert_eq!(before, price(5));
        assert_eq!(serde_json::to_string(&before).unwrap(), r#"{"amount":5,"currency":"CNY"}"#);
    }

    // C-FEE
    #[test]
    fn a_period_is_cut_where_a_price_changes_and_nowhere_else() {
        assert_eq!(list().spans(100..301).unwrap(), [100..200, 200..300, 300..301]);
        for whole in [0..100, 500..900] {
            assert_eq!(list().spans(whole.clone()).unwrap(), std::slice::from_ref(&whole));
        }
        let many = PriceList::of((1..=MAX_BILL_SPANS as u64).map(|at| change("organizations", Some(at), at)).collect());
        assert_eq!(many.spans(0..10_000).unwrap_err().code(), Code::MalformedRequest);
        assert_eq!(many.spans(1..10_000).unwrap().len(), MAX_BILL_SPANS);
    }

    // C-FEE, bad input
    #[test]
    fn what_is_no_price_and_no_subject_is_refused() {
        for wrong in [
            price(MAX_AMOUNT + 1),
            Price { check_amount: MAX_AMOUNT + 1, ..price(1) },
            Price { mebibyte_amount: MAX_AMOUNT + 1, ..price(1) },
            Price::of_inspections(1, "cny"),
            Price::of_inspections(1, "YUAN"),
        ] {
            assert_eq!(wrong.check().unwrap_err().code(), Code::ConfigurationInvalid, "{wrong}");
        }
        assert!(price(0).check().is_ok());
        assert_eq!((price(5).to_string(), price(1234).to_string()), ("0.05 CNY".to_owned(), "12.34 CNY".to_owned()));
        for text in ["", "sources", "organization:", "organization:no such", "source:0x1"] {
            assert!(text.parse::<PriceSubject>().is_err(), "{text}");
        }
    }
}
