//! Validators tell one another how they are: what they have, whether they vote, and whom they hear.
//!
//! Votes say that a validator runs and decides, and nothing else: of one that is catching up, or has lost its journal of votes, nothing would be heard,
//! as of one that is off; and whom the others hear would be known to them alone. So whoever asks one node why the chain stands still learns what
//! everybody on its side of a cut has heard.
//!
//! Place: over a sub-channel of the requests for certificates that no epoch has. A node that knows nothing of it drops what it does not route there,
//! so nodes with and without these messages form one network. Nothing is decided by what is said: it is its sender's word, kept for whoever asks.

use std::time::{Duration, SystemTime};

use bytes::BufMut;
use chancery_execution::MAX_VALIDATORS;
use commonware_codec::{
    Buf, EncodeSize, Error as CodecError, Read, ReadExt as _, ReadRangeExt as _, Write, varint::UInt,
};
use commonware_p2p::{
    Receiver, Recipients, Sender,
    utils::codec::{WrappedReceiver, WrappedSender, wrap},
};
use commonware_runtime::Clock;
use tracing::debug;

use crate::{PeerKey, Witness};

/// The sub-channel, where others have the number of an epoch. No chain gets so far.
pub(crate) const SUB_CHANNEL: u64 = u64::MAX;
/// What the first byte says.
const VERSION: u8 = 1;
/// A validator tells how it is at least so often.
const SAID_EVERY: Duration = Duration::from_secs(2);
/// It looks so often whether something has changed that is told at once.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Whoever was not heard for so long has gone silent, which is told at once.
const GONE_AFTER_SECONDS: u32 = 5;
/// Blocks that a validator may be behind without being told of at once.
const BLOCKS_ON_THEIR_WAY: u64 = 16;

/// What a validator says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelfReport {
    /// The epoch that it is in.
    pub(crate) epoch: u64,
    /// The last view that it has heard of.
    pub(crate) view: u64,
    /// The last view of the epoch that it knows to be final; 0 before the first.
    pub(crate) final_view: u64,
    /// The last block that it has executed.
    pub(crate) height: u64,
    /// The highest block that it knows to be final.
    pub(crate) final_height: u64,
    /// For how long it has run, in seconds.
    pub(crate) up_seconds: u32,
    /// It votes in views after this one alone.
    pub(crate) abstains_through: Option<u64>,
    /// For each validator of the epoch, in the order of the set: one more than the seconds since it was last heard; 0: never.
    pub(crate) heard: Vec<u32>,
}

impl SelfReport {
    /// Seconds since it heard the validator at this position. `None`: never, or there is no such validator.
    pub(crate) fn heard_before(&self, position: usize) -> Option<u32> {
        self.heard.get(position)?.checked_sub(1)
    }

