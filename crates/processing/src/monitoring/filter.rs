use alloy_primitives::{Address, B256};
use chancery_primitives::OrganizationCode;
use chancery_reference_points::{DoorResult, data_format::FormatId, v2m::EventFilter};

use super::entries::KNOWN_EVENTS;
use crate::{control::service_id, processing::malformed};

/// A supervisor's filter in the terms of a chain.
pub(super) struct Wanted {
    pub(super) from_ms: Option<u64>,
    pub(super) to_ms: Option<u64>,
    pub(super) topics: [Vec<B256>; 4],
}

impl Wanted {
    /// Reads a filter.
    ///
    /// # Errors
    /// `MalformedRequest` when the subject is nothing that an event can be about.
    pub(super) fn new(filter: &EventFilter) -> DoorResult<Self> {
        let events = KNOWN_EVENTS
            .iter()
            .filter(|(_, happening)| filter.happenings.is_empty() || filter.happenings.contains(happening))
            .map(|(signature, _)| *signature)
            .collect();
        let subject = filter.subject.as_deref().map(topic).transpose()?;
        Ok(Self {
            from_ms: filter.from_ms,
            to_ms: filter.to_ms,
            topics: [events, subject.into_iter().collect(), Vec::new(), Vec::new()],
        })
    }

    /// Whether nothing on a chain can match.
    pub(super) fn is_nothing(&self) -> bool {
        self.topics[0].is_empty()
    }
}

/// How a subject stands in an event's first indexed parameter: a hash as it is, an address padded left, a name padded right.
fn topic(subject: &str) -> DoorResult<B256> {
    if let Ok(hash) = subject.parse::<B256>() {
        return Ok(hash);
    }
    if let Ok(address) = subject.parse::<Address>() {
        return Ok(address.into_word());
    }
    if let Ok(code) = OrganizationCode::parse(subject) {
        return Ok(code.to_bytes32());
    }
    if let Some(service) = service_id(subject).filter(|_| is_service_name(subject)) {
        return Ok(service);
    }
    FormatId(subject.to_owned()).to_bytes32().map_err(|_| {
        malformed(
            "a subject is a certificate id (32 bytes), an address, an organization code or the name of a format or a service",
        )
    })
}

/// Services have names of words with a point between them; formats have none.
fn is_service_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    text.contains('.') && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{address, b256};

    use super::*;

    #[test]
    fn subjects_are_read_by_their_form() {
        let hash = b256!("0x00000000000000000000000000000000000000000000000000000000000000aa");
        assert_eq!(topic(&hash.to_string()).unwrap(), hash);
        let account = address!("0x00000000000000000000000000000000000000aa");
        assert_eq!(topic(&account.to_string()).unwrap(), hash);
        assert_eq!(&topic("CIVIL-1").unwrap()[..8], b"CIVIL-1\0");
        assert_eq!(&topic("reading/air").unwrap()[..12], b"reading/air\0");
        assert!(topic("no such thing").is_err());
    }

    #[test]
    fn a_happening_that_no_chain_records_matches_nothing() {
        use chancery_reference_points::v2m::Happening;
        let filter = |happenings| EventFilter { happenings, ..EventFilter::default() };
        assert!(Wanted::new(&filter(vec![Happening::Accessed])).unwrap().is_nothing());
        assert_eq!(Wanted::new(&filter(vec![Happening::Inspected])).unwrap().topics[0].len(), 1);
        assert_eq!(Wanted::new(&filter(Vec::new())).unwrap().topics[0].len(), KNOWN_EVENTS.len());
    }
}
