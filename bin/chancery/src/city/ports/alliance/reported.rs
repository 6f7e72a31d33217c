//! What is reported of requests, in the words of the interface.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chancery_bridge::{
    progress::{ProposalProgress, ProposalState, Reported},
    report::{Said, Voice, Why},
};
use chancery_rest::{
    types::alliance as rest,
    values::{HexHash, Timestamp},
};

use super::shown::name;

/// What time it is by the gateway's clock; the same moment has the same time whenever it is asked for.
pub(super) struct Clock {
    begun: Instant,
    begun_ms: u64,
}

impl Clock {
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { begun: Instant::now(), begun_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
    }

    fn at(&self, moment: Instant) -> Timestamp {
        let milliseconds = |of: std::time::Duration| u64::try_from(of.as_millis()).unwrap_or(u64::MAX);
        let after_ms = milliseconds(moment.saturating_duration_since(self.begun));
        let before_ms = milliseconds(self.begun.saturating_duration_since(moment));
        Timestamp::from_unix_milliseconds(self.begun_ms.saturating_add(after_ms).saturating_sub(before_ms))
    }

    /// In the order of time.
    pub(super) fn reports(&self, of: &[Reported]) -> Vec<rest::AllianceReport> {
        of.iter().map(|reported| self.report(reported)).collect()
    }

    fn report(&self, of: &Reported) -> rest::AllianceReport {
        let reporter = match of.voice {
            Voice::Endorser(_) => rest::AllianceReporter::Endorser,
            Voice::Relay if of.said.is_of_requester() => rest::AllianceReporter::Requester,
            Voice::Relay => rest::AllianceReporter::Relay,
        };
        let (said, why, because) = match of.said {
            Said::Proposed => (rest::AllianceSaid::Proposed, None, None),
            Said::Endorsed => (rest::AllianceSaid::Endorsed, None, None),
            Said::Declined { why } => (rest::AllianceSaid::Declined, Some(why), None),
            Said::HandedIn => (rest::AllianceSaid::HandedIn, None, None),
            Said::NotCarried => (rest::AllianceSaid::NotCarried, None, None),
            Said::GivenUp { member, why } => (rest::AllianceSaid::GivenUp, Some(why), Some(member)),
        };
        let member = match of.voice {
            Voice::Endorser(member) => Some(member),
            Voice::Relay => because,
        };
        let (member, asker) = (member.map(name), of.asker.map(name));
        rest::AllianceReport { reporter, member, asker, said, reason: why.map(reason), time: self.at(of.at) }
    }

    /// A request that has no number, or had none.
    pub(super) fn proposal(&self, of: &ProposalProgress) -> rest::AllianceProposal {
        rest::AllianceProposal {
            id: HexHash(of.id),
            state: state(of.state),
            number: of.number,
            requester: of.asker.map(name),
            parties: of.parties.iter().map(|member| name(*member)).collect(),
            valid_until: of.valid_until_s.map(Timestamp::from_unix_seconds),
            heard: self.at(of.first),
            reports: self.reports(&of.reports),
        }
    }
}

const fn state(state: ProposalState) -> rest::AllianceProposalState {
    match state {
        ProposalState::UnderWay => rest::AllianceProposalState::UnderWay,
        ProposalState::HandedIn => rest::AllianceProposalState::HandedIn,
        ProposalState::Ended => rest::AllianceProposalState::Ended,
        ProposalState::Lapsed => rest::AllianceProposalState::Lapsed,
        ProposalState::Sequenced => rest::AllianceProposalState::Sequenced,
    }
}

const fn reason(why: Why) -> rest::AllianceDeclineReason {
    match why {
        Why::Stale => rest::AllianceDeclineReason::Stale,
        Why::Differs => rest::AllianceDeclineReason::Differs,
        Why::Rule => rest::AllianceDeclineReason::Rule,
        Why::Database => rest::AllianceDeclineReason::Database,
        Why::Promised => rest::AllianceDeclineReason::Promised,
        Why::TooLong => rest::AllianceDeclineReason::TooLong,
        Why::Unavailable => rest::AllianceDeclineReason::Unavailable,
        Why::TooFew => rest::AllianceDeclineReason::TooFew,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use alloy_primitives::B256;

    use super::*;

    // A-MULTI: who says something is named, and is never taken for somebody else.
    #[test]
    fn an_endorser_speaks_for_its_member_and_a_requester_through_a_relay() {
        let (clock, member) = (Clock::now(), B256::right_padding_from(b"land registry"));
        let asker = Some(B256::right_padding_from(b"bank"));
        let told = |voice, said| {
            let report = clock.report(&Reported { voice, asker, said, at: clock.begun + Duration::from_millis(70) });
            assert_eq!(report.asker.as_deref(), Some("bank"));
            assert_eq!(report.time, Timestamp::from_unix_milliseconds(clock.begun_ms + 70));
            (report.reporter, report.member, report.said, report.reason)
        };
        let land = Some("land registry".to_owned());
        let declined = told(Voice::Endorser(member), Said::Declined { why: Why::Stale });
        let stale = Some(rest::AllianceDeclineReason::Stale);
        assert_eq!(declined, (rest::AllianceReporter::Endorser, land.clone(), rest::AllianceSaid::Declined, stale));
        let given_up = told(Voice::Relay, Said::GivenUp { member, why: Why::Rule });
        let rule = Some(rest::AllianceDeclineReason::Rule);
        assert_eq!(given_up, (rest::AllianceReporter::Requester, land, rest::AllianceSaid::GivenUp, rule));
        let handed_in = told(Voice::Relay, Said::HandedIn);
        assert_eq!(handed_in, (rest::AllianceReporter::Relay, None, rest::AllianceSaid::HandedIn, None));
    }
}
