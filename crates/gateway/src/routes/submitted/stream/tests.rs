//! Streams of lines without a network.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::mqtt::tests::sources::{Busy, Sources};

const LINE: &str = "{\"submission\":\"a.b.c\",\"operations\":[1]}\n";

fn lines(count: usize) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::iter((0..count).map(|_| Ok(Bytes::from_static(LINE.as_bytes()))))
}

async fn answer(ends_at: Instant, body: Body) -> Vec<Value> {
    let sources: Arc<dyn R2dSources> = Arc::new(Sources::default());
    let parts: Vec<Bytes> = outcomes(ends_at, sources, body).collect().await;
    let text = String::from_utf8(parts.concat()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

// DATA-2
#[tokio::test]
async fn what_breaks_a_bound_is_the_last_outcome_after_those_of_what_was_read() {
    let later = Instant::now() + Duration::from_secs(3600);
    let broken = futures::stream::iter([Ok(Bytes::from_static(LINE.as_bytes())), Err(std::io::Error::other("cut"))]);
    let cut = answer(later, Body::from_stream(broken)).await;
    assert_eq!((cut.len(), &cut[0]["receipt"]["receipt"], &cut[1]["index"]), (2, &"a.b.c".into(), &1.into()));
    assert_eq!(cut[1]["problem"]["code"], "malformed-request");
    let whole = answer(later, Body::from_stream(lines(700))).await;
    assert!(whole.len() == 700 && whole.iter().all(|outcome| outcome["problem"].is_null()));
    assert!(whole.iter().zip(0..).all(|(outcome, index)| outcome["index"] == index));
}

// DATA-9
#[tokio::test]
async fn a_stream_whose_time_is_over_is_told_so() {
    let over = answer(Instant::now(), Body::from_stream(lines(usize::MAX))).await;
    assert_eq!((over.len(), &over[0]["problem"]["code"]), (1, &"timed-out".into()));
}

// DATA-2, DATA-9: a slow sender is answered for what was whole, and half a line is no submission.
#[tokio::test]
async fn a_sender_that_stops_within_a_line_is_told_so_after_what_was_whole() {
    let said = [LINE, "{\"submission\":\"a.b"].map(|text| Ok::<_, Infallible>(Bytes::from_static(text.as_bytes())));
    let silent = futures::stream::iter(said).chain(futures::stream::pending());
    let told = answer(Instant::now() + Duration::from_millis(200), Body::from_stream(silent)).await;
    assert_eq!((told.len(), &told[0]["receipt"]["receipt"]), (2, &"a.b.c".into()));
    assert_eq!((&told[1]["index"], &told[1]["problem"]["code"]), (&1.into(), &"timed-out".into()));
}

// DATA-9: what is compressed is not unpacked, so nothing small becomes large.
#[tokio::test]
async fn a_compressed_line_is_no_submission() {
    let later = Instant::now() + Duration::from_secs(3600);
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3].repeat(100);
    let told = answer(later, Body::from(gzip)).await;
    assert_eq!((told.len(), &told[0]["problem"]["code"]), (1, &"malformed-request".into()));
}

// DATA-9: also where nothing is decided, and nobody goes away.
#[tokio::test]
async fn reading_ends_when_the_time_of_the_stream_is_over_although_nobody_takes_what_was_read() {
    let read = Arc::new(());
    let held = Arc::clone(&read);
    let endless = lines(usize::MAX).map(move |line| {
        let _ = &held;
        line
    });
    let ends_at = Instant::now() + Duration::from_millis(200);
    let deciding = outcomes(ends_at, Arc::new(Busy), Body::from_stream(endless)).collect::<Vec<_>>();
    let deciding = tokio::spawn(deciding);
    while Arc::strong_count(&read) > 1 {
        tokio::task::yield_now().await;
    }
    assert!(!deciding.is_finished());
    deciding.abort();
}
