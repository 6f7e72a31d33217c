#![allow(clippy::unwrap_used)]

use tempfile::TempDir;

use super::{city::City, *};

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

// WATCH-2
#[test]
fn the_rate_is_a_bound() {
    assert_eq!(time_of(1000, 500), Duration::from_secs(2));
    assert_eq!(time_of(0, 500), Duration::ZERO);
}
