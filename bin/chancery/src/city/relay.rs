//! The relay of a city: what is final on one of its chains, to the anchors on the others, and the main chain's organizations, rights and keys to the side chains
//! (`docs/specs/anchor.md`, `docs/specs/trust.md`). Its key pays, and holds no right; whatever it keeps back lapses, and anybody may carry it instead.
//!
//! ```text
//!           blocks of the main chain --> [rights]  --> anchor and trust registry on each side chain   (in its genesis)
//!           blocks of a side chain   --> [headers] --> its anchor on the main chain                   (made when the city runs)
//! ```
//! It looks when a block is final, not by the clock, so an idle city stays idle: a heartbeat is looked at, and nothing is sent for it but a header in every
//! [`EVERY_BLOCKS`] blocks. Pushes do not answer one another for ever: see [`chancery_bridge::relay::push::is_due`].

mod board;
mod due;
mod headers;
mod news;
mod rights;

use std::{sync::Arc, thread, time::Duration};

use alloy_primitives::{Address, Bytes};
use anyhow::{Context as _, Error, Result, anyhow};
use chancery_bridge::relay::AnchorRelay;
use chancery_chain::NodeHandle;
use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;
use chancery_ledger::{Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use futures::future::{join, join_all};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{board::Place, headers::Headers, news::News, rights::Rights};
use super::{
    layout::{CityChain, DataDir, MAIN},
    nodes::{CityNodes, configs},
    secrets::load_or_create_private_key,
};

pub(super) use board::Board;

/// A header is pushed to an anchor when so many blocks have passed: an idle chain's, with a heartbeat each ten seconds, about six times an hour. Much more than the
/// main chain has anchors.
const EVERY_BLOCKS: u64 = 64;
/// Shortest pause between two pushes to one anchor: a busy chain makes many blocks a second, and whoever needs one sooner has it carried.
const PUSH_PAUSE: Duration = Duration::from_secs(10);
/// Longest try for one thing that is carried.
const CARRY_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause before what failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Longest wait of a city that starts for its side chains to know again what lapsed while it stood still.
const SHOWN_PATIENCE: Duration = Duration::from_secs(5);

/// A relay that runs.
pub(super) struct Relay {
    board: Arc<Board>,
    /// How many side chains know what the main chain has.
    shown: watch::Receiver<usize>,
    sides: usize,
    make: CancellationToken,
    stop: CancellationToken,
    ended: oneshot::Receiver<Result<()>>,
}

/// A chain of the city, with the header of its block 0 (RLP).
struct Ground<'n> {
    chain: CityChain,
    node: &'n NodeHandle,
    genesis_header: Bytes,
}

impl<'n> Ground<'n> {
    fn of(nodes: &'n CityNodes, genesis: &[(CityChain, GenesisConfig)]) -> Result<Self> {
        let (chain, node) = (nodes.chain, nodes.first().as_ref());
        let header = match node.blockchain().header(0u64)? {
            Some(header) => header,
            // The node began from a proven state, and has no earlier headers.
            None => {
                let config = genesis.iter().find(|(known, _)| *known == chain).map(|(_, config)| config);
                let config = config.with_context(|| format!("chain {} has no genesis", chain.name))?;
                config
                    .build()
                    .with_context(|| format!("the genesis of {} makes no chain", chain.name))?
                    .header()
                    .clone()
            }
        };
        Ok(Self { chain, node, genesis_header: alloy_rlp::encode(header.inner()).into() })
    }
}

impl Relay {
    /// Begins to carry between chains that run. Must be called within the runtime.
    pub(super) fn start(data: &DataDir, nodes: &[CityNodes], genesis: &[(CityChain, GenesisConfig)]) -> Result<Self> {
        let key = load_or_create_private_key(&data.secrets().join("relay.key"))?;
        let key = Arc::new(SubmitterKey::from_bytes(&key)?);
        // Where `send` or `deploy` is closed, this account has to be permitted (docs/operations, "Who may take part").
        tracing::info!(account = %key.address(), "the relay of the city pays with this account");
        let mut all = nodes.iter().map(|nodes| Ground::of(nodes, genesis)).collect::<Result<Vec<_>>>()?;
        let at = all.iter().position(|ground| ground.chain == MAIN).context("there is no main chain")?;
        let main = all.swap_remove(at);
        let board = Arc::new(Board::default());
        let links = links(&main, &all, &board);
        let (told, shown) = watch::channel(0);
        let (stop, make) = (CancellationToken::new(), CancellationToken::new());
        let (sender, ended) = oneshot::channel();
        let (runtime, configs, sides) = (Handle::current(), configs(nodes)?, all.len());
        let carrying = {
            let (stop, make) = (stop.clone(), make.clone());
            move || {
                let outcome = runtime.block_on(stop.run_until_cancelled(async {
                    let ledger =
                        Ledger::connect(configs, LedgerLimits::default(), RevertReasons::of_our_contracts()).await?;
                    Box::pin(carry(&ledger, links, &key, &told, &make)).await
                }));
                // Whoever started it may be gone.
                sender.send(outcome.unwrap_or(Ok(()))).ok();
            }
        };
        // A thread of its own: it takes no more than one core, and nothing of the gateway's.
        thread::Builder::new().name("relay".to_owned()).spawn(carrying).context("no thread can be started")?;
        Ok(Self { board, shown, sides, make, stop, ended })
    }

