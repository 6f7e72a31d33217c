//! Sessions: opaque tokens of which only a hash is kept, in memory, until they end.

use std::collections::{HashMap, VecDeque};

use alloy_primitives::Address;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_reference_points::{Code, DoorError};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    limits::{MAX_SESSIONS, MAX_SESSIONS_PER_ADDRESS, SESSION_LIFETIME},
    problem::{ApiError, ApiResult},
};

/// SHA-256 of a token: names a session without being able to use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey([u8; 32]);

/// An address that has proven itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proven {
    pub(crate) address: Address,
    pub(crate) session: Option<SessionKey>,
}

#[derive(Clone, Copy)]
struct Session {
    address: Address,
    ends: u64,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<SessionKey, Session>,
    /// Oldest first.
    by_address: HashMap<Address, VecDeque<SessionKey>>,
    /// In the order in which they end: all last equally long.
    by_end: VecDeque<(u64, SessionKey)>,
}

/// The sessions that are open.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Open>);

impl Sessions {
    /// Opens a session: its token and when it ends.
    pub(crate) fn open(&self, address: Address, now: u64) -> ApiResult<(Zeroizing<String>, u64)> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut())
            .map_err(|error| DoorError::internal(std::io::Error::other(error.to_string())))?;
        let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_ref()));
        let key = SessionKey::of(&token);
        let ends = now.saturating_add(SESSION_LIFETIME.as_secs());
        let mut open = self.0.lock();
        open.close_ended(now);
        if open.sessions.len() >= MAX_SESSIONS {
            return Err(ApiError::new(Code::TooManyRequests, "too many sessions are open").with("retryAfterMs", 60_000));
        }
        let of_address = open.by_address.entry(address).or_default();
        of_address.push_back(key);
        let oldest = (of_address.len() > MAX_SESSIONS_PER_ADDRESS).then(|| of_address.pop_front()).flatten();
        if let Some(oldest) = oldest {
            open.sessions.remove(&oldest);
        }
        open.sessions.insert(key, Session { address, ends });
        open.by_end.push_back((ends, key));
        Ok((token, ends))
    }

    /// Whose token it is.
    pub(crate) fn find(&self, token: &str, now: u64) -> ApiResult<Proven> {
        let key = SessionKey::of(token);
        let session = self.0.lock().sessions.get(&key).copied().filter(|session| now < session.ends);
        session
            .map(|session| Proven { address: session.address, session: Some(key) })
            .ok_or_else(|| ApiError::new(Code::SessionExpired, "no session is open with this token"))
    }

    /// Whether one of an address is open.
    pub(crate) fn is_signed_in(&self, address: Address, now: u64) -> bool {
        let open = self.0.lock();
        let mut keys = open.by_address.get(&address).into_iter().flatten();
        keys.any(|key| open.sessions.get(key).is_some_and(|session| now < session.ends))
    }

    /// When a session ends.
    pub(crate) fn ends(&self, key: SessionKey) -> Option<u64> {
        self.0.lock().sessions.get(&key).map(|session| session.ends)
    }

    /// Ends a session.
    pub(crate) fn close(&self, key: SessionKey) {
        self.0.lock().remove(key);
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().sessions.len()
    }
}

impl SessionKey {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl Open {
    fn close_ended(&mut self, now: u64) {
        while let Some((_, key)) = self.by_end.front().copied().filter(|(ends, _)| *ends <= now) {
            self.by_end.pop_front();
            self.remove(key);
        }
    }

    fn remove(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.remove(&key) else { return };
        if let Some(keys) = self.by_address.get_mut(&session.address) {
            keys.retain(|known| *known != key);
            if keys.is_empty() {
                self.by_address.remove(&session.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WHO: Address = Address::repeat_byte(7);

    #[test]
    fn a_session_ends_by_time_and_by_request() {
        let sessions = Sessions::default();
        let (token, ends) = sessions.open(WHO, 1000).unwrap();
        assert_eq!(sessions.find(&token, ends - 1).unwrap().address, WHO);
        assert!(sessions.is_signed_in(WHO, ends - 1) && !sessions.is_signed_in(WHO, ends));
        assert!(!sessions.is_signed_in(Address::repeat_byte(8), 1000), "another address");
        assert_eq!(sessions.find(&token, ends).unwrap_err().error.code(), Code::SessionExpired);
        let (token, _) = sessions.open(WHO, 1000).unwrap();
        sessions.close(sessions.find(&token, 1000).unwrap().session.unwrap());
        assert_eq!(sessions.find(&token, 1000).unwrap_err().error.code(), Code::SessionExpired);
    }

    #[test]
    fn an_address_has_a_bounded_number_of_sessions_and_the_oldest_goes() {
        let sessions = Sessions::default();
        let (oldest, _) = sessions.open(WHO, 0).unwrap();
        let (second, _) = sessions.open(WHO, 0).unwrap();
        for _ in 2..=MAX_SESSIONS_PER_ADDRESS {
            sessions.open(WHO, 0).unwrap();
        }
        assert!(sessions.find(&oldest, 0).is_err());
        assert!(sessions.find(&second, 0).is_ok());
        assert_eq!(sessions.count(), MAX_SESSIONS_PER_ADDRESS);
    }

    #[test]
    fn ended_sessions_take_no_memory() {
        let sessions = Sessions::default();
        for now in 0..50 {
            sessions.open(Address::with_last_byte(u8::try_from(now).unwrap()), now).unwrap();
        }
        sessions.open(WHO, 1_000_000).unwrap();
        let open = sessions.0.lock();
        assert_eq!((open.sessions.len(), open.by_address.len(), open.by_end.len()), (1, 1, 1));
    }
}
