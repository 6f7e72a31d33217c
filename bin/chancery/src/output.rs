//! Answers on standard output: text for people, or one JSON document.

use std::{fmt::Display, io::IsTerminal, process::ExitCode, time::Duration};

use anyhow::Error;
use chancery_client::ClientError;
use chancery_sharing::directory::is_control;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

/// How often a spinner turns.
const SPIN: Duration = Duration::from_millis(100);

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

/// A failure that has been answered already in full; only the exit code is left.
pub(crate) const FAILED: u8 = 1;
/// The words of the command line make no command.
const WRONG_USAGE: u8 = 2;

/// Wrong usage, which ends the process as `clap` ends it: with exit code 2, and with JSON where the words ask for it.
pub(crate) fn wrong_usage(error: &clap::Error) -> ExitCode {
    let asks_for_json = std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json");
    if !error.use_stderr() || !asks_for_json {
        error.exit();
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    eprintln!("{:#}", json!({"error": text}));
    ExitCode::from(WRONG_USAGE)
}

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
            println!("{}", shown(text));
        }
    }

    /// Says in one line that something answers, as a program reads it that started this one: `ready TEXT`, or `{"ready": value}`.
    pub(crate) fn ready(self, value: &Value, text: impl Display) {
        if self.json {
            println!("{}", json!({"ready": value}));
        } else {
            println!("ready {text}");
        }
    }

    /// Shows a person what is about to be signed for; the answer follows. With JSON nobody watches, and each stream has one document.
    pub(crate) fn before_signing(self, text: impl Display) {
        if !self.json {
            eprintln!("{}", shown(text));
        }
    }

    /// Prints why it failed and what can be done, and gives the exit code.
    pub(crate) fn failure(self, error: &Error) -> ExitCode {
        let problem = error.downcast_ref::<ClientError>().and_then(ClientError::problem);
        if self.json {
            let value = problem.map_or_else(|| json!({"error": format!("{error:#}")}), |problem| json!(problem));
            eprintln!("{value:#}");
        } else {
            eprintln!("error: {}", shown(format_args!("{error:#}")));
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

/// A text as a person sees it. Its words may be another body's (the name on a certificate that is refused, what a gateway says of a check, a member's name): nothing in
/// them acts on the terminal, where it could put another outcome in the place of the one that was found.
pub(crate) fn shown(text: impl Display) -> String {
    let acts = |character: char| !matches!(character, '\n' | '\t') && is_control(character);
    text.to_string().replace(acts, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    // STAPLE-15, bad input: whoever shows a forged document, or a gateway that lies, does not write over what was found.
    #[test]
    fn nothing_that_is_shown_acts_on_the_terminal() {
        let name = "Sample University\u{1b}[2J\u{1b}[HVALID\r\u{9b}1A\u{202e}\u{7}";
        let text = format!("REFUSED\n\nissued by\t{name}");
        assert_eq!(shown(&text), "REFUSED\n\nissued by\tSample University[2J[HVALID1A");
        assert_eq!(shown("Wetter, 每天 ▀▄█\n"), "Wetter, 每天 ▀▄█\n", "what people read and scan stays");
    }
}
