//! Answers on standard output: text for people, or one JSON document.

use std::{fmt::Display, io::IsTerminal, process::ExitCode, time::Duration};

use anyhow::Error;
use chancery_client::ClientError;
use chancery_sharing::directory::is_control;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

/// How often a spinner turns.
const SPIN: Duration = Duration::from_millis(100);

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

/// A failure that has been answered already in full; only the exit code is left.
pub(crate) const FAILED: u8 = 1;

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints an answer: `value` as JSON, or `text`.
    pub(crate) fn answer(self, value: &impl Serialize, text: impl Display) {
        if self.json {
            match serde_json::to_string_pretty(value) {
                Ok(value) => println!("{value}"),
                Err(error) => eprintln!("error: the answer cannot be written as JSON: {error}"),
            }
        } else {
            println!("{text}");
        }
    }

    /// Shows a person what is about to be signed for; the answer follows. With JSON nobody watches, and each stream has one document.
    pub(crate) fn before_signing(self, text: impl Display) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    /// Prints why it failed and what can be done, and gives the exit code.
    pub(crate) fn failure(self, error: &Error) -> ExitCode {
        let problem = error.downcast_ref::<ClientError>().and_then(ClientError::problem);
        if self.json {
            let value = problem.map_or_else(|| json!({"error": format!("{error:#}")}), |problem| json!(problem));
            eprintln!("{value:#}");
        } else {
            // The words may be another body's: nothing in them acts on the terminal.
            let acts = |character: char| character != '\n' && is_control(character);
            eprintln!("error: {}", format!("{error:#}").replace(acts, ""));
        }
        ExitCode::from(FAILED)
    }

    /// A spinner with a word of what is going on; silent where nobody watches.
    pub(crate) fn progress(self, what: &str) -> ProgressBar {
        if self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(SPIN);
        bar
    }
}
