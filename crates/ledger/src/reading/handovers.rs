//! A proof of finality across more changes of the validator set than a node shows in one answer.

use alloy_primitives::U64;
use chancery_light::{FinalityProof, HANDOVERS_PER_ANSWER, MAX_HANDOVERS, VerifyError};

use super::Reader;
use crate::LedgerError;

/// Puts answers together: what a node answers for the validators of an epoch, then for those of the epoch after the last handover, until an
/// answer is not full. Nothing is believed here; the whole is verified afterwards.
#[derive(Debug)]
struct Assembly {
    proof: FinalityProof,
    is_whole: bool,
}

impl Assembly {
    fn new(first: FinalityProof) -> Self {
        let is_whole = first.handovers.len() < HANDOVERS_PER_ANSWER;
        Self { proof: first, is_whole }
    }

    /// The epoch to ask from next; `None` when nothing is missing, or more than a verifier takes.
    fn next(&self) -> Result<Option<u64>, VerifyError> {
        match self.proof.handovers.last() {
            Some(last) if !self.is_whole && self.proof.handovers.len() < MAX_HANDOVERS => last.next_epoch().map(Some),
            _ => Ok(None),
        }
    }

    fn add(&mut self, next: FinalityProof) {
        self.is_whole = next.handovers.len() < HANDOVERS_PER_ANSWER;
        self.proof.handovers.extend(next.handovers);
        self.proof.handovers.truncate(MAX_HANDOVERS);
    }
}

impl Reader {
    /// What makes a block final, with every handover from the validators of the genesis on. `None`: the node knows no such block yet.
    pub(super) async fn finality_proof(&self, number: u64) -> Result<Option<FinalityProof>, LedgerError> {
        let ask = |known: u64| self.connection.find("chancery_getFinality", (U64::from(number), U64::from(known)));
        let Some(first) = ask(0).await? else { return Ok(None) };
        let mut assembly = Assembly::new(first);
        while let Some(epoch) = assembly.next().map_err(|error| self.refused(error.check()))? {
            match ask(epoch).await? {
                Some(next) => assembly.add(next),
                None => return Ok(None),
            }
        }
        Ok(Some(assembly.proof))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::consensus::Header;
    use alloy_primitives::{Address, B256, Bytes, U256};
    use chancery_light::{AccountProof, Handover};
    use chancery_primitives::extra_data::ConsensusContext;

    use super::*;

    /// A handover at the end of an epoch; only its epoch is of matter here.
    fn handover(epoch: u32) -> Handover {
        let context = ConsensusContext { epoch, view: 1, parent_view: 0, millisecond: 0 };
        let header = Header { extra_data: context.encode().into(), ..Header::default() };
        let registry = AccountProof {
            address: Address::ZERO,
            balance: U256::ZERO,
            code_hash: B256::ZERO,
            nonce: 0,
            storage_hash: B256::ZERO,
            account_proof: vec![],
            storage_proof: vec![],
        };
        Handover { header: alloy_rlp::encode(header).into(), certificate: Bytes::new(), registry, validators: vec![] }
    }

    /// What a node answers whose set changes in each of so many epochs.
    fn answer(changes: u32, known: u64) -> FinalityProof {
        let epochs = (u32::try_from(known).unwrap()..changes).take(HANDOVERS_PER_ANSWER);
        FinalityProof {
            header: Bytes::new(),
            certificate: Bytes::new(),
            descendants: vec![],
            handovers: epochs.map(handover).collect(),
        }
    }

    fn assembled(changes: u32) -> (Vec<u64>, Vec<Handover>) {
        let mut assembly = Assembly::new(answer(changes, 0));
        let mut asked = Vec::new();
        while let Some(epoch) = assembly.next().unwrap() {
            asked.push(epoch);
            assembly.add(answer(changes, epoch));
        }
        (asked, assembly.proof.handovers)
    }

    #[test]
    fn every_change_of_the_set_is_there_once_however_many_answers_it_takes() {
        for (changes, asked) in [(0, vec![]), (63, vec![]), (64, vec![64]), (65, vec![64]), (150, vec![64, 128])] {
            let expected: Vec<_> = (0..changes).map(handover).collect();
            assert_eq!(assembled(changes), (asked, expected), "{changes} changes");
        }
    }

    #[test]
    fn a_node_that_never_stops_is_asked_no_more_than_a_verifier_takes() {
        let (asked, handovers) = assembled(100_000);
        assert_eq!((asked.len(), handovers.len()), (MAX_HANDOVERS / HANDOVERS_PER_ANSWER - 1, MAX_HANDOVERS));
    }

    #[test]
    fn a_handover_that_cannot_be_read_ends_the_asking_with_its_check() {
        let mut proof = answer(64, 0);
        proof.handovers.last_mut().unwrap().header = Bytes::new();
        assert_eq!(Assembly::new(proof).next().unwrap_err().check(), "HeaderMalformed");
    }
}
