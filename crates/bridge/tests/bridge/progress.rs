//! What is seen of requests from outside, while they go their way between real chains (A-MULTI).

use alloy_primitives::B256;
use chancery_bridge::progress::{
    AllianceState, Follower, ProgressBoard, ProgressWindow, Reason, RequestProgress, Source, Status, StepName,
    StepState, Told, window::MAX_REQUESTS,
};
use chancery_ledger::Chain;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::partnership::Partnership;

/// Somebody who looks, and remembers everything that was told.
pub(crate) struct Onlooker {
    follower: Follower,
    told: Vec<Told>,
    window: ProgressWindow,
}

impl Onlooker {
    pub(crate) fn new(partnership: &Partnership) -> Self {
        let own = partnership.partners.iter().map(|partner| partner.chain.chain.clone());
        let chains: Vec<Chain> = std::iter::once(partnership.home.chain.clone()).chain(own).collect();
        let follower = Follower::new(partnership.alliance(), chains);
        Self { follower, told: Vec::new(), window: ProgressWindow::new(MAX_REQUESTS) }
    }

    /// A request as everything that is final now shows it.
    pub(crate) async fn look(&mut self, number: u64) -> RequestProgress {
        for told in self.follower.read().await.unwrap() {
            self.window.apply(&told);
            self.told.push(told);
        }
        self.window.request(number).unwrap()
    }

    pub(crate) fn shows(&self) -> Vec<RequestProgress> {
        shows(&self.window)
    }
}

fn shows(window: &ProgressWindow) -> Vec<RequestProgress> {
    window.numbers().map(|number| window.request(number).unwrap()).collect()
}

pub(crate) fn states(request: &RequestProgress) -> Vec<[StepState; 5]> {
    request.parties.iter().map(|party| party.steps.map(|step| step.state)).collect()
}

/// One request is applied on both, and a rival is stale at the first member, which the second was never asked for.
pub(crate) async fn seen_at_the_end(partnership: &Partnership, mut onlooker: Onlooker, number: u64, rival: u64) {
    use StepState::{Done, Failed, Omitted};
    let [bank, registry] = [&partnership.partners[0], &partnership.partners[1]];
    let applied = onlooker.look(number).await;
    assert_eq!(states(&applied), [[Done; 5]; 2]);
    assert_eq!((applied.status, applied.is_finished()), (Status::Committed, true));
    let stale = onlooker.look(rival).await;
    assert_eq!(states(&stale), [[Done, Done, Failed, Failed, Omitted], [Done, Done, Omitted, Omitted, Omitted]]);
    assert_eq!((stale.status, stale.is_finished()), (Status::Aborted, true));
    assert_eq!(stale.parties[0].steps[2].reason, Some(Reason::Stale { expected: 0, actual: 1 }));
    assert_eq!(stale.asked.requester, Some((bank.name, bank.nodes[0].name)));
    // Two of three nodes of each are more than half, and a requester takes no more than it needs; an event is where it is said to be.
    for (party, partner) in applied.parties.iter().zip([bank, registry]) {
        let mut nodes: Vec<B256> = partner.nodes.iter().map(|node| node.name).collect();
        nodes.sort_unstable();
        let endorsing = &party.endorsing;
        let mut named = [endorsing.endorsed.as_slice(), &endorsing.missing].concat();
        named.sort_unstable();
        assert_eq!((party.member, named), (partner.name, nodes));
        assert_eq!((endorsing.endorsed.len(), endorsing.weight, endorsing.total), (2, 2, 3));
        let (source, place) = party.steps[4].shown.unwrap();
        assert_eq!(source, Source::Member(partner.name));
        let transaction = partner.chain.chain.transaction(place.tx_hash, Some(place.block)).await.unwrap();
        assert_eq!(transaction.to, Some(partner.link.node_contract));
    }
    begun_anew(partnership, &onlooker).await;
    in_any_order(&onlooker);
}

/// Whoever was killed begins with nothing, and sees the same.
async fn begun_anew(partnership: &Partnership, onlooker: &Onlooker) {
    let mut heir = Onlooker::new(partnership);
    let newest = onlooker.window.numbers().next_back().unwrap();
    heir.look(newest).await;
    assert_eq!(heir.shows(), onlooker.shows());
    let standing = heir.window.standing().unwrap();
    assert_eq!(standing.state, Some(AllianceState::Active));
    let chains: Vec<_> = standing.members.iter().map(|member| member.chain.as_deref()).collect();
    assert_eq!(chains, [Some("marriage"), Some("degree")]);
    // On a board, each request is news once.
    let board = ProgressBoard::new(MAX_REQUESTS);
    board.take(&heir.told);
    let changed = board.changes(0, 16).await;
    assert_eq!(changed.len(), onlooker.shows().len());
    assert_eq!(board.changes(changed[0].change, 16).await, changed[1..]);
}

/// Chains tell of their events in their own order, and each may be late by any number of them.
fn in_any_order(onlooker: &Onlooker) {
    let source = |told: &Told| match told {
        Told::Alliance(..) | Told::Since(_) | Told::Head(Source::Alliance, _) | Told::Standing(_) => 0,
        Told::Member(name, ..) | Told::Head(Source::Member(name), _) => {
            1 + usize::from(name.as_slice() > b"c".as_slice())
        }
    };
    let mut chains: [Vec<&Told>; 3] = Default::default();
    for told in &onlooker.told {
        chains[source(told)].push(told);
    }
    assert!(chains.iter().all(|told| told.len() > 3), "every chain has told something");
    let expected = onlooker.shows();
    let turns = prop::collection::vec(0_usize..3, 0..256);
    let mut runner = TestRunner::deterministic();
    let result = runner.run(&turns, |turns| {
        let mut next = [0; 3];
        let mut window = ProgressWindow::new(MAX_REQUESTS);
        let rest = (0..3).flat_map(|chain| std::iter::repeat_n(chain, chains[chain].len()));
        for chain in turns.into_iter().chain(rest) {
            if let Some(told) = chains[chain].get(next[chain]) {
                window.apply(told);
                next[chain] += 1;
            }
        }
        prop_assert_eq!(&shows(&window), &expected);
        Ok(())
    });
    result.unwrap();
}

/// What is seen when the first member holds its keys and the second does not yet.
pub(crate) fn assert_half_way(partnership: &Partnership, request: &RequestProgress) {
    use StepState::{Ahead, Awaited, Done};
    assert_eq!(states(request), [[Done, Done, Done, Done, Ahead], [Done, Done, Awaited, Ahead, Ahead]]);
    assert_eq!((request.status, request.step), (Status::Sequenced, Some(StepName::Reserve)));
    assert_eq!(request.awaited, [partnership.partners[1].name]);
    assert!(request.asked.deadline_s.is_some() && !request.is_overdue);
}
