//! U2S, queries that are kept: between its messages and the door's types.

use alloy_primitives::B256;
use bytes::Bytes;
use chancery_reference_points::{
    DoorError, DoorResult,
    data_search::{Delivered as DoorDelivered, MAX_WAIT_MS, Reading, Subscribe, Subscription as DoorSubscription},
};

use crate::{
    aggregates::narrowing,
    r2d::{hash, malformed},
    u2s::{Delivered, ReadSubscriptionRequest, SubscribeRequest, Subscription, Subscriptions},
};

impl TryFrom<SubscribeRequest> for Subscribe {
    type Error = DoorError;

    fn try_from(request: SubscribeRequest) -> DoorResult<Self> {
        Ok(Self { name: request.name, query: narrowing(request.query)?, days: request.days })
    }
}

impl From<DoorSubscription> for Subscription {
    fn from(known: DoorSubscription) -> Self {
        Self {
            id: Bytes::copy_from_slice(known.id.as_slice()),
            name: known.name,
            query: Some(known.query.into()),
            start: known.start,
            created_at_ms: known.created_at,
            expires_at_ms: known.expires_at,
        }
    }
}

impl From<Vec<DoorSubscription>> for Subscriptions {
    fn from(known: Vec<DoorSubscription>) -> Self {
        Self { subscriptions: known.into_iter().map(Into::into).collect() }
    }
}

impl ReadSubscriptionRequest {
    /// Which subscription, and from where it is read.
    ///
    /// # Errors
    /// `MalformedRequest` with the member.
    pub fn reading(&self) -> DoorResult<(B256, Reading)> {
        if self.wait_ms > MAX_WAIT_MS {
            return Err(malformed("wait_ms", &format!("write 0 to {MAX_WAIT_MS}")));
        }
        let limit = self.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let reading = Reading { after: self.after.map(Into::into), limit, wait_ms: self.wait_ms };
        Ok((hash("id", &self.id)?, reading))
    }
}

impl From<DoorDelivered> for Delivered {
    fn from(delivered: DoorDelivered) -> Self {
        Self {
            operations: delivered.operations.into_iter().map(Into::into).collect(),
            cursor: delivered.cursor.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::{
        Code,
        data_search::{DataQuery, OperationPlace as DoorPlace},
    };

    use super::*;
    use crate::u2s::{OperationPlace, SearchRequest};

    // PROVISIONING-5
    #[test]
    fn a_subscription_keeps_every_member() {
        let query = DataQuery { formats: vec!["f".into()], ..DataQuery::default() };
        let asked = SubscribeRequest { name: "wells".into(), query: Some(query.clone().into()), days: Some(3) };
        let expected = Subscribe { name: "wells".into(), query: query.clone(), days: Some(3) };
        assert_eq!(Subscribe::try_from(asked).unwrap(), expected);
        let known = DoorSubscription {
            id: B256::repeat_byte(1),
            name: "wells".into(),
            query,
            start: 2,
            created_at: 3,
            expires_at: 4,
        };
        let shown = Subscriptions::from(vec![known]).subscriptions.remove(0);
        assert_eq!((&shown.id[..], shown.start, shown.created_at_ms, shown.expires_at_ms), (&[1; 32][..], 2, 3, 4));
        assert_eq!(shown.query.unwrap().formats, ["f"]);
    }

    // GRPC-2, GRPC-4
    #[test]
    fn where_a_reader_stands_is_read_within_its_bounds() {
        let id = || Bytes::copy_from_slice(&[7; 32]);
        let after = Some(OperationPlace { place: 1, index: 2 });
        let asked = ReadSubscriptionRequest { id: id(), after, limit: Some(5), wait_ms: MAX_WAIT_MS };
        let reading = Reading { after: Some(DoorPlace { place: 1, index: 2 }), limit: Some(5), wait_ms: MAX_WAIT_MS };
        assert_eq!(asked.reading().unwrap(), (B256::repeat_byte(7), reading));
        let short = ReadSubscriptionRequest { id: Bytes::from_static(&[7; 31]), ..Default::default() };
        let long = ReadSubscriptionRequest { id: id(), wait_ms: MAX_WAIT_MS + 1, ..Default::default() };
        let ordered = SearchRequest { ascending: true, ..Default::default() };
        let ordered = Subscribe::try_from(SubscribeRequest { query: Some(ordered), ..Default::default() });
        for (error, member) in [
            (short.reading().unwrap_err(), "id"),
            (long.reading().unwrap_err(), "wait_ms"),
            (ordered.unwrap_err(), "query"),
        ] {
            assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some(member)));
        }
    }
}