    /// What the chains' anchors have of one another, and what was carried.
    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Waits until the side chains know what the main chain has, which takes no time but after a city has stood still for long; not for ever.
    pub(super) async fn shown(&self) {
        let mut shown = self.shown.clone();
        let all = shown.wait_for(|count| *count >= self.sides);
        if timeout(SHOWN_PATIENCE, all).await.is_err() {
            tracing::warn!(
                "side chains were not shown the rights of the main chain yet: what needs them is refused until they are"
            );
        }
    }

    /// Makes anchors of the side chains on the main chain, if there are none: what nothing that starts needs.
    pub(super) fn make_anchors(&self) {
        self.make.cancel();
    }

    /// Waits until it ends although nobody told it to. May be dropped and called again.
    pub(super) async fn failed(&mut self) -> Error {
        match (&mut self.ended).await {
            Ok(Err(error)) => error.context("the relay has ended"),
            _ => anyhow!("the relay has ended"),
        }
    }

    /// Stops it. What is under way is given up: the chains say what is left to do.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // It may have ended before.
        if !self.ended.is_terminated() {
            self.ended.await.ok();
        }
    }
}

/// What is carried each way between the main chain and one side chain.
struct Link {
    down: RightsLink,
    up: HeadersLink,
}

/// From the main chain to a side chain.
struct RightsLink {
    side: CityChain,
    /// Of the main chain, and its organizations.
    main: News,
    /// Of the side chain, and its anchor.
    host: News,
    /// Of the chain that is followed.
    genesis_header: Bytes,
    place: Place,
}

/// From a side chain to the main chain.
struct HeadersLink {
    followed: News,
    /// Of the main chain; its anchor is not known yet.
    host: News,
    /// Of the chain that is followed.
    genesis_header: Bytes,
    place: Place,
}

fn links(main: &Ground<'_>, sides: &[Ground<'_>], board: &Arc<Board>) -> Vec<Link> {
    let link = |side: &Ground<'_>| Link {
        down: RightsLink {
            side: side.chain,
            main: News::of(main.node, predeploys::ORGANIZATION_REGISTRY),
            host: News::of(side.node, predeploys::MAIN_ANCHOR),
            genesis_header: main.genesis_header.clone(),
            place: board.place(side.chain.name, main.chain.name),
        },
        up: HeadersLink {
            followed: News::of(side.node, Address::ZERO),
            host: News::of(main.node, Address::ZERO),
            genesis_header: side.genesis_header.clone(),
            place: board.place(main.chain.name, side.chain.name),
        },
    };
    sides.iter().map(link).collect()
}

/// Carries until it is dropped.
async fn carry(
    ledger: &Ledger,
    links: Vec<Link>,
    key: &Arc<SubmitterKey>,
    told: &watch::Sender<usize>,
    make: &CancellationToken,
) -> Result<()> {
    let main = ledger.chain(MAIN.name)?;
    let (mut carrying, waking) = (Vec::new(), Arc::default());
    for Link { down, up } in links {
        let side = ledger.chain(down.side.name)?;
        let relay = |followed: &chancery_ledger::Chain, host: &chancery_ledger::Chain| AnchorRelay {
            followed: followed.clone(),
            host: host.clone(),
            anchor: predeploys::MAIN_ANCHOR,
            key: Arc::clone(key),
        };
        let rights = Rights::new(relay(main, side), down, Arc::clone(&waking))?;
        let headers = Headers::new(relay(side, main), up);
        carrying.push(async move {
            join(rights.keep_shown(told), async {
                make.cancelled().await;
                headers.keep_pushed().await;
            })
            .await;
        });
    }
    join_all(carrying.into_iter().map(Box::pin)).await;
    Ok(())
}
