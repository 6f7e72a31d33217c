#![allow(clippy::unwrap_used)]

use alloy_primitives::{Address, B256};
use chancery_reference_points::{
    alert::MailboxLook,
    anchor::{AnchorConflict, AnchorPlace, AnchorStanding, AnchorState},
    data_search::{SourceTimes, StandingStore, StoredDifference},
    operation::ChainName,
    quota::{QuotaReport, QuotaUsage},
};
use tempfile::TempDir;

use super::{
    testing::{City, Rows},
    *,
};

const NOW_MS: u64 = 1_795_230_000_000;

fn watch(city: &Arc<City>, folder: &TempDir) -> Watch {
    Watch::open(WatchParts {
        folder: folder.path(),
        m2p: city.clone(),
        m2r: city.clone(),
        clock: Arc::new(|| NOW_MS),
        city: "city".into(),
        operations_per_second: 1,
    })
    .unwrap()
}

/// Steps until a pass has ended.
async fn pass(watch: &Watch) {
    for _ in 0..20 {
        if matches!(watch.step().await.unwrap(), Step::End) {
            return;
        }
    }
    panic!("the pass does not end");
}

fn rules(watch: &Watch) -> Vec<(AlertRule, String)> {
    watch.report().alerts.into_iter().map(|alert| (alert.rule, alert.subject)).collect()
}

// M-MON-4, WATCH-2
#[tokio::test]
async fn a_pass_looks_at_everything_and_begins_anew() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    pass(&watch).await;
    let audit = watch.report().audit;
    assert_eq!((audit.completed_at_ms, audit.completed_operations, audit.completed_blocks), (Some(NOW_MS), 2, 2));
    assert_eq!((audit.next, audit.next_root, audit.difference), (0, 0, None));
    pass(&watch).await;
    assert_eq!(city.audits(), 4, "two parts each time");
}

// WATCH-2
#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    assert!(matches!(watch(&city, &folder).step().await.unwrap(), Step::Journal(1)));
    let again = watch(&city, &folder);
    assert_eq!(again.report().audit.next, 3);
    pass(&again).await;
    assert_eq!(city.audits(), 2);
    assert_eq!(again.report().audit.completed_operations, 2);
    // What does not read is begun anew, and keeps nobody from starting.
    std::fs::write(folder.path().join(FILE), "{").unwrap();
    assert_eq!(watch(&city, &folder).report().audit.next, 0);
}

// M-MON-4, WATCH-1, WATCH-8
#[tokio::test]
async fn what_is_forged_or_missing_is_an_alert_until_it_is_mended() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    city.forge();
    pass(&watch).await;
    assert_eq!(rules(&watch), [(AlertRule::DataDifference, "chain-root 5".into())]);
    pass(&watch).await;
    assert_eq!(watch.report().alerts.len(), 1, "it is the same");
    assert!(watch.report().audit.difference.unwrap().detail.contains("place 3"));
    city.mend();
    city.cut();
    pass(&watch).await;
    assert!(rules(&watch).contains(&(AlertRule::DataDifference, "journal-root 1".into())));
    city.mend();
    pass(&watch).await;
    assert_eq!(rules(&watch), []);
    assert_eq!(watch.report().audit.difference, None);
}

// M-MON-4, WATCH-3: a chain that does not answer is no difference, and nothing is taken for looked at.
#[tokio::test]
async fn a_silent_chain_is_told_when_it_stays_so() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    city.silence(true);
    for times in 1..=TROUBLES_OF_AN_ALERT {
        assert_eq!(rules(&watch), []);
        let Err(error) = watch.step().await else { panic!("nobody answers") };
        watch.trouble(&error, times).await;
    }
    assert_eq!(rules(&watch), [(AlertRule::ChainUnreachable, "main".into())]);
    assert_eq!((watch.report().audit.next, watch.report().audit.trouble.is_some()), (0, true));
    city.silence(false);
    pass(&watch).await;
    watch.well().await;
    assert_eq!((rules(&watch), watch.report().audit.trouble), (Vec::new(), None));
}

fn sorted(mut rules: Vec<(AlertRule, String)>) -> Vec<(AlertRule, String)> {
    rules.sort();
    rules
}

/// Of a data block of single operations on the other chain.
fn of_side(check: &str, number: u8) -> (AlertRule, String) {
    (AlertRule::DataDifference, format!("{check} {}", B256::repeat_byte(0xd0 + number)))
}

