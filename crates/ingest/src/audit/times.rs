//! The times of what was accepted (M-MON-3): order of the journal's clock, and gaps, order and drift of each source's.

use std::collections::BTreeMap;

use chancery_data::SourceId;
use chancery_reference_points::data_search::SourceTimes;

/// Most findings of one report.
const MAX_FINDINGS: usize = 100;

struct Seen {
    times: SourceTimes,
    last_signed_ms: u64,
}

/// What was measured so far.
#[derive(Default)]
pub(super) struct Times {
    last_accepted_ms: u64,
    findings: Vec<String>,
    sources: BTreeMap<SourceId, Seen>,
}

impl Times {
    /// The journal's clock at an entry; it does not go back.
    pub(super) fn accepted(&mut self, place: u64, accepted_at_ms: u64) {
        if accepted_at_ms < self.last_accepted_ms && self.findings.len() < MAX_FINDINGS {
            let back = self.last_accepted_ms - accepted_at_ms;
            self.findings.push(format!("place {place}: the journal's clock went back by {back} ms"));
        }
        self.last_accepted_ms = self.last_accepted_ms.max(accepted_at_ms);
    }

    pub(super) fn submission(&mut self, place: u64, source: SourceId, signed_ms: u64, accepted_at_ms: u64) {
        self.accepted(place, accepted_at_ms);
        let drift = signed_minus_accepted(signed_ms, accepted_at_ms);
        let seen = self.sources.entry(source).or_insert_with(|| Seen {
            times: SourceTimes {
                source,
                submissions: 0,
                longest_gap: 0,
                disorders: 0,
                least_drift: drift,
                most_drift: drift,
            },
            last_signed_ms: signed_ms,
        });
        let times = &mut seen.times;
        times.submissions += 1;
        times.least_drift = times.least_drift.min(drift);
        times.most_drift = times.most_drift.max(drift);
        match signed_ms.checked_sub(seen.last_signed_ms) {
            Some(gap) => times.longest_gap = times.longest_gap.max(gap),
            None => times.disorders += 1,
        }
        seen.last_signed_ms = seen.last_signed_ms.max(signed_ms);
    }

    pub(super) fn finish(self) -> (Vec<String>, Vec<SourceTimes>) {
        (self.findings, self.sources.into_values().map(|seen| seen.times).collect())
    }
}

fn signed_minus_accepted(signed_ms: u64, accepted_at_ms: u64) -> i64 {
    let clamp = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    clamp(signed_ms).saturating_sub(clamp(accepted_at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-MON-3
    #[test]
    fn disorder_gaps_and_drift_are_measured() {
        let mut times = Times::default();
        let source = SourceId::repeat_byte(1);
        for (place, signed, accepted) in [(0, 1000, 1010), (1, 9000, 8990), (2, 5000, 9000), (3, 9100, 8900)] {
            times.submission(place, source, signed, accepted);
        }
        let (findings, sources) = times.finish();
        assert_eq!(findings, ["place 3: the journal's clock went back by 100 ms"]);
        let expected = SourceTimes {
            source,
            submissions: 4,
            longest_gap: 8000,
            disorders: 1,
            least_drift: -4000,
            most_drift: 200,
        };
        assert_eq!(sources, [expected]);
    }
}
