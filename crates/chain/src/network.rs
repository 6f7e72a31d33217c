use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_p2p::{
    Address, AddressableManager as _, AddressableTrackedPeers,
    authenticated::lookup::{self, Oracle},
    utils::mux,
};
use commonware_runtime::{Handle, Quota, Supervisor as _, tokio};
use commonware_stream::{
    SakeCups,
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZU32, NZUsize, ordered::Map};
use tracing::{info, warn};

use crate::{
    Channels, NodeError, P2pConfig, PeerKey, PeerTracker, PermittedNodes, ValidatorKeys, ValidatorSet,
    engine::max_payload_bytes,
};

type Handshake = SakeCups<ed25519::PrivateKey, ChaCha20Poly1305>;
type Network = lookup::Network<tokio::Context, Handshake>;
pub(crate) type NetworkChannels = Channels<lookup::Sender<PeerKey, tokio::Context>, lookup::Receiver<PeerKey>>;

/// The version of what is sent between nodes, as a part of the network's name: nodes of different versions do not connect, instead of blaming one another
/// for messages that they cannot read. 2: blocks and transactions with claims about senders (CHAIN-8).
const WIRE_VERSION: &[u8] = b"-wire-2";

/// How far peers' clocks may lie apart for a handshake to be accepted.
pub(crate) const HANDSHAKE_CLOCK_DRIFT: Duration = Duration::from_secs(5);
/// How old a handshake message may be.
const HANDSHAKE_MAX_AGE: Duration = Duration::from_secs(10);
/// One peer at a time is dialled, one in so long.
const DIAL_EVERY: Duration = Duration::from_millis(100);
/// A peer is dialled again after this, and refused for as long when it dials: whoever starts first tries in vain.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// The same in a private network, where trying costs nobody anything.
const RECONNECT_NEARBY_AFTER: Duration = Duration::from_millis(200);
/// Small messages of a peer: votes and certificates, a few a view, and views may take only milliseconds.
const SMALL_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
/// Handshakes that one address may begin where members share addresses.
const HANDSHAKES_OF_ONE_ADDRESS: Quota = Quota::per_second(NZU32!(64));
/// Blocks and requests of a peer.
const LARGE_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(128));
/// Messages that wait between the network's own actors.
const NETWORK_MAILBOX: std::num::NonZeroUsize = NZUsize!(128);

/// The largest message, in bytes; a network with another limit would cut peers off.
#[must_use]
pub fn max_message_bytes() -> u32 {
    // Votes and certificates carry the number of their epoch in front.
    u32::try_from(mux::prefixed(max_payload_bytes() as usize)).unwrap_or(u32::MAX)
}

/// The validators' network. It listens and dials once it is started, so that it knows by then whom to dial: who finds nobody looks again only
/// after [`RECONNECT_AFTER`].
pub(crate) struct ValidatorNetwork {
    pub(crate) channels: NetworkChannels,
    pub(crate) oracle: Oracle<PeerKey>,
    pub(crate) addresses: AddressBook,
    pub(crate) start: Box<dyn FnOnce() -> Handle<()> + Send>,
}

/// Prepares to listen for and dial the other validators; every connection is authenticated by the peer keys and encrypted.
pub(crate) fn prepare(
    context: &tokio::Context,
    keys: &ValidatorKeys,
    validators: &ValidatorSet,
    config: &P2pConfig,
) -> Result<ValidatorNetwork, NodeError> {
    check_free(config.listen)?;
    let addresses = addresses(keys, validators, config)?;
    let nodes = addresses.len();
    let handshake: Handshake = Cups::<_, ChaCha20Poly1305>::new(
        Sake {
            signer: keys.peer().clone(),
            synchrony_bound: HANDSHAKE_CLOCK_DRIFT,
            max_handshake_age: HANDSHAKE_MAX_AGE,
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let essentials = validators.trusted().essentials();
    let mut namespace = chancery_light::finality_namespace(essentials.chain_id, essentials.genesis_hash);
    namespace.extend_from_slice(WIRE_VERSION);
    let max_peers = std::num::NonZeroUsize::new(nodes).unwrap_or(NZUsize!(1));
    let mut network_config = lookup::Config::recommended(
        handshake,
        &namespace,
        config.listen,
        max_peers,
        max_message_bytes(),
        NETWORK_MAILBOX,
    );
    network_config.allow_private_ips = config.allow_private_addresses;
    if config.allow_private_addresses {
        // Several members may share an address: a machine, or a private network behind one. With the limit for strangers they would find one
        // another only after many seconds.
        network_config.allowed_handshake_rate_per_ip = HANDSHAKES_OF_ONE_ADDRESS;
    }
    network_config.dial_frequency = own_pace(DIAL_EVERY, &keys.peer_public_key());
    let again = if config.allow_private_addresses { RECONNECT_NEARBY_AFTER } else { RECONNECT_AFTER };
    network_config.peer_connection_cooldown = own_pace(again, &keys.peer_public_key());
    network_config.tracked_peer_sets = NZUsize!(1);

    let (mut network, oracle) = Network::new(context.child("network"), network_config);
    let addresses = AddressBook {
        chain: validators.name().to_owned(),
        me: keys.peer_public_key(),
        addresses,
        permitted: PermittedNodes::default(),
        peer_sets: 0,
        oracle: oracle.clone(),
    };
    let channels = Channels {
        votes: network.register(0, SMALL_MESSAGES_PER_SECOND),
        certificates: network.register(1, SMALL_MESSAGES_PER_SECOND),
        resolver: network.register(2, SMALL_MESSAGES_PER_SECOND),
        blocks: network.register(3, LARGE_MESSAGES_PER_SECOND),
        backfill: network.register(4, LARGE_MESSAGES_PER_SECOND),
        transactions: network.register(5, LARGE_MESSAGES_PER_SECOND),
    };
    Ok(ValidatorNetwork { channels, oracle, addresses, start: Box::new(move || network.start()) })
}

/// A pause, up to half longer by the key: two nodes that dial each other at the same moment refuse each other, and with one pace they would do so
/// again each time.
fn own_pace(pause: Duration, me: &PeerKey) -> Duration {
    let share = me.as_ref().last().copied().unwrap_or_default();
    pause + pause * u32::from(share) / (2 * u32::from(u8::MAX))
}

/// The network's listener panics when it cannot listen, so that is tried before.
fn check_free(address: SocketAddr) -> Result<(), NodeError> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(NodeError::P2pPortTaken { address }),
        Err(source) => Err(NodeError::P2pListen { address, source }),
    }
}