    /// What is told at once when it changes.
    fn gist(&self) -> Gist {
        let behind = self.final_height.saturating_sub(self.height);
        Gist {
            epoch: self.epoch,
            abstains: self.abstains_through.is_some(),
            catches_up: behind > BLOCKS_ON_THEIR_WAY,
            hears: self.heard.iter().map(|heard| (1..=GONE_AFTER_SECONDS).contains(heard)).collect(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Gist {
    epoch: u64,
    abstains: bool,
    catches_up: bool,
    hears: Vec<bool>,
}

impl Write for SelfReport {
    fn write(&self, buffer: &mut impl BufMut) {
        VERSION.write(buffer);
        for number in [self.epoch, self.view, self.final_view, self.height, self.final_height] {
            UInt(number).write(buffer);
        }
        UInt(self.up_seconds).write(buffer);
        self.abstains_through.map(UInt).write(buffer);
        self.heard.len().write(buffer);
        self.heard.iter().for_each(|heard| UInt(*heard).write(buffer));
    }
}

impl EncodeSize for SelfReport {
    fn encode_size(&self) -> usize {
        let numbers = [self.epoch, self.view, self.final_view, self.height, self.final_height];
        VERSION.encode_size()
            + numbers.iter().map(|number| UInt(*number).encode_size()).sum::<usize>()
            + UInt(self.up_seconds).encode_size()
            + self.abstains_through.map(UInt).encode_size()
            + self.heard.len().encode_size()
            + self.heard.iter().map(|heard| UInt(*heard).encode_size()).sum::<usize>()
    }
}

impl Read for SelfReport {
    type Cfg = ();

    fn read_cfg(buffer: &mut impl Buf, (): &()) -> Result<Self, CodecError> {
        if u8::read(buffer)? != VERSION {
            return Err(CodecError::Invalid("SelfReport", "of another version"));
        }
        let mut number = || UInt::<u64>::read(buffer).map(|number| number.0);
        let (epoch, view, final_view, height, final_height) = (number()?, number()?, number()?, number()?, number()?);
        let up_seconds = UInt::<u32>::read(buffer)?.0;
        let abstains_through = Option::<UInt<u64>>::read(buffer)?.map(|view| view.0);
        let heard = Vec::<UInt<u32>>::read_range(buffer, ..=MAX_VALIDATORS)?;
        let heard = heard.into_iter().map(|heard| heard.0).collect();
        Ok(Self { epoch, view, final_view, height, final_height, up_seconds, abstains_through, heard })
    }
}

/// Tells how this node is while it is a validator, and keeps what the others tell, until the network ends.
pub(crate) async fn run<E: Clock>(
    context: E,
    witness: Witness,
    (sender, receiver): (impl Sender<PublicKey = PeerKey>, impl Receiver<PublicKey = PeerKey>),
) {
    let (mut sender, mut receiver): (WrappedSender<_, SelfReport>, WrappedReceiver<_, SelfReport>) =
        wrap((), sender, receiver);
    let mut said: Option<(Gist, SystemTime)> = None;
    let mut look_again = context.current();
    loop {
        tokio::select! {
            biased;
            () = context.sleep_until(look_again) => {
                let now = context.current();
                look_again = now + LOOK_EVERY;
                let Some(report) = witness.self_report() else { continue };
                let gist = report.gist();
                if said.as_ref().is_none_or(|(before, at)| *before != gist || now >= *at + SAID_EVERY) {
                    sender.send(Recipients::All, report, false);
                    said = Some((gist, now));
                }
            }
            message = receiver.recv() => match message {
                Ok((peer, Ok(report))) => witness.note_report(peer, report),
                Ok((peer, Err(error))) => debug!(%peer, %error, "malformed report of a peer"),
                Err(_) => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use commonware_codec::{DecodeExt as _, Encode as _};
    use proptest::prelude::*;

    use super::*;

    fn report() -> SelfReport {
        SelfReport {
            epoch: 3,
            view: 300,
            final_view: 298,
            height: 70_000,
            final_height: 70_002,
            up_seconds: 86_400,
            abstains_through: Some(u64::MAX),
            heard: vec![1, 0, 6, u32::MAX],
        }
    }

    proptest! {
        // CHAIN-9
        #[test]
        fn a_report_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            if let Ok(read) = SelfReport::decode(bytes::Bytes::from(bytes.clone())) {
                let again = read.encode();
                prop_assert_eq!(again.as_ref(), &bytes[..]);
            }
        }

        #[test]
        fn what_is_said_is_what_is_read(
            numbers in any::<[u64; 5]>(), up_seconds in any::<u32>(), abstains_through in any::<Option<u64>>(),
            heard in proptest::collection::vec(any::<u32>(), 0..=MAX_VALIDATORS),
        ) {
            let [epoch, view, final_view, height, final_height] = numbers;
            let said = SelfReport { epoch, view, final_view, height, final_height, up_seconds, abstains_through, heard };
            let bytes = said.encode();
            prop_assert_eq!(bytes.len(), said.encode_size());
            prop_assert_eq!(SelfReport::decode(bytes).unwrap(), said);
        }
    }

    // CHAIN-9
    #[test]
    fn another_version_more_validators_than_there_may_be_and_bytes_beyond_the_end_are_refused() {
        let bytes = report().encode();
        let mut other = bytes.to_vec();
        other[0] = VERSION + 1;
        assert!(SelfReport::decode(bytes::Bytes::from(other)).is_err());
        let crowd = SelfReport { heard: vec![1; MAX_VALIDATORS + 1], ..report() };
        assert!(SelfReport::decode(crowd.encode()).is_err());
        let longer = [bytes.as_ref(), &[0]].concat();
        assert!(SelfReport::decode(bytes::Bytes::from(longer)).is_err());
        for length in 0..bytes.len() {
            assert!(SelfReport::decode(bytes.slice(..length)).is_err(), "{length}");
        }
    }

    #[test]
    fn what_changes_is_told_at_once_and_what_only_grows_older_is_not() {
        let before = SelfReport { heard: vec![1, 2, 3, 0], abstains_through: None, ..report() };
        let later =
            SelfReport { height: 70_100, final_height: 70_101, heard: vec![1, 1, 5, 0], view: 900, ..before.clone() };
        assert_eq!(before.gist(), later.gist());
        let silent = SelfReport { heard: vec![1, 2, GONE_AFTER_SECONDS + 1, 0], ..before.clone() };
        let behind = SelfReport { final_height: before.height + BLOCKS_ON_THEIR_WAY + 1, ..before.clone() };
        let abstains = SelfReport { abstains_through: Some(5), ..before.clone() };
        for changed in [silent, behind, abstains] {
            assert_ne!(before.gist(), changed.gist());
        }
    }
}
