//! What the process logs, all of it, for tests that say what must not be in it (GATEWAY-5).

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

static CAPTURED: LazyLock<Captured> = LazyLock::new(|| {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    captured
});

/// From now on everything is kept, at every level.
pub(crate) fn capture() {
    LazyLock::force(&CAPTURED);
}

/// All lines so far, of all tests of this process.
pub(crate) fn lines() -> Vec<String> {
    let bytes = CAPTURED.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// The lines about one request. That there is one shows that the log was captured.
pub(crate) fn of_request(request_id: &str) -> Vec<String> {
    let found: Vec<String> = lines().into_iter().filter(|line| line.contains(request_id)).collect();
    assert!(!found.is_empty(), "the request left no line in the log");
    found
}

/// No line has any of these words, in whatever case.
pub(crate) fn assert_silent_about(words: &[String]) {
    for line in lines() {
        let line = line.to_lowercase();
        for word in words {
            assert!(!line.contains(&word.to_lowercase()), "the log names {word:?}: {line}");
        }
    }
}
