use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_p2p::{
    Address, AddressableManager as _, AddressableTrackedPeers,
    authenticated::lookup::{self, Oracle},
};
use commonware_runtime::{Handle, Quota, Supervisor as _, tokio};
use commonware_stream::{
    SakeCups,
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZU32, NZUsize, ordered::Map};

use crate::{Channels, NodeError, P2pConfig, PeerKey, ValidatorKeys, ValidatorSet, engine::max_payload_bytes};

type Handshake = SakeCups<ed25519::PrivateKey, ChaCha20Poly1305>;
type Network = lookup::Network<tokio::Context, Handshake>;
pub(crate) type NetworkChannels = Channels<lookup::Sender<PeerKey, tokio::Context>, lookup::Receiver<PeerKey>>;

/// How far peers' clocks may lie apart for a handshake to be accepted.
pub(crate) const HANDSHAKE_CLOCK_DRIFT: Duration = Duration::from_secs(5);
/// How old a handshake message may be.
const HANDSHAKE_MAX_AGE: Duration = Duration::from_secs(10);
/// A peer is dialled again after this.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// Small messages of a peer: votes and certificates, a few a view, and views may take only milliseconds.
const SMALL_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
/// Blocks and requests of a peer.
const LARGE_MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(128));
/// Messages that wait between the network's own actors.
const NETWORK_MAILBOX: std::num::NonZeroUsize = NZUsize!(128);

/// The largest message among so many validators, in bytes; a network with another limit would cut peers off.
#[must_use]
pub fn max_message_bytes(validators: usize) -> u32 {
    max_payload_bytes(validators)
}

/// The validators' network, running.
pub(crate) struct ValidatorNetwork {
    pub(crate) channels: NetworkChannels,
    pub(crate) oracle: Oracle<PeerKey>,
    pub(crate) handle: Handle<()>,
}

/// Listens for and dials the other validators; every connection is authenticated by the peer keys and encrypted.
pub(crate) fn start(
    context: &tokio::Context,
    keys: &ValidatorKeys,
    validators: &ValidatorSet,
    config: &P2pConfig,
) -> Result<ValidatorNetwork, NodeError> {
    check_free(config.listen)?;
    let tracked = tracked(keys, validators, config)?;
    let count = validators.peers().len();
    let nodes = tracked.primary.len() + tracked.secondary.len();
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
    let namespace = chancery_light::finality_namespace(essentials.chain_id, essentials.genesis_hash);
    let max_peers = std::num::NonZeroUsize::new(nodes).unwrap_or(NZUsize!(1));
    let mut network_config = lookup::Config::recommended(
        handshake,
        &namespace,
        config.listen,
        max_peers,
        max_payload_bytes(count),
        NETWORK_MAILBOX,
    );
    network_config.allow_private_ips = config.allow_private_addresses;
    network_config.peer_connection_cooldown = RECONNECT_AFTER;
    network_config.tracked_peer_sets = NZUsize!(1);

    let (mut network, mut oracle) = Network::new(context.child("network"), network_config);
    let _ = oracle.track(0, tracked);
    let channels = Channels {
        votes: network.register(0, SMALL_MESSAGES_PER_SECOND),
        certificates: network.register(1, SMALL_MESSAGES_PER_SECOND),
        resolver: network.register(2, SMALL_MESSAGES_PER_SECOND),
        blocks: network.register(3, LARGE_MESSAGES_PER_SECOND),
        backfill: network.register(4, LARGE_MESSAGES_PER_SECOND),
        transactions: network.register(5, LARGE_MESSAGES_PER_SECOND),
    };
    Ok(ValidatorNetwork { channels, oracle, handle: network.start() })
}

/// The network's listener panics when it cannot listen, so that is tried before.
fn check_free(address: SocketAddr) -> Result<(), NodeError> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(NodeError::P2pPortTaken { address }),
        Err(source) => Err(NodeError::P2pListen { address, source }),
    }
}

/// Who is connected with: the validators, and as secondary peers the followers. Each validator must be named, since connections from unknown
/// addresses are refused.
fn tracked(
    keys: &ValidatorKeys,
    validators: &ValidatorSet,
    config: &P2pConfig,
) -> Result<AddressableTrackedPeers<PeerKey>, NodeError> {
    let known = |key: &PeerKey| validators.peers().iter().any(|peer| peer == key);
    if let Some(stranger) = config.peers.iter().find(|peer| !known(&peer.key)) {
        return Err(NodeError::UnknownPeer { address: stranger.address });
    }
    let me = keys.peer_public_key();
    let mut primary = Vec::with_capacity(validators.peers().len());
    for (index, peer) in validators.peers().iter().enumerate() {
        let address = if *peer == me {
            config.listen
        } else {
            let configured = config.peers.iter().find(|configured| configured.key == *peer);
            configured.ok_or(NodeError::MissingPeer(index))?.address
        };
        primary.push((peer.clone(), Address::Symmetric(address)));
    }
    let mut secondary: Vec<_> = config
        .followers
        .iter()
        .filter(|follower| !known(&follower.key) && follower.key != me)
        .map(|follower| (follower.key.clone(), Address::Symmetric(follower.address)))
        .collect();
    if !known(&me) {
        secondary.push((me, Address::Symmetric(config.listen)));
    }
    let primary = Map::try_from(primary).map_err(|_| NodeError::ValidatorOrder(0))?;
    let secondary = Map::try_from(secondary).map_err(|_| NodeError::FollowerTwice)?;
    Ok(AddressableTrackedPeers::new(primary, secondary))
}
