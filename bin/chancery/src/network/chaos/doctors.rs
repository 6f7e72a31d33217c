//! What `chancery doctor` says on each side of a cut: whom this side does not reach, or that the node is cut off.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use alloy::providers::{DynProvider, Provider as _};
use anyhow::Result;
use chancery_chain::{Diagnosis, Finding, diagnose};
use chancery_rpc::NodeStatus;
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use super::{phases::HOSTS, watch::MAX_WAIT, weather::Weather};

/// How often a node is asked.
const POLL: Duration = Duration::from_millis(250);

/// A node that is asked, and what it has to find.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    host: usize,
    /// The hosts that it does not reach.
    missing: Vec<usize>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    /// The node that was asked.
    pub(super) asked: String,
    /// From the change of the weather until it named them.
    pub(super) after_seconds: f64,
    /// Whom it names: those that its side does not reach.
    pub(super) missing: Vec<String>,
    /// What `chancery doctor` prints of it.
    pub(super) says: String,
}

/// One node of each side of a cut; nobody, where everybody is reached.
fn asked(weather: &Weather) -> Vec<Asked> {
    let missing = |host| (0..HOSTS).filter(|other| !weather.joins(host, *other)).collect::<Vec<_>>();
    let begins_its_side = |host: &usize| (0..*host).all(|before| !weather.joins(before, *host));
    (0..HOSTS)
        .filter(begins_its_side)
        .map(|host| Asked { host, missing: missing(host) })
        .filter(|asked| !asked.missing.is_empty())
        .collect()
}

impl Asked {
    /// The finding that names exactly whom this node does not reach; whoever reaches nobody is to find that it is cut off itself.
    fn found<'d>(&self, diagnosis: &'d Diagnosis, names: &[String]) -> Option<&'d Finding> {
        let missing: BTreeSet<&str> = self.missing.iter().filter_map(|at| names.get(*at)).map(String::as_str).collect();
        diagnosis.findings.iter().find(|finding| {
            if self.missing.len() == HOSTS - 1 {
                return matches!(finding, Finding::CutOff { .. });
            }
            let silent = finding.silent().iter().map(|silence| silence.organization.as_str());
            silent.collect::<BTreeSet<_>>() == missing
        })
    }
}

/// Asks a node of each side until it says what it must; then also what is wrong with what they say. It takes a node some seconds to call another one silent, so a
/// spell goes on for as long.
///
/// # Errors
/// When a node does not answer.
pub(super) async fn ask(
    hosts: &[DynProvider],
    names: &[String],
    weather: &Weather,
    began: Instant,
) -> Result<(Vec<Named>, Vec<String>)> {
    let (mut named, mut failures) = (Vec::new(), Vec::new());
    let give_up = Instant::now() + MAX_WAIT;
    for asked in asked(weather) {
        let (Some(host), Some(name)) = (hosts.get(asked.host), names.get(asked.host)) else { continue };
        let missing: Vec<String> = asked.missing.iter().filter_map(|at| names.get(*at)).cloned().collect();
        loop {
            let status: NodeStatus = host.raw_request("chancery_status".into(), json!([])).await?;
            let diagnosis = diagnose(&status, None);
            if let Some(finding) = asked.found(&diagnosis, names) {
                let (asked, after_seconds, says) = (name.clone(), began.elapsed().as_secs_f64(), finding.to_string());
                named.push(Named { asked, after_seconds, missing, says });
                break;
            }
            if Instant::now() >= give_up {
                let said: Vec<String> = diagnosis.findings.iter().map(ToString::to_string).collect();
                failures.push(format!("{name} does not say that {} are missing: {said:?}", missing.join(", ")));
                break;
            }
            sleep(POLL).await;
        }
    }
    Ok((named, failures))
}

#[cfg(test)]
mod tests {
    use chancery_chain::Silence;

    use super::{super::phases::phases, *};

    fn names() -> Vec<String> {
        (1..=HOSTS).map(|host| format!("validator-{host}")).collect()
    }

    fn silent(organizations: &[&str]) -> Diagnosis {
        let silence = |organization: &&str| Silence {
            organization: (*organization).to_owned(),
            since_ms: None,
            is_connected: false,
            side_since_ms: None,
            heard_by: Vec::new(),
        };
        let silent = organizations.iter().map(silence).collect();
        Diagnosis { findings: vec![Finding::Silent { silent, heard: HOSTS - 1, needed: 3 }] }
    }

    // CHAIN-9
    #[test]
    fn one_of_each_side_is_asked_for_all_of_the_others() {
        let asked_of: Vec<Vec<(usize, Vec<usize>)>> = phases()
            .iter()
            .map(|phase| asked(&phase.weather).into_iter().map(|asked| (asked.host, asked.missing)).collect())
            .collect();
        assert!(asked_of[0].is_empty(), "nobody is cut off");
        assert_eq!(asked_of[1], [(0, vec![3]), (3, vec![0, 1, 2])]);
        assert_eq!(asked_of[2], [(0, vec![2, 3]), (2, vec![0, 1])]);
        assert_eq!((asked_of[3].len(), asked_of[4].len(), asked_of[5].len()), (0, 0, HOSTS));
    }

    #[test]
    fn exactly_those_who_are_missing_have_to_be_named() {
        let cut = Asked { host: 0, missing: vec![2, 3] };
        assert!(cut.found(&silent(&["validator-4", "validator-3"]), &names()).is_some());
        for others in [&["validator-4"][..], &["validator-2", "validator-3", "validator-4"], &[]] {
            assert!(cut.found(&silent(others), &names()).is_none(), "{others:?}");
        }
        let alone = Asked { host: 3, missing: vec![0, 1, 2] };
        assert!(alone.found(&silent(&["validator-1", "validator-2", "validator-3"]), &names()).is_none());
        let cut_off = Diagnosis { findings: vec![Finding::CutOff { others: 3, stands_for_ms: 10_000 }] };
        assert!(alone.found(&cut_off, &names()).is_some());
        assert!(cut.found(&cut_off, &names()).is_none());
    }
}
