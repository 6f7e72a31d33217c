//! The relay of a city: what is final on one of its chains, to the anchors on the others, and the main chain's organizations, rights and keys to the side chains
//! (`docs/specs/anchor.md`, `docs/specs/trust.md`). Its key pays, and holds no right; whatever it keeps back lapses, and anybody may carry it instead.
//!
//! ```text
//!           blocks of the main chain --> [rights]  --> anchor and trust registry on each side chain   (in its genesis)
//!           blocks of a side chain   --> [headers] --> its anchor on the main chain                   (made when the city runs)
//!           its certificates         --> [held]    --> what is shown of holders who agree, on the main chain and on side chains that were founded after it
//! ```
//! It looks when a block is final, not by the clock, so an idle city stays idle: a heartbeat is looked at, and nothing is sent for it but a header in every
//! [`EVERY_BLOCKS`] blocks. Pushes do not answer one another for ever: see [`chancery_bridge::relay::push::is_due`].

mod board;
mod due;
mod headers;
mod held;
mod made;
mod news;
mod rights;

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use alloy_primitives::{Address, Bytes};
use anyhow::{Context as _, Error, Result, anyhow};
use chancery_bridge::relay::AnchorRelay;
use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;
use chancery_ledger::{Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use futures::future::{join_all, join4};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{
    board::Place,
    headers::Headers,
    held::Held,
    made::Made,
    news::{News, Source},
    rights::Rights,
};
use super::{
    chains::CityChains,
    elsewhere::Distant,
    founded::Founded,
    layout::{CityChain, DataDir, MAIN, founded_before},
    nodes::CityNodes,
};

pub(super) use board::Board;
pub(super) use made::anchors_noted;

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
    /// The chains as the relay reaches them, once it does.
    reached: Arc<OnceLock<Reached>>,
    /// How many side chains know what the main chain has.
    shown: watch::Receiver<usize>,
    sides: usize,
    make: CancellationToken,
    stop: CancellationToken,
    ended: oneshot::Receiver<Result<()>>,
}

/// The chains, and the account that pays there.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) ledger: Ledger,
    pub(super) key: Arc<SubmitterKey>,
}

/// A chain of the city, with the header of its block 0 (RLP).
struct Ground<'n> {
    chain: CityChain,
    source: Source<'n>,
    genesis_header: Bytes,
}

impl<'n> Ground<'n> {
    /// Of all chains.
    fn all(chains: &'n CityChains, genesis: &[(CityChain, GenesisConfig)]) -> Result<Vec<Self>> {
        match chains {
            CityChains::Here(nodes, _) => nodes.iter().map(|nodes| Self::here(nodes, genesis)).collect(),
            CityChains::Elsewhere(chains, _) => Ok(chains.iter().map(Self::elsewhere).collect()),
        }
    }

    fn here(nodes: &'n CityNodes, genesis: &[(CityChain, GenesisConfig)]) -> Result<Self> {
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
        let genesis_header = alloy_rlp::encode(header.inner()).into();
        Ok(Self { chain, source: Source::Node(node), genesis_header })
    }

    fn elsewhere(distant: &'n Distant) -> Self {
        let source = Source::Elsewhere(&distant.followed);
        Self { chain: distant.chain, source, genesis_header: distant.genesis_header.clone() }
    }
}

impl Relay {
    /// Begins to carry between chains that run. Must be called within the runtime.
    pub(super) fn start(
        (data, founded): (&DataDir, &Founded),
        chains: &CityChains,
        genesis: &[(CityChain, GenesisConfig)],
    ) -> Result<Self> {
        let key = founded.relay_key(data)?;
        // Where `send` or `deploy` is closed, this account has to be permitted (docs/operations, "Who may take part").
        tracing::info!(account = %key.address(), "the relay of the city pays with this account");
        let noted = Arc::new(Made::open(&data.relay_note()));
        let mut all = Ground::all(chains, genesis)?;
        let at = all.iter().position(|ground| ground.chain == MAIN).context("there is no main chain")?;
        let main = all.swap_remove(at);
        let board = Arc::new(Board::default());
        let links = links(&main, &all, &board);
        let reached = Arc::<OnceLock<Reached>>::default();
        let (told, shown) = watch::channel(0);
        let (stop, make) = (CancellationToken::new(), CancellationToken::new());
        let (sender, ended) = oneshot::channel();
        let (runtime, configs, sides) = (Handle::current(), chains.configs()?, all.len());
        let carrying = {
            let (stop, make, reached) = (stop.clone(), make.clone(), Arc::clone(&reached));
            move || {
                let outcome = runtime.block_on(stop.run_until_cancelled(async {
                    let ledger =
                        Ledger::connect(configs, LedgerLimits::default(), RevertReasons::of_our_contracts()).await?;
                    reached.set(Reached { ledger: ledger.clone(), key: Arc::clone(&key) }).ok();
                    Box::pin(carry(&ledger, links, (&key, &noted), &told, &make)).await
                }));
                // Whoever started it may be gone.
                sender.send(outcome.unwrap_or(Ok(()))).ok();
            }
        };
        // A thread of its own: it takes no more than one core, and nothing of the gateway's.
        thread::Builder::new().name("relay".to_owned()).spawn(carrying).context("no thread can be started")?;
        Ok(Self { board, reached, shown, sides, make, stop, ended })
    }

