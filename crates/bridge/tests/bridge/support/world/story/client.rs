//! Those who ask: honest ones, who die and begin anew until their money has moved, and one who wants more than there is.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use chancery_bridge::{
    alliance::message::{Endorse, Endorsement, Part, PartReference, Request},
    requester::{RequestError, Requester, attempt_key},
};
use chancery_contracts::StoreNode;
use tokio::time::sleep;

use super::{Cast, INTENTS, WINDOW_S, intent};
use crate::support::world::{chance::Chance, founding::ENDORSERS, step::Party};

/// Money that was moved from the first member to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    pub(super) node: usize,
    pub(super) intent: B256,
    pub(super) account: B256,
    pub(super) amount: u64,
    /// Of the request that did it, as the requester was told.
    pub(super) number: u64,
}

/// One intent after the other.
pub(super) async fn run(cast: Arc<Cast>, node: usize, mut chance: Chance) -> Vec<Transfer> {
    let mut done = Vec::new();
    for nth in 0..INTENTS {
        let account = cast.accounts[chance.index(cast.accounts.len())];
        let mut transfer =
            Transfer { node, intent: intent(node, nth), account, amount: 1 + chance.below(50), number: 0 };
        loop {
            let life = cast.world.shared.life(Party::Requester);
            let requester = cast.requester(&life, node).await;
            tokio::select! {
                biased;
                () = life.end.cancelled() => {}
                number = pursue(&requester, &transfer, &mut chance) => {
                    transfer.number = number;
                    break;
                }
            }
            sleep(chance.between_ms(100, 3000)).await;
        }
        done.push(transfer);
    }
    done
}

/// From what is on chain alone: whatever an earlier life began under this intent is followed to its end first.
async fn pursue(requester: &Requester, transfer: &Transfer, chance: &mut Chance) -> u64 {
    let (member, node) = (requester.identity.member, requester.identity.node);
    let mut attempt = 0;
    loop {
        let key = attempt_key(transfer.intent, attempt);
        let ended = match requester.alliance.number_of(member, node, key).await {
            Ok(Some(number)) => requester.follow(number, key, None).await,
            Ok(None) => begin(requester, transfer, key).await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(committed) => return committed.number,
            Err(error) => attempt += u64::from(error.number().is_some()),
        }
        sleep(chance.between_ms(50, 1500)).await;
    }
}

type Ended = Result<chancery_bridge::requester::Committed, RequestError>;

async fn begin(requester: &Requester, transfer: &Transfer, key: B256) -> Ended {
    let parts = loop {
        if let Some(parts) = propose(requester, transfer, 0).await? {
            break parts;
        }
    };
    let submission = requester.endorse(key, parts).await?;
    requester.send(&submission).await
}

/// Both halves as they would be; `None`: one has changed meanwhile. `too_much` is put on top on the first member.
async fn propose(requester: &Requester, transfer: &Transfer, too_much: u64) -> Result<Option<Vec<Part>>, RequestError> {
    let mut parts = Vec::new();
    for (place, member) in requester.members.iter().enumerate() {
        let entry = StoreNode::entryCall { key: transfer.account };
        let read = member.contract.chain.view(member.contract.address, &entry.abi_encode().into()).await;
        let read = read.map_err(chancery_bridge::contracts::ViewError::from)?;
        let entry = StoreNode::entryCall::abi_decode_returns(&read.data).unwrap();
        let value: u64 = U256::from_be_bytes(entry.value.0).to();
        let value = if place == 0 { value - transfer.amount + too_much } else { value + transfer.amount };
        let write = StoreNode::Write { key: transfer.account, value: B256::from(U256::from(value)) };
        let call: Bytes = (vec![transfer.account], vec![write]).abi_encode_params().into();
        let part = requester.suggest(member.name, &call).await?;
        if part.reads[0].version != entry.version {
            return Ok(None);
        }
        parts.push(part);
    }
    Ok(Some(parts))
}

/// Wants to keep what it gives away. No endorser of the first member finds that right but the one that signs everything, and the alliance takes no third of a weight.
pub(super) async fn cheat(cast: Arc<Cast>, mut chance: Chance) {
    let life = cast.world.shared.life(Party::Onlooker);
    let requester = cast.requester(&life, 0).await;
    let transfer = Transfer { node: 0, intent: intent(0, u64::MAX), account: cast.accounts[0], amount: 10, number: 0 };
    let mut asked = 0;
    loop {
        sleep(chance.between_ms(200, 1500)).await;
        let Ok(Some(mut parts)) = propose(&requester, &transfer, 0).await else { continue };
        let honest = parts[0].writes[0].value;
        parts[0].writes[0].value = B256::from(U256::from_be_bytes(honest.0) + U256::from(1_000_000));
        asked += 1;
        let endorsed = requester.endorse(attempt_key(transfer.intent, asked), parts.clone()).await;
        assert!(endorsed.is_err(), "a lie was endorsed");
        match requester.send(&forced(&cast, &requester, attempt_key(transfer.intent, 0), parts)).await {
            Err(RequestError::Invalid { missing, .. }) => {
                assert_eq!(missing[0].member, requester.members[0].name);
                return;
            }
            Ok(committed) => panic!("a lie was committed: {committed:?}"),
            Err(_) => {}
        }
    }
}

/// With the signature of one of three of the first member, and of all of the second.
fn forced(
    cast: &Cast,
    requester: &Requester,
    key: B256,
    parts: Vec<Part>,
) -> chancery_bridge::alliance::submission::Submission {
    let request = Request {
        idempotency_key: key,
        certificate: requester.identity.certificate,
        valid_until: cast.world.shared.now_ms() / 1000 + WINDOW_S,
        window: WINDOW_S,
        parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
    };
    let [first, second] = &cast.world.founded.members;
    let signing = [(first.name, &first.nodes[ENDORSERS - 1..]), (second.name, &second.nodes[..])];
    let (request_hash, domain) = (request.hash(), requester.alliance.domain());
    let mut endorsements = Vec::new();
    for (member, nodes) in signing {
        for node in nodes {
            let endorse = Endorse { request_hash, member, certificate: node.certificate };
            let signature = node.key.sign(&endorse, &domain).unwrap();
            endorsements.push(Endorsement { certificate: node.certificate, member, signature });
        }
    }
    requester.sign(request, endorsements, parts).unwrap()
}
