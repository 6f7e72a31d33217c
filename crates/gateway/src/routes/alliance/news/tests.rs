#![allow(clippy::unwrap_used)]

use std::{
    future::pending,
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use chancery_reference_points::{Code, DoorError, DoorResult};
use chancery_rest::types::{
    Example as _, Page,
    alliance::{Alliance, AllianceProposal, AllianceRequest},
};
use futures::StreamExt as _;

use super::*;
use crate::doors::PageRequest;

/// Of a stream on which nothing comes: how soon its heart beats.
const SHORT: Duration = Duration::from_millis(20);

/// Two changes, then silence.
#[derive(Default)]
struct Two {
    asked: AtomicU64,
}

#[async_trait]
impl AllianceView for Two {
    async fn alliance(&self) -> DoorResult<Alliance> {
        Ok(Alliance::example())
    }

    async fn requests(&self, _: PageRequest) -> DoorResult<Page<AllianceRequest>> {
        Ok(Page::example())
    }

    async fn request(&self, _: u64) -> DoorResult<AllianceRequest> {
        Err(DoorError::new(Code::UnknownAllianceRequest, ""))
    }

    async fn proposals(&self, _: PageRequest) -> DoorResult<Page<AllianceProposal>> {
        Ok(Page::example())
    }

    async fn changes(&self, after: Option<String>, limit: usize) -> DoorResult<Vec<AllianceChange>> {
        assert_eq!(limit, MAX_EVENTS_AT_ONCE);
        self.asked.fetch_add(1, Ordering::SeqCst);
        let known = after.map_or(0, |after| after.parse::<u64>().unwrap());
        if known >= 2 {
            pending::<()>().await;
        }
        let request = AllianceRequest { number: known + 1, ..AllianceRequest::example() };
        let news = AllianceNews::Request(Box::new(request));
        Ok(vec![AllianceChange { news, cursor: (known + 1).to_string() }])
    }
}

fn telling(after: Option<&str>, stopping: &CancellationToken) -> Telling {
    Telling {
        view: Arc::new(Two::default()),
        after: after.map(str::to_owned),
        ends_at: Instant::now() + MAX_FOLLOW_TIME,
        heart_beat: SHORT,
        stopping: stopping.clone(),
        greeted: false,
    }
}

async fn text(pieces: &mut (impl Stream<Item = Result<Bytes, Infallible>> + Unpin)) -> Option<String> {
    let piece = pieces.next().await?.unwrap();
    Some(String::from_utf8(piece.to_vec()).unwrap())
}

// A-MULTI, GATEWAY-6
#[tokio::test]
async fn changes_are_told_in_their_order_and_silence_is_a_heart_beat_until_the_time_is_over() {
    let mut telling = telling(None, &CancellationToken::new());
    let mut next = async || telling.next().await.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
    assert_eq!(next().await.unwrap(), "retry: 2000\n\n");
    for number in 1..=2 {
        let told = next().await.unwrap();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!((lines[0], lines[1]), (format!("id: {number}").as_str(), "event: request"));
        let request: AllianceRequest = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(request.number, number);
        assert!(told.ends_with("\n\n") && lines.len() == 4, "{told:?}");
    }
    for _ in 0..2 {
        assert_eq!(next().await.unwrap(), ": heart-beat\n\n");
    }
    telling.ends_at = Instant::now();
    assert_eq!(telling.next().await, None);
}

// A-MULTI, GATEWAY-6
#[tokio::test]
async fn nothing_is_put_together_for_a_reader_that_takes_nothing() {
    let view = Arc::new(Two::default());
    let telling = Telling { view: view.clone(), ..telling(None, &CancellationToken::new()) };
    let mut pieces = Box::pin(pieces(telling));
    text(&mut pieces).await.unwrap();
    for taken in 0..=2 {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        assert_eq!(view.asked.load(Ordering::SeqCst), taken);
        text(&mut pieces).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_comes_back_is_told_what_came_after_its_last_event() {
    let mut pieces = Box::pin(pieces(telling(Some("1"), &CancellationToken::new())));
    text(&mut pieces).await.unwrap();
    assert!(text(&mut pieces).await.unwrap().starts_with("id: 2\n"));
    assert_eq!(text(&mut pieces).await.unwrap(), ": heart-beat\n\n");
}

#[tokio::test]
async fn a_gateway_that_stops_ends_the_stream_at_once() {
    let stopping = CancellationToken::new();
    let mut patient = telling(Some("2"), &stopping);
    patient.heart_beat = HEART_BEAT;
    let mut pieces = Box::pin(pieces(patient));
    text(&mut pieces).await.unwrap();
    stopping.cancel();
    assert_eq!(text(&mut pieces).await, None);
}
