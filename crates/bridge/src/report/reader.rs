//! Asks endorsers and relays for their reports.

use alloy_primitives::B256;
use url::Url;

use super::{MAX_REPORTS_AT_ONCE, PATH, Report, ReportAnswer, ReportQuery, ReportRefusal};
use crate::http::{CallError, JsonClient};

/// Who is asked, as whoever names the address has said; over TLS the certificate says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// An endorser of this member.
    Endorser(B256),
    /// A relay, and requesters through it.
    Relay,
}

impl Voice {
    /// Whether a report is one that it can make: an endorser speaks of requests with a part of its member, and of its own answer alone.
    #[must_use]
    pub fn may_say(self, report: &Report) -> bool {
        let is_own = match self {
            Self::Endorser(member) => report.said.is_of_endorser() && report.proposal.parties.contains(&member),
            Self::Relay => !report.said.is_of_endorser(),
        };
        is_own && report.proposal.is_well_formed()
    }
}

/// Somebody who is asked for reports.
#[derive(Clone, Debug)]
pub struct Reporter {
    voice: Voice,
    client: JsonClient,
    url: Url,
    known: ReportQuery,
}

impl Reporter {
    /// `url` with its path: reports are at [`PATH`]. Of an endorser the client expects a node of its member.
    #[must_use]
    pub const fn new(voice: Voice, client: JsonClient, url: Url) -> Self {
        Self { voice, client, url, known: ReportQuery { instance: 0, after: 0 } }
    }

    /// The same at an address without a path.
    ///
    /// # Errors
    /// An address that has no paths.
    pub fn at(voice: Voice, client: JsonClient, address: &Url) -> Result<Self, url::ParseError> {
        Ok(Self::new(voice, client, address.join(PATH)?))
    }

    /// Who it is.
    #[must_use]
    pub const fn voice(&self) -> Voice {
        self.voice
    }

    /// What it says since it was asked last, and whether there may be more by now. What it cannot say is passed over.
    ///
    /// # Errors
    /// [`CallError`]: then the same is asked again.
    pub async fn read(&mut self) -> Result<(Vec<Report>, bool), CallError> {
        let answer = self.client.post::<ReportAnswer, ReportRefusal>(self.url.clone(), &self.known).await?;
        let answer = answer.map_err(|refusal| CallError::Malformed(refusal.to_string()))?;
        let next = ReportQuery { instance: answer.instance, after: answer.last };
        // One that stands still is not asked again at once.
        let is_full = answer.reports.len() >= MAX_REPORTS_AT_ONCE && next != self.known;
        self.known = next;
        Ok((answer.reports.into_iter().filter(|report| self.voice.may_say(report)).collect(), is_full))
    }
}