// M-MON-4, WATCH-1, WATCH-8: what other chains than the journal's record is computed anew in each pass; none hides the one after it.
#[tokio::test]
async fn rows_of_other_chains_are_computed_anew_and_one_that_was_announced_hides_no_other() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    for (number, rows) in [(1, Rows::Right), (2, Rows::Announced), (3, Rows::Changed), (4, Rows::Moved)] {
        city.record(number, rows);
    }
    pass(&watch).await;
    let all = [of_side("index-place", 4), of_side("index-rows", 2), of_side("index-rows", 3)];
    assert_eq!(sorted(rules(&watch)), all);
    let first = watch.report().audit.difference.unwrap();
    assert!(first.stored.is_some_and(|stored| stored.id == B256::repeat_byte(0xd2)), "the first is shown");
    city.record(2, Rows::Right);
    city.record(4, Rows::Right);
    city.record(5, Rows::Forged);
    pass(&watch).await;
    assert_eq!(sorted(rules(&watch)), [of_side("index-rows", 3), of_side("index-unrecorded", 5)]);
    city.unforge();
    pass(&watch).await;
    assert_eq!(rules(&watch), [of_side("index-rows", 3)], "what a whole pass has not found is over");
    city.record(3, Rows::Right);
    pass(&watch).await;
    assert_eq!((rules(&watch), watch.report().audit.difference), (Vec::new(), None));
    assert_eq!(watch.report().audit.completed_operations, 2 + 4, "those of the journal, and single ones");
}

// M-MON-4, WATCH-3: one chain that does not answer is an alert, keeps nobody from looking at the rest, and is not taken for looked at.
#[tokio::test]
async fn a_silent_side_chain_is_told_and_the_journal_is_looked_at_all_the_same() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    city.record(1, Rows::Changed);
    pass(&watch).await;
    city.silence_side(true);
    let error = loop {
        if let Err(error) = watch.step().await {
            break error;
        }
    };
    watch.trouble(&error, TROUBLES_OF_AN_ALERT).await;
    watch.pass_over(&error).await;
    let silent = (AlertRule::ChainUnreachable, "degree".to_owned());
    let open = [of_side("index-rows", 1), silent];
    assert_eq!(sorted(rules(&watch)), open);
    assert!(matches!(watch.step().await.unwrap(), Step::Journal(_)));
    watch.well().await;
    assert_eq!(sorted(rules(&watch)), open, "neither is over");
    city.silence_side(false);
    city.record(1, Rows::Right);
    pass(&watch).await;
    assert_eq!(rules(&watch), []);
}

// M-MON-4, WATCH-8
#[tokio::test]
async fn a_difference_in_the_mailboxes_is_an_alert_until_a_pass_over_them_finds_none() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    let id = B256::repeat_byte(7);
    let stored = StoredDifference { store: "mailboxes".into(), id, expected: None, found: None };
    let found = Difference {
        check: "mailbox-envelope".into(),
        place: 3,
        index: None,
        file: String::new(),
        offset: 0,
        detail: "another envelope".into(),
        stored: Some(stored),
    };
    let told = |differences: Vec<Difference>, found, is_end| MailboxLook {
        messages: 9,
        differences,
        found,
        is_end,
        trouble: None,
    };
    watch.mailboxes(told(vec![found.clone()], 1, false)).await;
    let open = [(AlertRule::DataDifference, format!("mailbox-envelope {id}"))];
    assert_eq!(rules(&watch), open);
    // A pass over the journal and the chains says nothing of it.
    pass(&watch).await;
    watch.mailboxes(told(Vec::new(), 1, true)).await;
    assert_eq!((rules(&watch).as_slice(), watch.report().audit.mailbox_difference), (open.as_slice(), Some(found)));
    let trouble = MailboxLook { trouble: Some("chain-unreachable".into()), ..MailboxLook::default() };
    watch.mailboxes(trouble).await;
    watch.trouble(&DoorError::new(Code::ChainUnreachable, "no answer"), 1).await;
    watch.well().await;
    let stands = (AlertRule::AuditStandsStill, "mailboxes".to_owned());
    assert_eq!(sorted(rules(&watch)), [open[0].clone(), stands], "the other audit goes on, and this one does not");
    watch.mailboxes(told(Vec::new(), 0, true)).await;
    let audit = watch.report().audit;
    assert_eq!((rules(&watch), audit.mailbox_difference, audit.mailbox_messages), (Vec::new(), None, 9));
    assert_eq!(audit.mailbox_completed_at_ms, Some(NOW_MS));
}

