//! The five steps of a request, as they are done: printed at once, or collected for `--json`.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chancery_bridge::{
    alliance::message::Part,
    requester::{Milestone, Onlooker},
};
use serde_json::{Value, json};

use super::spoken::{self, Words};
use crate::output::Output;

/// Looks on and tells.
pub(super) struct Steps {
    output: Output,
    words: Words,
    begun: Instant,
    taken: Mutex<Vec<Value>>,
    /// What was signed last.
    parts: Mutex<Vec<Part>>,
}

impl Steps {
    pub(super) fn new(output: Output, words: Words) -> Self {
        Self { output, words, begun: Instant::now(), taken: Mutex::default(), parts: Mutex::default() }
    }

    /// What earlier commands with the same key have led to.
    pub(super) fn found_before(&self, numbers: &[u64]) {
        if let Some(last) = numbers.last() {
            let text = format!("this was asked before: request {last} is the newest of {}", numbers.len());
            self.tell(&json!({"step": "askedBefore", "numbers": numbers}), &text);
        }
    }

    /// What was told.
    pub(super) fn taken(&self) -> Vec<Value> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The parts that were signed last.
    pub(super) fn parts(&self) -> Vec<Part> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// That the proof is written.
    pub(super) fn proven(&self, file: &std::path::Path) {
        self.tell(&json!({"step": "prove", "file": file}), &format!("proof written: {}", file.display()));
    }

    fn tell(&self, step: &Value, text: &str) {
        let at = self.begun.elapsed();
        if !self.output.is_json() {
            println!("{:>7} ms  {}", at.as_millis(), spoken::plain(text));
        }
        let mut step = step.clone();
        if let Some(fields) = step.as_object_mut() {
            fields.insert("atMs".to_owned(), json!(milliseconds(at)));
        }
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }
}

fn milliseconds(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}

impl Onlooker for Steps {
    fn at(&self, milestone: &Milestone<'_>) {
        match milestone {
            Milestone::Found { number } => {
                self.tell(&json!({"step": "found", "number": number}), &format!("found on chain: request {number}"));
            }
            Milestone::Suggested { parts } => {
                let each = parts.iter().map(|part| {
                    format!("{} {} read, {} written", self.words.name(part.member), part.reads.len(), part.writes.len())
                });
                let text = format!("1 suggested: {}", each.collect::<Vec<_>>().join("; "));
                let parts = parts.iter().map(
                    |part| json!({"member": self.words.name(part.member), "reads": part.reads, "writes": part.writes}),
                );
                self.tell(&json!({"step": "suggest", "parts": parts.collect::<Vec<_>>()}), &text);
            }
            Milestone::Endorsed { count } => {
                self.tell(&json!({"step": "endorse", "endorsements": count}), &format!("2 endorsed by {count} nodes"));
            }
            Milestone::Signed { submission } => {
                let (hash, until) = (submission.request.hash(), submission.request.valid_until);
                let text = format!("3 signed: {hash:?}, to be sequenced until {until}");
                self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&submission.parts);
                self.tell(&json!({"step": "sign", "requestHash": hash, "validUntil": until}), &text);
            }
            Milestone::Sequenced { number } => {
                self.tell(&json!({"step": "sequence", "number": number}), &format!("4 sequenced: request {number}"));
            }
            Milestone::Decided { number } => {
                self.tell(&json!({"step": "decide", "number": number}), &format!("5 decided: request {number}"));
            }
            // Both are told by what follows them.
            Milestone::Proposed { .. } | Milestone::Failed { .. } => {}
            Milestone::Again { error, pause } => {
                let text = format!("  {}; again in {} ms", spoken::text(error, &self.words), pause.as_millis());
                let refusal = spoken::refusal(error, &self.words);
                let step = json!({"step": "again", "because": refusal, "pauseMs": milliseconds(*pause)});
                self.tell(&step, &text);
            }
        }
    }
}
