//! Tells the story on screen, or collects it for `--json`.

use std::io::{BufRead, IsTerminal as _};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::output::Output;

#[derive(Serialize)]
struct Event {
    chapter: String,
    what: String,
    shown: String,
}

/// Tells the story.
pub(super) struct Narrator {
    output: Output,
    pause: bool,
    chapter: String,
    chapters: u32,
    events: Vec<Event>,
}

impl Narrator {
    pub(super) const fn new(output: Output, pause: bool) -> Self {
        Self { output, pause, chapter: String::new(), chapters: 0, events: Vec::new() }
    }

    /// A new chapter; waits for Enter before it, if asked to.
    pub(super) fn chapter(&mut self, title: &str) {
        if self.pause && self.chapters > 0 {
            std::io::stdin().lock().read_line(&mut String::new()).ok();
        }
        self.chapters += 1;
        title.clone_into(&mut self.chapter);
        if !self.output.is_json() {
            println!("\n{}. {title}", self.chapters);
        }
    }

    /// A sentence.
    pub(super) fn says(&mut self, sentence: &str) {
        self.event(sentence, "");
        self.line(sentence);
    }

    /// Something with its result.
    pub(super) fn shows(&mut self, what: &str, shown: &str) {
        self.event(what, shown);
        self.line(&format!("{what}: {shown}"));
    }

    /// Something that must be refused; an error if it was not.
    pub(super) fn refused<E: std::fmt::Display>(&mut self, what: &str, outcome: Result<(), E>) -> Result<()> {
        match outcome {
            Ok(()) => bail!("{what}: this should have been refused"),
            Err(why) => {
                self.shows(&format!("{what} is refused"), &why.to_string());
                Ok(())
            }
        }
    }

    /// A line that is only for the screen.
    pub(super) fn line(&self, line: &str) {
        if !self.output.is_json() {
            println!("   {line}");
        }
    }

    /// Waits for Enter where somebody sits there, so that what still runs can be looked at.
    pub(super) fn holds(&self, sentence: &str) {
        let stdin = std::io::stdin();
        if self.output.is_json() || !(self.pause || stdin.is_terminal()) {
            return;
        }
        self.line(sentence);
        stdin.lock().read_line(&mut String::new()).ok();
    }

    /// The end of the story, with what it shows.
    pub(super) fn end(self, moral: &str) {
        if self.output.is_json() {
            self.output.answer(&self.events, "");
        } else {
            println!("\n{moral}");
        }
    }

    fn event(&mut self, what: &str, shown: &str) {
        self.events.push(Event { chapter: self.chapter.clone(), what: what.to_owned(), shown: shown.to_owned() });
    }
}
