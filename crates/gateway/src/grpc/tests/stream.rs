//! Streams of submissions without a network.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chancery_grpc::{
    problem_of,
    r2d::{Line as Message, Outcome, SubmissionOutcome},
};
use chancery_reference_points::{Code, r2d::R2dSources};
use futures::{Stream, StreamExt as _, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code as GrpcCode, Status};

use crate::{
    grpc::{
        call::Call,
        outcomes::{Serving, outcomes, outcomes_until},
    },
    limits::{MAX_CHUNK_LINES, MAX_CHUNKS_UNDER_WAY},
    mqtt::tests::sources::{Busy, Sources},
};

type Answer = Vec<Result<SubmissionOutcome, Status>>;

fn line(number: usize) -> Message {
    Message { submission: number.to_string(), operations: vec![b"{}".to_vec().into()] }
}

fn serving(sources: Arc<dyn R2dSources>, shutdown: &CancellationToken) -> Serving {
    Serving { sources, shutdown: shutdown.clone(), call: Call::new(), place: None }
}

async fn answer(
    messages: impl Stream<Item = Result<Message, Status>> + Send + Unpin + 'static,
) -> (Answer, Vec<String>) {
    let sources = Arc::new(Sources::refusing([Code::SignatureInvalid]));
    let door: Arc<dyn R2dSources> = sources.clone();
    let answer = outcomes(messages, serving(door, &CancellationToken::new())).collect().await;
    (answer, sources.asked())
}

/// How a stream ended: the code of its status and of the problem in it.
fn end(answer: &Answer) -> Option<(GrpcCode, String)> {
    let status = answer.last()?.as_ref().err()?;
    Some((status.code(), problem_of(status).unwrap().map(|problem| problem.code).unwrap_or_default()))
}

// GRPC-1, GRPC-4
#[tokio::test]
async fn every_message_has_its_outcome_in_order() {
    let count = 3 * MAX_CHUNK_LINES + 7;
    let (answer, asked) = answer(stream::iter((0..count).map(|number| Ok(line(number))))).await;
    assert_eq!(asked, (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(answer.len(), count);
    for (number, outcome) in answer.into_iter().enumerate() {
        let SubmissionOutcome { index, outcome } = outcome.unwrap();
        assert_eq!(index, number as u64);
        match outcome.unwrap() {
            Outcome::Receipt(receipt) => assert!(number > 0 && receipt.receipt == "a.b.c"),
            Outcome::Problem(problem) => assert_eq!((number, problem.code.as_str()), (0, "signature-invalid")),
        }
    }
}

// GRPC-5
#[tokio::test]
async fn what_the_library_refuses_ends_the_stream_by_name_after_what_came_before() {
    let cut = |status: Status| stream::iter([Ok(line(0)), Ok(line(1)), Err(status), Ok(line(2))]);
    let (long, asked) = answer(cut(Status::out_of_range("decoded message length too large"))).await;
    assert_eq!((long.len(), asked.len()), (3, 2));
    assert_eq!(end(&long), Some((GrpcCode::InvalidArgument, "body-too-large".into())));
    let (unreadable, _) = answer(cut(Status::internal("failed to decode"))).await;
    assert_eq!(end(&unreadable), Some((GrpcCode::InvalidArgument, "malformed-request".into())));
    // The sender is gone: what it has sent is decided, and nothing is said about the rest.
    let (gone, asked) = answer(cut(Status::cancelled(""))).await;
    assert_eq!((gone.len(), asked.len(), end(&gone)), (2, 2, None));
}

// GRPC-1
#[tokio::test]
async fn a_stream_ends_when_the_city_stops_with_what_was_read() {
    let (shutdown, stopping) = (CancellationToken::new(), CancellationToken::new());
    let told = stopping.clone();
    let last = stream::once(async move {
        told.cancel();
        Ok(line(9))
    });
    let messages = stream::iter((0..9).map(|number| Ok(line(number)))).chain(last).chain(stream::pending());
    let sources = Arc::new(Sources::default());
    let door: Arc<dyn R2dSources> = sources.clone();
    let answer = tokio::spawn(outcomes(Box::pin(messages), serving(door, &shutdown)).collect::<Answer>());
    stopping.cancelled().await;
    shutdown.cancel();
    let answer = answer.await.unwrap();
    assert_eq!((answer.len(), sources.asked().len()), (11, 10));
    assert_eq!(end(&answer), Some((GrpcCode::Unavailable, String::new())));
}

/// Runs what else can run, until nothing changes any more.
async fn settled(read: &AtomicUsize) -> usize {
    let (mut before, mut quiet) = (usize::MAX, 0);
    while quiet < 1000 {
        tokio::task::yield_now().await;
        let now = read.load(Ordering::SeqCst);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
    before
}

// GRPC-5, DATA-9
#[tokio::test]
async fn no_more_is_read_than_is_under_way_and_nothing_after_the_reader_is_gone() {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let endless = stream::iter(0..).map(move |number| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(line(number))
    });
    let reading =
        tokio::spawn(outcomes(endless, serving(Arc::new(Busy), &CancellationToken::new())).collect::<Answer>());
    let lines = settled(&read).await;
    // Those under way, one that waits in the channel, and one that is gathered.
    let bound = (MAX_CHUNKS_UNDER_WAY + 2) * MAX_CHUNK_LINES;
    assert!((MAX_CHUNKS_UNDER_WAY * MAX_CHUNK_LINES..=bound).contains(&lines), "{lines} lines are in memory");
    reading.abort();
    settled(&read).await;
    assert_eq!(Arc::strong_count(&read), 1, "the messages are still held");
}

// GRPC-5: also where nothing is decided, and nobody goes away.
#[tokio::test]
async fn reading_ends_when_the_time_of_the_stream_is_over_although_nobody_takes_what_was_read() {
    let read = Arc::new(());
    let held = Arc::clone(&read);
    let endless = stream::iter(0..).map(move |number| {
        let _ = &held;
        Ok(line(number))
    });
    let ends_at = Instant::now() + std::time::Duration::from_millis(200);
    let reading = tokio::spawn(
        outcomes_until(ends_at, endless, serving(Arc::new(Busy), &CancellationToken::new())).collect::<Answer>(),
    );
    while Arc::strong_count(&read) > 1 {
        tokio::task::yield_now().await;
    }
    assert!(!reading.is_finished());
    reading.abort();
}

// GRPC-4, GRPC-5
#[tokio::test]
async fn a_stream_whose_time_is_over_is_told_so() {
    let over = |messages| outcomes_until(Instant::now(), messages, serving(Arc::new(Busy), &CancellationToken::new()));
    let answer: Answer = over(stream::iter(0..).map(|number| Ok(line(number)))).collect().await;
    assert_eq!((answer.len(), end(&answer)), (1, Some((GrpcCode::DeadlineExceeded, "timed-out".into()))));
}
