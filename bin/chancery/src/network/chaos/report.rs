//! What survived.

use std::fmt::{Display, Formatter};

use serde::Serialize;

use super::doctors::Named;

/// One phase and its outcome.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhaseReport {
    pub(super) name: String,
    pub(super) seconds: f64,
    /// From the change of the weather until every host that should go on had a new final block, the second included in which what was on its way arrives. `None`:
    /// nobody has to; or one has none, which is a failure.
    pub(super) went_on_after_seconds: Option<f64>,
    /// Final blocks that each host gained, after what was on its way had arrived.
    pub(super) blocks: Vec<u64>,
    /// Of a cut: what `chancery doctor` of a node of each side says of the other side.
    pub(super) doctors: Vec<Named>,
    /// Receipts that were given in this time.
    pub(super) receipts: usize,
    /// From the end of the weather until every host had a new final block; `None`: not in the time that was waited.
    pub(super) healed_after_seconds: Option<f64>,
    /// What was not as it must be.
    pub(super) failures: Vec<String>,
}

/// The whole.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) hosts: usize,
    pub(super) phases: Vec<PhaseReport>,
    /// Receipts that were given, all of them.
    pub(super) receipts: usize,
    /// Those that a host did not have at the end, or has in another block.
    pub(super) lost_receipts: usize,
    /// Whether all hosts have the same blocks.
    pub(super) agreed: bool,
}

impl Report {
    pub(super) fn survived(&self) -> bool {
        self.agreed && self.lost_receipts == 0 && self.phases.iter().all(|phase| phase.failures.is_empty())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:<20} {:>8}   {:>13}   {:<16} {:>9}   healed after",
            "weather", "seconds", "went on after", "blocks a host", "receipts"
        )?;
        for phase in &self.phases {
            let blocks = phase.blocks.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
            let healed = phase.healed_after_seconds.map_or("never".to_owned(), |seconds| format!("{seconds:.1} s"));
            let went_on = phase.went_on_after_seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.1} s"));
            let PhaseReport { name, seconds, receipts, .. } = phase;
            writeln!(f, "{name:<20} {seconds:>8.1}   {went_on:>13}   {blocks:<16} {receipts:>9}   {healed}")?;
            for Named { asked, after_seconds, says, .. } in &phase.doctors {
                writeln!(f, "  doctor of {asked}, after {after_seconds:.1} s: {says}")?;
            }
            for failure in &phase.failures {
                writeln!(f, "  FAILED: {failure}")?;
            }
        }
        writeln!(f)?;
        let all = self.receipts;
        match self.lost_receipts {
            0 => writeln!(f, "receipts: all {all} that were given are there on every host, in the same blocks")?,
            lost => writeln!(f, "receipts: {lost} of {all} that were given are LOST")?,
        }
        writeln!(f, "blocks:   {}", if self.agreed { "the same on every host" } else { "NOT the same on every host" })?;
        write!(f, "{}", if self.survived() { "survived" } else { "NOT survived" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_says_when_it_went_on_and_nothing_where_nobody_has_to() {
        let phase = |name: &str, went_on_after_seconds| PhaseReport {
            name: name.to_owned(),
            seconds: 6.0,
            went_on_after_seconds,
            blocks: vec![1, 1, 1, 0],
            doctors: vec![Named {
                asked: "validator-1".to_owned(),
                after_seconds: 9.5,
                missing: vec!["validator-4".to_owned()],
                says: "nothing is heard of validator-4".to_owned(),
            }],
            receipts: 3,
            healed_after_seconds: Some(0.5),
            failures: Vec::new(),
        };
        let phases = vec![phase("one host cut off", Some(4.5)), phase("everybody alone", None)];
        let report = Report { hosts: 4, phases, receipts: 6, lost_receipts: 0, agreed: true };
        let json = serde_json::json!(report);
        assert_eq!(json["phases"][0]["wentOnAfterSeconds"], 4.5);
        assert!(json["phases"][1]["wentOnAfterSeconds"].is_null());
        let text = report.to_string();
        assert!(text.contains("went on after") && text.contains("4.5 s"), "{text}");
        assert!(text.contains("doctor of validator-1, after 9.5 s: nothing is heard of validator-4"), "{text}");
        assert_eq!(json["phases"][0]["doctors"][0]["missing"], serde_json::json!(["validator-4"]));
    }
}