// M-MON-3, WATCH-8
#[tokio::test]
async fn a_source_whose_clock_is_off_is_an_alert_until_it_is_not() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    let clock = |byte: u8, most_drift: i64| SourceTimes {
        source: Address::repeat_byte(byte),
        submissions: 1,
        longest_gap: 9_000_000_000,
        disorders: 7,
        least_drift: 0,
        most_drift,
    };
    city.measure(vec![clock(1, 3_600_000), clock(2, 3_600_001)]);
    pass(&watch).await;
    let subject = format!("clock of source {:#x}", Address::repeat_byte(2));
    assert_eq!(rules(&watch), [(AlertRule::TimeSequence, subject.clone())]);
    pass(&watch).await;
    assert_eq!(rules(&watch), [(AlertRule::TimeSequence, subject)]);
    city.measure(Vec::new());
    pass(&watch).await;
    assert_eq!(rules(&watch), []);
}

// STORE-3, WATCH-8
#[tokio::test]
async fn a_store_that_is_not_written_is_an_alert_until_it_is() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    let standing = |store: &str, for_ms| StandingStore { store: store.to_owned(), for_ms };
    city.stop_writing(vec![standing("journal", 30_000), standing("search", 29_999)]);
    pass(&watch).await;
    assert_eq!(rules(&watch), [(AlertRule::StoreStandsStill, "journal".into())]);
    pass(&watch).await;
    assert_eq!(rules(&watch), [(AlertRule::StoreStandsStill, "journal".into())], "one alert for one store");
    city.stop_writing(vec![standing("search", 60_000)]);
    pass(&watch).await;
    assert_eq!(rules(&watch), [(AlertRule::StoreStandsStill, "search".into())]);
    city.stop_writing(Vec::new());
    pass(&watch).await;
    assert_eq!(rules(&watch), []);
}

// M-MON-1, WATCH-8
#[test]
fn what_is_used_up_is_an_alert() {
    let usage = |subject: &str, used_up: &[&str]| QuotaUsage {
        subject: subject.parse().unwrap(),
        operations: 1,
        bytes: 1,
        minute_operations: 1,
        quota: None,
        used_up: used_up.iter().map(ToString::to_string).collect(),
    };
    let (settings, changes) = (Vec::new(), Vec::new());
    let usage = vec![usage("organization:A", &[]), usage("organization:B", &["operationsPerDay"])];
    let raised =
        super::rules::of_quotas(&QuotaReport { now_ms: 0, day_ends_ms: 1, settings, changes, usage, left_off: 0 });
    assert_eq!(raised.len(), 1);
    assert_eq!((raised[0].rule, raised[0].subject.as_str()), (AlertRule::QuotaExhausted, "organization:B"));
}

// ANCHOR-4, WATCH-8, WATCH-10
#[tokio::test]
async fn a_frozen_anchor_is_an_alert_until_the_vote() {
    let (city, folder) = (City::new(), tempfile::tempdir().unwrap());
    let watch = watch(&city, &folder);
    let [host, follows] = ["degree", "main"].map(|name| ChainName(name.into()));
    let [first, second] = [1, 2].map(B256::repeat_byte);
    let anchor = |conflict| AnchorState {
        place: AnchorPlace { host: host.clone(), follows: follows.clone(), contract: Address::ZERO, is_fed: true },
        standing: Some(AnchorStanding { newest: None, conflict }),
        head: Some(9),
    };
    city.anchor(vec![anchor(Some(AnchorConflict { number: 7, first, second }))]);
    watch.look_at_anchors().await.unwrap();
    watch.look_at_anchors().await.unwrap();
    let frozen = [(AlertRule::AnchorFrozen, "main at degree: block 7".to_owned())];
    assert_eq!(rules(&watch), frozen);
    city.silence(true);
    assert!(watch.look_at_anchors().await.is_err());
    assert_eq!(rules(&watch), frozen, "who does not answer says nothing");
    city.silence(false);
    city.anchor(vec![anchor(None)]);
    watch.look_at_anchors().await.unwrap();
    assert_eq!(rules(&watch), []);
}

// WATCH-2
#[test]
fn the_rate_is_a_bound() {
    assert_eq!(time_of(1000, 500), Duration::from_secs(2));
    assert_eq!(time_of(0, 500), Duration::ZERO);
}
