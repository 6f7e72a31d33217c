//! The block that this validator proposed last, kept where a killed process leaves it.
//!
//! Consensus makes a validator's vote durable before the block that it voted for, so that voting and storing overlap. Killed between the two, it
//! remembers the vote and not the block, and when nobody else has the block either (a single validator never sent it to anybody), its view has to
//! time out. So the block is written before it is voted for. It is not synced: what a process has written outlives the process, and only a machine
//! that loses power pays with a timeout.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use commonware_codec::{Decode as _, Encode as _, Error as CodecError};
use commonware_consensus::types::Round;
use tracing::warn;

use crate::ConsensusBlock;

/// Name of the file in a chain's data directory.
const FILE_NAME: &str = "last-proposal";

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct LastProposal(PathBuf);

impl LastProposal {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self(data_dir.join(FILE_NAME))
    }

    /// Notes a block and the round that it is proposed in, in place of the one before.
    pub(crate) fn write(&self, round: Round, block: ConsensusBlock) -> io::Result<()> {
        let aside = self.0.with_extension("new");
        fs::write(&aside, (round, block).encode())?;
        fs::rename(&aside, &self.0)
    }

    /// What was noted last. Consensus takes it for the block that it voted for only if it has that block's hash, so a damaged file is no more
    /// than a missing one.
    pub(crate) fn read(&self) -> Option<(Round, ConsensusBlock)> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn!(%error, "the last proposal cannot be read");
                return None;
            }
        };
        match decode(bytes.into()) {
            Ok(proposal) => Some(proposal),
            Err(error) => {
                warn!(%error, "the last proposal is damaged and left out");
                None
            }
        }
    }
}

/// Reads what [`LastProposal::write`] wrote.
pub(crate) fn decode(bytes: bytes::Bytes) -> Result<(Round, ConsensusBlock), CodecError> {
    <(Round, ConsensusBlock)>::decode_cfg(bytes, &((), ()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::consensus::Header;
    use chancery_execution::Block;
    use commonware_consensus::types::{Epoch, View};

    use super::*;

    #[test]
    fn the_newest_is_read_back_and_a_damaged_one_is_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let last = LastProposal::new(dir.path());
        assert!(last.read().is_none());
        for view in [1, 2] {
            let round = Round::new(Epoch::new(0), View::new(view));
            last.write(round, Block::new(Header::default(), vec![]).into()).unwrap();
            assert_eq!(last.read().unwrap().0, round);
        }
        fs::write(dir.path().join(FILE_NAME), [1, 2, 3]).unwrap();
        assert!(last.read().is_none());
    }
}
