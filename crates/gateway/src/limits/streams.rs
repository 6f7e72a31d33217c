//! Places for what lasts longer than a request: streams of submissions over HTTP and gRPC with reflection, and apart from them those who follow an alliance.

use std::{net::IpAddr, sync::Arc};

use chancery_reference_points::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Held, MAX_FOLLOWERS, MAX_FOLLOWERS_PER_CLIENT, MAX_STREAMS, MAX_STREAMS_PER_CLIENT, PerClient};
use crate::problem::{ApiError, ApiResult};

/// The streams of one kind that are open.
pub(crate) struct Streams {
    all: Arc<Semaphore>,
    of_client: Arc<PerClient>,
    most: usize,
    most_of_client: usize,
}

/// A stream's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    _among_all: OwnedSemaphorePermit,
    _of_client: Held,
}

impl Streams {
    /// Of submissions, and of reflection.
    pub(crate) fn of_submissions() -> Self {
        Self::new(MAX_STREAMS, MAX_STREAMS_PER_CLIENT)
    }

    /// Of those who follow an alliance.
    pub(crate) fn of_followers() -> Self {
        Self::new(MAX_FOLLOWERS, MAX_FOLLOWERS_PER_CLIENT)
    }

    fn new(most: usize, most_of_client: usize) -> Self {
        let (all, of_client) = (Arc::new(Semaphore::new(most)), PerClient::new(most_of_client));
        Self { all, of_client, most, most_of_client }
    }

    /// A place for a stream of this client address.
    ///
    /// # Errors
    /// `TooManyRequests`.
    pub(crate) fn take(&self, address: IpAddr) -> ApiResult<StreamPlace> {
        let refuse = |whose: &str, most: usize| {
            ApiError::new(Code::TooManyRequests, format!("{most} streams {whose} are open")).with("retryAfterMs", 1000)
        };
        let of_client = self.of_client.take(address).ok_or_else(|| refuse("of this client", self.most_of_client))?;
        let among_all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| refuse("of all", self.most))?;
        Ok(StreamPlace { _among_all: among_all, _of_client: of_client })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // GRPC-5
    #[test]
    fn one_client_cannot_take_the_streams_of_all() {
        let streams = Streams::of_submissions();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut open: Vec<_> = (0..MAX_STREAMS_PER_CLIENT).map(|_| streams.take(address(0)).unwrap()).collect();
        let refusal = streams.take(address(0)).unwrap_err().error;
        assert_eq!((refusal.code(), refusal.members()["retryAfterMs"].as_u64()), (Code::TooManyRequests, Some(1000)));
        for client in 1..u8::try_from(MAX_STREAMS / MAX_STREAMS_PER_CLIENT).unwrap() {
            open.extend((0..MAX_STREAMS_PER_CLIENT).map(|_| streams.take(address(client)).unwrap()));
        }
        assert_eq!(open.len(), MAX_STREAMS);
        assert!(streams.take(address(200)).is_err());
        open.pop();
        streams.take(address(200)).unwrap();
    }
}
