//! The time-sequence audit (M-MON-3): what is recorded must follow one another as it can have happened.

use std::collections::BTreeMap;

use chancery_reference_points::v2m::{Happening, HistoryEntry, Verification};

/// What does not follow: one line for each finding, empty when everything is in order. `entries` are oldest first.
#[must_use]
pub fn audit(entries: &[HistoryEntry]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut last_block: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut created = false;
    let mut last_revision = None;
    for entry in entries {
        if let Some(Verification::Failed { check }) = &entry.verified {
            findings.push(format!("{} at {} does not verify: {check}", entry.name, entry.time_ms));
        }
        let Some(recorded) = &entry.recorded else {
            continue;
        };
        let block = (recorded.block_number, entry.time_ms);
        if let Some(before) = last_block.insert(recorded.chain.0.as_str(), block) {
            if block.0 < before.0 {
                findings.push(format!(
                    "chain {}: block {} stands after block {}, but its time is not later",
                    recorded.chain, block.0, before.0
                ));
            } else if block.0 == before.0 && block.1 != before.1 {
                findings.push(format!("chain {}: block {} has two times", recorded.chain, block.0));
            }
        }
        if let Some(revision) = entry.revision {
            // What is issued begins with 0, what has versions with 1.
            let follows = last_revision.map_or(revision <= 1, |last: u64| last.checked_add(1) == Some(revision));
            if !follows {
                let before = last_revision.map_or_else(|| "nothing".to_owned(), |last| last.to_string());
                findings.push(format!("{} at {}: revision {revision} follows {before}", entry.name, entry.time_ms));
            }
            last_revision = Some(revision);
        }
        match entry.happening {
            Happening::Created if created => findings.push(format!("created twice, again at {}", entry.time_ms)),
            Happening::Created => created = true,
            Happening::Updated | Happening::Inspected if !created => {
                findings.push(format!("{} at {} before it was created", entry.name, entry.time_ms))
            }
            _ => {}
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use chancery_reference_points::{data_block::TransactionLocator, operation::ChainName};

    use super::*;

    fn entry(happening: Happening, time_ms: u64, block_number: u64) -> HistoryEntry {
        HistoryEntry {
            time_ms,
            happening,
            name: "event".into(),
            by: None,
            subject: "0x01".into(),
            recorded: Some(TransactionLocator {
                chain: ChainName("degree".into()),
                tx_hash: B256::ZERO,
                block_number,
                block_hash: B256::ZERO,
            }),
            facts: String::new(),
            revision: None,
            right: None,
            verified: Some(Verification::Verified),
        }
    }

    #[test]
    fn a_life_in_order_has_no_findings() {
        let life = [
            entry(Happening::Created, 1000, 5),
            entry(Happening::Inspected, 1000, 5),
            entry(Happening::Updated, 2000, 9),
        ];
        assert!(audit(&life).is_empty());
    }

    #[test]
    fn what_cannot_have_happened_so_is_found() {
        for (disorder, word) in [
            (vec![entry(Happening::Created, 1000, 5), entry(Happening::Updated, 2000, 4)], "time is not later"),
            (vec![entry(Happening::Created, 1000, 5), entry(Happening::Updated, 2000, 5)], "two times"),
            (vec![entry(Happening::Updated, 1000, 5)], "before it was created"),
            (vec![entry(Happening::Created, 1000, 5), entry(Happening::Created, 2000, 6)], "created twice"),
        ] {
            let findings = audit(&disorder);
            assert!(findings.iter().any(|finding| finding.contains(word)), "{findings:?}");
        }
    }

    #[test]
    fn a_missing_or_repeated_revision_is_found() {
        let life = |revisions: &[u64]| {
            let mut life: Vec<_> =
                (0..).zip(revisions).map(|(at, _)| entry(Happening::Updated, at * 1000, at)).collect();
            life[0].happening = Happening::Created;
            for (entry, revision) in life.iter_mut().zip(revisions) {
                entry.revision = Some(*revision);
            }
            audit(&life)
        };
        assert!(life(&[0, 1, 2]).is_empty());
        assert!(life(&[1, 2]).is_empty());
        for (revisions, word) in [
            (&[0, 2][..], "revision 2 follows 0"),
            (&[0, 1, 1], "revision 1 follows 1"),
            (&[3], "revision 3 follows nothing"),
        ] {
            let findings = life(revisions);
            assert!(findings.len() == 1 && findings[0].contains(word), "{findings:?}");
        }
    }

    #[test]
    fn a_failed_verification_is_a_finding() {
        let mut tampered = entry(Happening::Created, 1000, 5);
        tampered.verified = Some(Verification::Failed { check: "receipt inclusion".into() });
        assert_eq!(audit(&[tampered]).len(), 1);
    }
}
