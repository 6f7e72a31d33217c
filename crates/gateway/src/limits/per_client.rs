//! What one client address may have at a time, of something that lasts: an exact count, in memory bounded by how many there are of all.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

use super::clients::ClientKey;

/// How many each client address has.
#[derive(Debug)]
pub(crate) struct PerClient {
    held: Mutex<HashMap<ClientKey, usize>>,
    most: usize,
}

impl PerClient {
    /// At most so many of one client address.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), most })
    }

    /// One more of this address, unless it has as many as it may.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Held> {
        let client = ClientKey::from(address);
        let mut held = self.held.lock();
        let count = held.get(&client).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        held.insert(client, count + 1);
        Some(Held { of: Arc::clone(self), client })
    }
}

/// One of them; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    of: Arc<PerClient>,
    client: ClientKey,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.of.held.lock();
        match held.get_mut(&self.client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                held.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_client_has_its_own_count_and_whoever_has_nothing_is_not_remembered() {
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
        let count = PerClient::new(2);
        let (first, _second) = (count.take(here).unwrap(), count.take(here).unwrap());
        assert!(count.take(here).is_none());
        drop(count.take(there).unwrap());
        drop(first);
        let _third = count.take(here).unwrap();
        assert!(count.take(here).is_none());
        assert_eq!(count.held.lock().len(), 1);
    }
}
