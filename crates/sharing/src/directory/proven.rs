//! Whether what a trace shows of who came is what the asset's owners have signed: for whoever is shown it, and believes no gateway.

use alloy_primitives::Address;

use super::TracedAccess;
use crate::department::{HandedLine, HandedLines, LinesError};

/// How many accesses are proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProvenAccesses {
    /// By a signature of the owner whose word they are said to be, over the line or one that names it by its hash.
    pub signed: usize,
    /// Not by what is shown: the line that is signed, or one between, is on another page or is not for whoever asks.
    pub unproven: usize,
    /// Signed otherwise, or shown otherwise than the line says: whoever shows it has changed something.
    pub wrong: usize,
}

impl ProvenAccesses {
    /// Looks at accesses of an asset, in the order in which a trace shows them.
    #[must_use]
    pub fn of(asset: Address, accesses: &[TracedAccess]) -> Self {
        let together = |one: &TracedAccess, next: &TracedAccess| {
            (one.owner, one.signed_through, &one.signature) == (next.owner, next.signed_through, &next.signature)
        };
        accesses.chunk_by(together).fold(Self::default(), |sum, group| sum.and(Self::of_group(asset, group)))
    }

    fn of_group(asset: Address, group: &[TracedAccess]) -> Self {
        let all = group.len();
        let Some(last) = group.last() else { return Self::default() };
        if last.number != last.signed_through {
            return Self { unproven: all, ..Self::default() };
        }
        // Where lines of others are left out, the last one is proven, and those before it are not.
        for from in [0, all - 1] {
            let shown = &group[from..];
            let lines = shown.iter().map(|access| access.line.clone()).collect();
            match (HandedLines { lines, signature: last.signature.clone() }).read(asset, last.owner) {
                Ok(read) if shown.iter().zip(&read).all(|(access, line)| is_shown_as(access, line)) => {
                    return Self { signed: shown.len(), unproven: from, wrong: 0 };
                }
                Err(LinesError::Unchained(_)) => {}
                _ => break,
            }
        }
        Self { wrong: all, ..Self::default() }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            signed: self.signed + other.signed,
            unproven: self.unproven + other.unproven,
            wrong: self.wrong + other.wrong,
        }
    }
}

/// Whether an access says what its line says.
fn is_shown_as(access: &TracedAccess, line: &HandedLine) -> bool {
    let fetch = &line.fetch;
    (access.time, access.reader, access.fetched, access.request, access.number)
        == (fetch.at, fetch.reader, fetch.fetched, fetch.request, fetch.number)
        && access.refused.is_some() == fetch.refused.is_some()
        && access.version.is_none_or(|version| version == fetch.version)
}
