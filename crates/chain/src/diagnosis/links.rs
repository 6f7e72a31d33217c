//! Who hears whom, put together from what this node hears and what the validators on its side tell. Of whoever tells nothing nothing is supposed.

use chancery_light::quorum;
use chancery_rpc::{NodeStatus, ValidatorStatus};
use serde::Serialize;

use super::{Silence, is_silent};

/// Validators tell how they are every two seconds; one that has not for so long tells nothing any more.
const TELLS_WITHIN_MS: u64 = 5_000;
/// A validator that another one has not heard for so long, at least, is not heard by it.
const UNHEARD_AFTER_MS: u64 = 12_000;

/// A validator that another one does not hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CutLink {
    /// Who is not heard.
    pub unheard: String,
    /// By whom.
    pub by: String,
    /// Whether it hears that one in turn; none where it does not tell.
    pub hears_back: Option<bool>,
}

/// The validators by their position in the set.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    status: &'a NodeStatus,
}

impl<'a> Links<'a> {
    pub(super) const fn of(status: &'a NodeStatus) -> Self {
        Self { status }
    }

    /// Whether a validator has told how it is just now.
    pub(super) fn tells(self, validator: &ValidatorStatus) -> bool {
        let told = validator.report.as_ref();
        told.is_some_and(|report| self.status.now_ms.saturating_sub(report.at_ms) <= TELLS_WITHIN_MS)
    }

    /// Whether nothing at all comes from a validator: no vote, and no word about itself.
    pub(super) fn is_gone(self, validator: &ValidatorStatus) -> bool {
        !validator.is_me && is_silent(self.status, validator) && !self.tells(validator)
    }

    /// What is known of a validator that is gone here.
    pub(super) fn silence(self, at: usize) -> Silence {
        let validator = &self.status.validators[at];
        let heard_at = |by: usize| self.status.validators[by].report.as_ref()?.heard_ms.get(at).copied().flatten();
        let tellers: Vec<usize> = self.tellers().filter(|by| *by != at).collect();
        let here = validator.last_heard_ms.max(validator.report.as_ref().map(|report| report.at_ms));
        let hears = |by: &&usize| heard_at(**by).is_some_and(|at| self.age_ms(at) <= TELLS_WITHIN_MS);
        let mut heard_by: Vec<String> = tellers.iter().filter(hears).map(|by| self.name(*by)).collect();
        heard_by.sort();
        Silence {
            organization: validator.organization.clone(),
            since_ms: validator.last_heard_ms,
            is_connected: validator.connected_since_ms.is_some(),
            side_since_ms: tellers.iter().map(|by| heard_at(*by)).fold(here, Ord::max),
            heard_by,
        }
    }

    /// Other validators that tell whom they hear.
    pub(super) fn tellers(self) -> impl Iterator<Item = usize> + 'a {
        let validators = self.status.validators.iter().enumerate();
        validators.filter(move |(_, validator)| !validator.is_me && self.tells_of_others(validator)).map(|(at, _)| at)
    }

    /// The greatest number of these validators that may hear one another: what is not told is no cut.
    pub(super) fn most_together(self, among: &[usize]) -> usize {
        let groups = divided(among, |group, one| group.iter().all(|other| !self.is_cut(one, *other)));
        groups.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// These validators in groups whose members hear one another, by what is told: each hears, or is heard by, another one of its group.
    pub(super) fn groups(self, among: &[usize]) -> Vec<Vec<usize>> {
        let is_told = |one, other| self.hears(one, other) == Some(true) || self.hears(other, one) == Some(true);
        let mut groups = divided(among, |group, one| {
            group.iter().all(|other| !self.is_cut(one, *other)) && group.iter().any(|other| is_told(one, *other))
        });
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    /// Who of these does not hear whom.
    pub(super) fn cut(self, among: &[usize]) -> Vec<CutLink> {
        let mut cut = Vec::new();
        for (place, one) in among.iter().enumerate() {
            for other in &among[place + 1..] {
                let (there, back) = (self.hears(*one, *other), self.hears(*other, *one));
                let (unheard, by, hears_back) = match (there, back) {
                    (Some(false), _) => (*other, *one, back),
                    (_, Some(false)) => (*one, *other, there),
                    _ => continue,
                };
                cut.push(CutLink { unheard: self.name(unheard), by: self.name(by), hears_back });
            }
        }
        cut
    }

    /// The highest block of which more validators than may lie say that it is final.
    pub(super) fn vouched_height(self) -> Option<u64> {
        let validators = &self.status.validators;
        let told = validators.iter().filter(|validator| self.tells(validator));
        let mut heights: Vec<u64> = told.filter_map(|it| it.report.as_ref()).map(|it| it.final_height).collect();
        heights.sort_unstable_by(|one, other| other.cmp(one));
        // One alone is never believed, however few there are.
        heights.get(validators.len().saturating_sub(quorum(validators.len())).max(1)).copied()
    }

    pub(super) fn name(self, at: usize) -> String {
        self.status.validators[at].organization.clone()
    }

    fn is_cut(self, one: usize, other: usize) -> bool {
        self.hears(one, other) == Some(false) || self.hears(other, one) == Some(false)
    }

    /// Whether a validator hears another one; none where it does not tell.
    fn hears(self, by: usize, of: usize) -> Option<bool> {
        let validators = &self.status.validators;
        if validators[by].is_me {
            return Some(!self.is_gone(&validators[of]));
        }
        let report = validators[by].report.as_ref().filter(|_| self.tells_of_others(&validators[by]))?;
        let last_ms = report.heard_ms.get(of).copied().flatten().unwrap_or(report.up_since_ms);
        let patience_ms = self.status.timing.inactivity_timeout_ms.max(UNHEARD_AFTER_MS);
        Some(self.age_ms(last_ms) <= patience_ms)
    }

    fn tells_of_others(self, validator: &ValidatorStatus) -> bool {
        let told = validator.report.as_ref().map_or(0, |report| report.heard_ms.len());
        told == self.status.validators.len() && self.tells(validator)
    }

    const fn age_ms(self, at_ms: u64) -> u64 {
        self.status.now_ms.saturating_sub(at_ms)
    }
}

/// Divides positions into groups, each into the first that it belongs to; of the divisions that begin with each in turn the one with the largest
/// group, and the fewest groups.
fn divided(among: &[usize], belongs: impl Fn(&[usize], usize) -> bool) -> Vec<Vec<usize>> {
    let begin_with = |first: usize| {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in among[first..].iter().chain(&among[..first]) {
            match groups.iter_mut().find(|group| belongs(group.as_slice(), *at)) {
                Some(group) => group.push(*at),
                None => groups.push(vec![*at]),
            }
        }
        groups
    };
    let rank = |groups: &Vec<Vec<usize>>| {
        let largest = groups.iter().map(Vec::len).max().unwrap_or_default();
        (largest, std::cmp::Reverse(groups.len()))
    };
    (0..among.len()).rev().map(begin_with).max_by_key(rank).unwrap_or_default()
}
