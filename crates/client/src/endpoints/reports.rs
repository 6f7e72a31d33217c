//! Reports of a period (S-APP), and what inspections cost (C-FEE).

use alloy_primitives::Address;
use chancery_rest::{
    types::{
        fees::{Bill, Prices, SetPrice},
        organizations::Changed,
        reports::{ActivityReport, OpenData},
    },
    values::Timestamp,
};
use reqwest::Method;

use super::{Query, Result, address, checked, push};
use crate::{Client, request::Call};

/// A period: from a time on, before a time. What is absent is for the gateway to choose: the last 30 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodQuery {
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl PeriodQuery {
    fn query(self) -> Query {
        let mut query = Query::new();
        push(&mut query, "from", self.from);
        push(&mut query, "to", self.to);
        query
    }
}

impl Client {
    /// `GET /v1/fees/prices`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn prices(&self) -> Result<Prices> {
        self.send(Call::get(&["v1", "fees", "prices"], Query::new())).await
    }

    /// `PUT /v1/fees/prices/{subject}`. With `check`, it says what would change.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn set_price(&self, subject: &str, request: &SetPrice, check: bool) -> Result<Changed> {
        let path = ["v1", "fees", "prices", subject];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `GET /v1/fees/bills`: of one inspector, or, for supervisors, of all.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn bill(&self, inspector: Option<Address>, period: PeriodQuery) -> Result<Bill> {
        let mut query = period.query();
        push(&mut query, "inspector", inspector.map(address));
        self.needs_key()?.send(Call::get(&["v1", "fees", "bills"], query)).await
    }

    /// `GET /v1/reports/activity`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn activity_report(&self, period: PeriodQuery) -> Result<ActivityReport> {
        self.needs_key()?.send(Call::get(&["v1", "reports", "activity"], period.query())).await
    }

    /// `GET /v1/reports/open-data`, as JSON.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn open_data(&self, period: PeriodQuery) -> Result<OpenData> {
        let mut query = period.query();
        push(&mut query, "as", Some("json"));
        self.needs_key()?.send(Call::get(&["v1", "reports", "open-data"], query)).await
    }

    /// `GET /v1/reports/open-data`, as CSV.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn open_data_as_text(&self, period: PeriodQuery) -> Result<String> {
        let mut query = period.query();
        push(&mut query, "as", Some("csv"));
        self.needs_key()?.send_for_text(Call::get(&["v1", "reports", "open-data"], query)).await
    }
}
