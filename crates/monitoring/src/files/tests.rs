#![allow(clippy::unwrap_used)]

use tempfile::TempDir;

use super::*;

const NOW_MS: u64 = 1_795_230_000_000;

/// What cannot be looked at.
const FORBIDDEN: &str = "permission denied";

/// Files by what is wrong with them; `None`: the store does not answer.
struct Shelf(Mutex<Option<Vec<Option<&'static str>>>>);

impl Shelf {
    fn of(files: &[Option<&'static str>]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(files.to_vec()))))
    }

    fn become_of(&self, files: Option<&[Option<&'static str>]>) {
        *self.0.lock() = files.map(<[_]>::to_vec);
    }
}

#[async_trait]
impl StoredFiles for Shelf {
    async fn count(&self) -> Result<u32, NotLooked> {
        let files = self.0.lock();
        let files = files.as_ref().ok_or_else(|| NotLooked("nobody answers".into()))?;
        Ok(u32::try_from(files.len()).unwrap())
    }

    async fn look(&self, number: u32) -> Result<LookedFile, NotLooked> {
        let files = self.0.lock();
        let fault = files.as_ref().unwrap()[usize::try_from(number).unwrap() - 1].map(str::to_owned);
        if fault.as_deref() == Some(FORBIDDEN) {
            return Err(NotLooked(FORBIDDEN.into()));
        }
        Ok(LookedFile { place: format!("file-{number}"), bytes: 2048, fault })
    }
}

fn audit(shelf: &Arc<Shelf>, folder: &TempDir) -> FileAudit {
    FileAudit::open(FileAuditParts {
        folder: folder.path(),
        files: shelf.clone(),
        clock: Arc::new(|| NOW_MS),
        of: "weather".into(),
        receivers: Vec::new(),
        bytes_per_second: 1024,
        pass_every: Duration::from_secs(60),
    })
    .unwrap()
}

async fn pass(audit: &FileAudit) {
    for _ in 0..10 {
        if matches!(audit.step().await.unwrap(), Step::End(_)) {
            return;
        }
    }
    panic!("the pass does not end");
}

// S-ODS, M-SER-4, WATCH-8, WATCH-11
#[tokio::test]
async fn a_missing_or_changed_file_is_an_alert_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&[None, Some("there is no such file"), Some("another fingerprint")]);
    let audit = audit(&shelf, &folder);
    let open = || audit.alerts.subjects(AlertRule::StoredFile);
    pass(&audit).await;
    pass(&audit).await;
    assert_eq!(open(), ["weather, part 2", "weather, part 3"], "each once");
    let (alerts, _) = audit.alerts.report();
    assert!(alerts[0].summary.contains("file-2") && alerts[0].summary.contains("no such file"), "{alerts:?}");
    shelf.become_of(Some(&[None, None, Some("another fingerprint")]));
    pass(&audit).await;
    assert_eq!(open(), ["weather, part 3"]);
    shelf.become_of(Some(&[None, None, None]));
    pass(&audit).await;
    assert!(open().is_empty());
}

// WATCH-11: nobody hides what is missing behind a file that cannot be read.
#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_no_other_from_being_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&[Some(FORBIDDEN), Some("there is no such file")]);
    let audit = audit(&shelf, &folder);
    assert!(audit.step().await.is_err());
    audit.pass_over().await;
    pass(&audit).await;
    assert_eq!(audit.alerts.subjects(AlertRule::StoredFile), ["weather, part 2"]);
    shelf.become_of(Some(&[None, Some(FORBIDDEN)]));
    audit.step().await.unwrap();
    assert!(audit.step().await.is_err());
    audit.pass_over().await;
    pass(&audit).await;
    assert_eq!(audit.alerts.subjects(AlertRule::StoredFile), ["weather, part 2"], "what is known of it stays");
}

// WATCH-2, WATCH-11
#[tokio::test]
async fn a_restart_goes_on_with_the_next_file_at_the_rate_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&[None, Some("gone")]);
    let before = audit(&shelf, &folder);
    let step = before.step().await.unwrap();
    assert_eq!(step, Step::Looked(2048));
    assert_eq!(before.pause_after(&step, Duration::from_millis(500)), Duration::from_millis(1500));
    drop(before);
    let again = audit(&shelf, &folder);
    assert_eq!(again.first_pause(), Duration::ZERO);
    assert!(matches!(again.step().await.unwrap(), Step::Looked(_)));
    assert_eq!(again.alerts.subjects(AlertRule::StoredFile), ["weather, part 2"], "and not the first again");
    let end = again.step().await.unwrap();
    assert_eq!(end, Step::End(NOW_MS));
    assert_eq!(again.pause_after(&end, Duration::ZERO), Duration::from_secs(60), "a pass a minute, and no more");
    drop(again);
    assert_eq!(audit(&shelf, &folder).first_pause(), Duration::from_secs(60), "however often it is started");
}

// WATCH-3, WATCH-11: a store that does not answer is no fault of a file.
#[tokio::test]
async fn a_silent_store_is_told_when_it_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&[Some("gone")]);
    let audit = audit(&shelf, &folder);
    pass(&audit).await;
    shelf.become_of(None);
    let stands = || audit.alerts.subjects(AlertRule::AuditStandsStill);
    for times in 1..=TROUBLES_OF_AN_ALERT {
        assert!(stands().is_empty());
        let error = audit.step().await.unwrap_err();
        audit.trouble(&error, times).await;
    }
    assert_eq!(stands(), ["weather"]);
    assert_eq!(audit.alerts.subjects(AlertRule::StoredFile), ["weather, part 1"], "nothing is taken for mended");
}
