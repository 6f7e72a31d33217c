//! Other claims about senders in what a validator passes on: in blocks, in blocks for those who catch up, and in gossip (CHAIN-8).

use std::sync::Arc;

use alloy::primitives::Address;
use chancery_chain::{ConsensusBlock, PeerKey};
use chancery_execution::{Block, SignedTransaction};
use commonware_codec::{Decode as _, DecodeExt as _, Encode as _, RangeCfg, Write as _};
use commonware_runtime::IoBuf;
use rand::{RngExt as _, rngs::StdRng};

use super::channel::Topic;
use crate::support::{account, signer_of};

/// Transactions with claims, as gossip carries them.
type Gossip = Vec<(bytes::Bytes, [u8; 20])>;

/// Where the tag of an answer to who catches up stands, after the number of the request.
const TAG: usize = 8;
const ANSWER: u8 = 1;

/// What is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claims {
    True,
    OneFalse,
    AllFalse,
    /// Nothing; in gossip, which has a place for it, the zero address.
    None,
    /// Bytes that are no claims.
    Malformed,
}

const ALL: [Claims; 5] = [Claims::True, Claims::OneFalse, Claims::AllFalse, Claims::None, Claims::Malformed];

/// A message with claims of each kind, some for some and others for others; `None`: it has none to rewrite.
pub fn falsified(
    topic: Topic,
    recipients: &[PeerKey],
    message: &IoBuf,
    random: &mut StdRng,
) -> Option<Vec<(Vec<PeerKey>, IoBuf)>> {
    recipients
        .iter()
        .map(|peer| {
            let claims = ALL[random.random_range(0..ALL.len())];
            let bytes = match topic {
                Topic::Blocks => claims.in_block(&ConsensusBlock::decode(message.clone()).ok()?, random),
                Topic::Backfill => claims.in_answer(message, random)?,
                Topic::Transactions => claims.in_gossip(message, random)?,
                Topic::Votes | Topic::Certificates | Topic::Requests => return None,
            };
            Some((vec![peer.clone()], IoBuf::from(bytes)))
        })
        .collect()
}

impl Claims {
    /// Whom so many transactions are said to be from.
    fn of(self, signers: &[Address], random: &mut StdRng) -> Option<Vec<Address>> {
        let mut said = signers.to_vec();
        match self {
            Self::None | Self::Malformed => return None,
            Self::AllFalse => said.iter_mut().for_each(|sender| *sender = another(*sender, random)),
            Self::OneFalse if !said.is_empty() => {
                let index = random.random_range(0..said.len());
                said[index] = another(said[index], random);
            }
            Self::OneFalse | Self::True => {}
        }
        Some(said)
    }

    fn in_block(self, block: &ConsensusBlock, random: &mut StdRng) -> Vec<u8> {
        let block = block.block();
        if self == Self::Malformed {
            let (encoded, mut bytes) = (block.encode(), Vec::new());
            (encoded.len() + 1).write(&mut bytes);
            bytes.extend_from_slice(&encoded);
            bytes.push(0xff);
            return bytes;
        }
        // As if nobody had looked at them yet.
        let unknown = |transaction: &Arc<SignedTransaction>| {
            Arc::new(SignedTransaction::decode(transaction.encoded().clone()).unwrap())
        };
        let transactions: Vec<_> = block.transactions().iter().map(unknown).collect();
        let signers: Vec<_> = transactions.iter().map(|transaction| signer_of(transaction.encoded())).collect();
        for (transaction, sender) in transactions.iter().zip(self.of(&signers, random).into_iter().flatten()) {
            transaction.claim_sender(sender);
        }
        let block = Block::new(block.header().inner().clone(), transactions);
        ConsensusBlock::from(block).encode().to_vec()
    }

    /// An answer ends with the block; before it there may be a certificate.
    fn in_answer(self, message: &IoBuf, random: &mut StdRng) -> Option<Vec<u8>> {
        let bytes = message.as_ref();
        if *bytes.get(TAG)? != ANSWER {
            return None;
        }
        let (head, rest) = bytes.split_at(TAG + 1);
        let answer = bytes::Bytes::decode_cfg(bytes::Bytes::copy_from_slice(rest), &RangeCfg::from(..)).ok()?;
        let (at, block) =
            (0..answer.len()).find_map(|at| Some((at, ConsensusBlock::decode(answer.slice(at..)).ok()?)))?;
        let answer = [&answer[..at], &self.in_block(&block, random)].concat();
        Some([head, &bytes::Bytes::from(answer).encode()].concat())
    }

    fn in_gossip(self, message: &IoBuf, random: &mut StdRng) -> Option<Vec<u8>> {
        let mut gossip = Gossip::decode_cfg(message.clone(), &(RangeCfg::from(..), (RangeCfg::from(..), ()))).ok()?;
        let signers: Vec<_> = gossip.iter().map(|(transaction, _)| signer_of(transaction)).collect();
        let said = self.of(&signers, random).unwrap_or_else(|| vec![Address::ZERO; signers.len()]);
        for ((_, claimed), sender) in gossip.iter_mut().zip(said) {
            *claimed = sender.into_array();
        }
        let mut bytes = gossip.encode().to_vec();
        if self == Self::Malformed {
            bytes.pop();
        }
        Some(bytes)
    }
}

/// Somebody who did not sign: another who sends, or who never does.
fn another(signer: Address, random: &mut StdRng) -> Address {
    let candidates = (0..4).map(|index| account(index).address()).chain([Address::repeat_byte(9)]);
    let others: Vec<_> = candidates.filter(|other| *other != signer).collect();
    others[random.random_range(0..others.len())]
}
