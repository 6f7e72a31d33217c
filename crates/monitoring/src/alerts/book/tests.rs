#![allow(clippy::unwrap_used)]

use super::*;

fn receiver(id: &str) -> Receiver {
    Receiver {
        id: id.into(),
        url: "https://alerts.example.org/".into(),
        allow_private: false,
        added_by: Address::ZERO,
        added_at_ms: 0,
        secret: ReceiverSecret("whsec_AAAA".into()),
        delivered_at_ms: None,
        trouble: None,
    }
}

fn raised(subject: &str) -> Raised {
    Raised { rule: AlertRule::QuotaExhausted, subject: subject.into(), summary: "used up".into(), difference: None }
}

fn kinds(book: &Book) -> Vec<String> {
    let kind = |message: &Message| serde_json::from_str::<serde_json::Value>(&message.body).unwrap()["type"].clone();
    book.waiting.iter().map(|message| kind(message).as_str().unwrap().to_owned()).collect()
}

// WATCH-8
#[test]
fn a_subject_is_told_once_and_once_that_it_is_over() {
    let mut book = Book::default();
    book.add(receiver("a"), "city", 0);
    assert!(book.raise(raised("x"), "city", 1));
    assert!(!book.raise(raised("x"), "city", 2), "it is open");
    assert!(book.raise(raised("y"), "city", 3));
    assert_eq!(kinds(&book), ["alert.raised", "alert.raised"]);
    assert!(book.resolve(AlertRule::QuotaExhausted, "x", "city", 4));
    assert!(!book.resolve(AlertRule::QuotaExhausted, "x", "city", 5));
    assert_eq!(kinds(&book), ["alert.raised", "alert.raised", "alert.resolved"]);
    assert_eq!(book.alerts().len(), 1);
    let names: std::collections::BTreeSet<_> = book.waiting.iter().map(|message| &message.id).collect();
    assert_eq!(names.len(), 3);
    // Who comes later hears what is open.
    book.add(receiver("b"), "city", 6);
    assert_eq!(book.waiting.iter().filter(|message| message.receiver == "b").count(), 1);
}

// WATCH-9
#[test]
fn what_is_not_taken_is_sent_again_later_in_order_and_survives_a_restart() {
    let mut book = Book::default();
    book.add(receiver("a"), "city", 0);
    book.raise(raised("x"), "city", 0);
    book.resolve(AlertRule::QuotaExhausted, "x", "city", 0);
    let (first, _) = book.due(0).pop().unwrap();
    assert!(first.body.contains("alert.raised"));
    book.refused(&first, "503".into(), 0, 1.0);
    assert_eq!(book.due(999).len(), 0, "nothing overtakes what waits");
    let mut book: Book = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
    let (again, of) = book.due(1000).pop().unwrap();
    assert_eq!((&again.id, again.attempts, of.trouble.as_deref()), (&first.id, 1, Some("503")));
    book.taken(&again, 1000);
    assert!(book.due(1000).pop().unwrap().0.body.contains("alert.resolved"));
    assert_eq!(book.deliveries(), Deliveries { waiting: 1, delivered: 1, dropped: 0 });
    let (last, _) = book.due(1000).pop().unwrap();
    book.refused(&last, "503".into(), MAX_WAIT_MS, 0.0);
    assert_eq!(book.deliveries(), Deliveries { waiting: 0, delivered: 1, dropped: 1 });
}

// WATCH-9
#[test]
fn pauses_double_up_to_a_bound_and_spread() {
    assert_eq!((pause_ms(0, 1.0), pause_ms(1, 1.0), pause_ms(3, 0.0)), (1000, 2000, 4000));
    assert_eq!((pause_ms(40, 1.0), pause_ms(40, 0.0)), (MAX_PAUSE_MS, MAX_PAUSE_MS / 2));
}

// WATCH-9: the oldest stay, and what does not fit is counted.
#[test]
fn a_full_queue_keeps_the_oldest() {
    let mut book = Book::default();
    book.add(receiver("a"), "city", 0);
    let oldest = Message {
        id: "oldest".into(),
        receiver: "a".into(),
        body: "{}".into(),
        made_at_ms: 0,
        attempts: 0,
        next_at_ms: 0,
    };
    book.waiting = std::iter::repeat_n(oldest, MAX_WAITING).collect();
    book.raise(raised("x"), "city", 1);
    assert_eq!((book.waiting.len(), book.deliveries().dropped), (MAX_WAITING, 1));
    assert_eq!(book.due(1)[0].0.id, "oldest");
    // Open alerts are bounded as well.
    for number in 0..=MAX_OPEN {
        book.raise(raised(&number.to_string()), "city", 2);
    }
    assert_eq!(book.alerts().len(), MAX_OPEN);
}

// WATCH-9: whoever takes nothing, or causes many warnings, keeps nobody from hearing what is critical.
#[test]
fn one_that_takes_nothing_costs_the_others_none_and_warnings_hide_nothing() {
    let mut book = Book::default();
    book.add(receiver("dead"), "city", 0);
    for number in 0..MAX_OPEN {
        book.raise(raised(&number.to_string()), "city", 1);
    }
    assert_eq!(book.waiting.len(), MAX_WAITING_WARNINGS);
    book.add(Receiver { url: "https://other.example.org/".into(), ..receiver("alive") }, "city", 2);
    let waiting = |book: &Book, id: &str| book.waiting.iter().filter(|message| message.receiver == id).count();
    assert_eq!(waiting(&book, "alive"), MAX_WAITING_WARNINGS);
    let (subject, summary) = ("chain-root 5".to_owned(), "é".repeat(MAX_TEXT_BYTES));
    let critical = Raised { rule: AlertRule::DataDifference, subject, summary, difference: None };
    assert!(book.raise(critical, "city", 3));
    for id in ["dead", "alive"] {
        assert_eq!(waiting(&book, id), MAX_WAITING_WARNINGS + 1, "{id}");
    }
    let alerts = book.alerts();
    assert_eq!((alerts.len(), alerts[MAX_OPEN].summary.len()), (MAX_OPEN + 1, MAX_TEXT_BYTES));
}