    /// What the chains' anchors have of one another, and what was carried.
    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// The chains as this relay reaches them: what its account sends goes through there, so that its transactions keep their order.
    pub(super) fn reached(&self) -> Arc<OnceLock<Reached>> {
        Arc::clone(&self.reached)
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
    /// What is shown on the main chain of the side chain's certificates.
    shown: HeldLink,
    /// What is shown on the side chain of those of the side chains that were founded before it.
    before: Vec<(CityChain, HeldLink)>,
}

/// From a side chain to a chain on which kinds of its certificates are shown.
struct HeldLink {
    followed: News,
    host: News,
    /// Of the chain that is followed.
    genesis_header: Bytes,
    place: Place,
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
    let held = |host: &Ground<'_>, followed: &Ground<'_>, place: Place| HeldLink {
        followed: News::of(followed.source, predeploys::CERTIFICATE_REGISTRY),
        host: News::of(host.source, Address::ZERO),
        genesis_header: followed.genesis_header.clone(),
        place,
    };
    let before = |side: &Ground<'_>| {
        let grounds = founded_before(side.chain).filter_map(|chain| sides.iter().find(|ground| ground.chain == chain));
        grounds
            .map(|followed| {
                let place = board.place(side.chain.name, followed.chain.name);
                (followed.chain, held(side, followed, place))
            })
            .collect::<Vec<_>>()
    };
    let link = |side: &Ground<'_>| {
        let up = board.place(main.chain.name, side.chain.name);
        Link {
            down: RightsLink {
                side: side.chain,
                main: News::of(main.source, predeploys::ORGANIZATION_REGISTRY),
                host: News::of(side.source, predeploys::MAIN_ANCHOR),
                genesis_header: main.genesis_header.clone(),
                place: board.place(side.chain.name, main.chain.name),
            },
            up: HeadersLink {
                followed: News::of(side.source, Address::ZERO),
                host: News::of(main.source, Address::ZERO),
                genesis_header: side.genesis_header.clone(),
                place: up.clone(),
            },
            shown: held(main, side, up),
            before: before(side),
        }
    };
    sides.iter().map(link).collect()
}

/// Carries until it is dropped.
async fn carry(
    ledger: &Ledger,
    links: Vec<Link>,
    (key, noted): (&Arc<SubmitterKey>, &Arc<Made>),
    told: &watch::Sender<usize>,
    make: &CancellationToken,
) -> Result<()> {
    let main = ledger.chain(MAIN.name)?;
    let (mut carrying, waking) = (Vec::new(), Arc::default());
    for Link { down, up, shown, before } in links {
        let side = ledger.chain(down.side.name)?;
        let relay = |followed: &chancery_ledger::Chain, host: &chancery_ledger::Chain| AnchorRelay {
            followed: followed.clone(),
            host: host.clone(),
            anchor: predeploys::MAIN_ANCHOR,
            key: Arc::clone(key),
        };
        let mut on_side = Vec::new();
        for (followed, link) in before {
            let anchor = predeploys::side_anchor(followed.number);
            let anchor = AnchorRelay { anchor, ..relay(ledger.chain(followed.name)?, side) };
            on_side.push(Held::founded(anchor, link, predeploys::held_certificates(followed.number)));
        }
        let on_main = relay(side, main);
        let rights = Rights::new(relay(main, side), down, Arc::clone(&waking))?;
        let headers = Headers::new(relay(side, main), up, Arc::clone(noted));
        carrying.push(async move {
            let (made, anchor) = watch::channel(None);
            let headers = async {
                make.cancelled().await;
                headers.keep_pushed(&made).await;
            };
            let on_side = join_all(on_side.into_iter().map(|held| Box::pin(held.keep_shown())));
            let on_main = show_on_main(on_main, anchor, shown, noted);
            join4(Box::pin(rights.keep_shown(told)), Box::pin(headers), on_side, Box::pin(on_main)).await;
        });
    }
    join_all(carrying.into_iter().map(Box::pin)).await;
    Ok(())
}

/// Shows certificates of a side chain on the main chain, once its anchor stands there.
async fn show_on_main(relay: AnchorRelay, mut made: watch::Receiver<Option<Address>>, link: HeldLink, noted: &Made) {
    let Ok(anchor) = made.wait_for(Option::is_some).await.map(|anchor| *anchor) else { return };
    let Some(anchor) = anchor else { return };
    let held = Box::pin(Held::made(AnchorRelay { anchor, ..relay }, link, noted)).await;
    Box::pin(held.keep_shown()).await;
}
