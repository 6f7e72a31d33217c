//! Names, times and cuts as sentences have them.

use super::{CutLink, Silence};

/// Cuts named in one sentence.
const NAMED_CUTS: usize = 6;

pub(super) fn names(silent: &[Silence]) -> String {
    let named: Vec<String> = silent.iter().map(|silence| silence.organization.clone()).collect();
    list(&named)
}

pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

pub(super) fn groups(groups: &[Vec<String>]) -> String {
    let named: Vec<String> = groups.iter().map(|group| format!("[{}]", group.join(", "))).collect();
    list(&named)
}

pub(super) fn cuts(cuts: &[CutLink]) -> String {
    let mut said: Vec<String> = cuts.iter().take(NAMED_CUTS).map(cut).collect();
    if cuts.len() > NAMED_CUTS {
        said.push(format!("{} more such pairs", cuts.len() - NAMED_CUTS));
    }
    said.join("; ")
}

fn cut(CutLink { unheard, by, hears_back }: &CutLink) -> String {
    match hears_back {
        Some(false) => format!("{by} and {unheard} do not hear one another"),
        Some(true) => format!("{by} does not hear {unheard}, though {unheard} hears {by}"),
        None => format!("{by} does not hear {unheard}"),
    }
}

pub(super) fn seconds(ms: u64) -> String {
    match ms / 1000 {
        0 => format!("{ms} ms"),
        short @ 1..=119 => format!("{short} s"),
        minutes @ 120..=7_199 => format!("{} min", minutes / 60),
        hours => format!("{} h", hours / 3_600),
    }
}

pub(super) fn apart(ahead_ms: i64) -> String {
    let direction = if ahead_ms < 0 { "behind" } else { "ahead of" };
    format!("{} {direction}", seconds(ahead_ms.unsigned_abs()))
}