/// Where every node that the configuration names listens. Each validator of the genesis must be named, since connections from unknown addresses
/// are refused; validators that come later are among the followers.
fn addresses(
    keys: &ValidatorKeys,
    validators: &ValidatorSet,
    config: &P2pConfig,
) -> Result<BTreeMap<PeerKey, SocketAddr>, NodeError> {
    let known = |key: &PeerKey| validators.peers().iter().any(|peer| peer == key);
    if let Some(stranger) = config.peers.iter().find(|peer| !known(&peer.key)) {
        return Err(NodeError::UnknownPeer { address: stranger.address });
    }
    let me = keys.peer_public_key();
    let mut addresses = BTreeMap::from([(me.clone(), config.listen)]);
    for (index, peer) in validators.peers().iter().enumerate().filter(|(_, peer)| **peer != me) {
        let configured = config.peers.iter().find(|configured| configured.key == *peer);
        addresses.insert(peer.clone(), configured.ok_or(NodeError::MissingPeer(index))?.address);
    }
    for follower in config.followers.iter().filter(|follower| !known(&follower.key) && follower.key != me) {
        if addresses.insert(follower.key.clone(), follower.address).is_some() {
            return Err(NodeError::FollowerTwice);
        }
    }
    Ok(addresses)
}

/// Connects, in each epoch, the validators as primary peers and everybody else who is configured, and permitted by the chain, as secondary ones.
pub(crate) struct AddressBook {
    chain: String,
    me: PeerKey,
    addresses: BTreeMap<PeerKey, SocketAddr>,
    permitted: PermittedNodes,
    /// Peer sets made so far: each needs a higher number than the one before, whatever the reason for it.
    peer_sets: u64,
    oracle: Oracle<PeerKey>,
}

impl PeerTracker for AddressBook {
    fn permit(&mut self, permitted: &PermittedNodes) {
        if *permitted == self.permitted && self.peer_sets > 0 {
            return;
        }
        for (peer, address) in self.addresses.iter().filter(|(peer, _)| **peer != self.me) {
            match (self.permitted.permits(peer), permitted.permits(peer)) {
                (true, false) => info!(
                    chain = %self.chain,
                    %peer,
                    %address,
                    "NotPermitted: the organizations of the chain do not let this node connect; it is connected with while it is a validator alone"
                ),
                (false, true) => {
                    info!(chain = %self.chain, %peer, %address, "the organizations of the chain let this node connect")
                }
                _ => {}
            }
        }
        self.permitted = permitted.clone();
    }

    fn track(&mut self, validators: &ValidatorSet) {
        let unknown = validators.peers().iter().filter(|peer| !self.addresses.contains_key(peer));
        for peer in unknown {
            warn!(
                chain = %self.chain,
                epoch = validators.epoch(),
                validator = %peer,
                me = %self.me,
                "MissingAddress: the configuration has no address for this validator, so no connection with it is made or accepted; add it to \
                 p2p.followers and start this node again"
            );
        }
        let votes = |peer: &PeerKey| validators.peers().iter().any(|validator| validator == peer);
        let (primary, secondary): (Vec<_>, Vec<_>) = self
            .addresses
            .iter()
            .filter(|(peer, _)| votes(peer) || **peer == self.me || self.permitted.permits(peer))
            .map(|(peer, address)| (peer.clone(), Address::Symmetric(*address)))
            .partition(|(peer, _)| votes(peer));
        // The keys of a map are distinct, so these are never refused.
        if let (Ok(primary), Ok(secondary)) = (Map::try_from(primary), Map::try_from(secondary)) {
            let _ = self.oracle.track(self.peer_sets, AddressableTrackedPeers::new(primary, secondary));
            self.peer_sets += 1;
        }
    }
}
