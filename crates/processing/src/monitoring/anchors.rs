//! The anchors of the city: what each keeps, proven by the state of its host.

use chancery_ledger::{Chain, Ledger};
use chancery_primitives::anchor_storage::{AnchorWords, anchor_slots};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    anchor::{AnchorConflict, AnchorPlace, AnchorStanding, AnchorState},
};
use futures::{StreamExt, stream};

use crate::error::door_error;

/// Anchors that are read at once.
const MAX_PARALLEL_READS: usize = 4;

/// Which anchors there are. Those of a genesis are known; those that a relay has made, whoever runs it knows.
pub trait AnchorPlaces: Send + Sync {
    /// All of them. May read a file.
    fn places(&self) -> Vec<AnchorPlace>;
}

/// Reads all of these.
pub(super) async fn read(ledger: &Ledger, places: Vec<AnchorPlace>) -> Vec<AnchorState> {
    stream::iter(places).map(|place| state(ledger, place)).buffered(MAX_PARALLEL_READS).collect().await
}

async fn state(ledger: &Ledger, place: AnchorPlace) -> AnchorState {
    let head = match ledger.chain(&place.follows.0) {
        Ok(chain) => chain.head().await.ok().map(|head| head.number),
        Err(_) => None,
    };
    let standing = match ledger.chain(&place.host.0) {
        Ok(chain) => standing(chain, &place).await.ok(),
        Err(_) => None,
    };
    AnchorState { place, standing, head }
}

async fn standing(host: &Chain, place: &AnchorPlace) -> DoorResult<AnchorStanding> {
    let evidence = host.state(place.contract, &anchor_slots()).await.map_err(door_error)?;
    let evidence = evidence.ok_or_else(|| {
        DoorError::new(Code::NotProvable, format!("chain {} has no certificates of finality", host.name()))
    })?;
    let values: Vec<_> = evidence.state.storage.into_iter().map(|(_, value)| value).collect();
    let words = <[_; 4]>::try_from(values)
        .map_err(|_| DoorError::internal(std::io::Error::other("a proof has other slots than were asked for")))?;
    let AnchorWords { conflict, latest, .. } = AnchorWords::decode(words);
    let conflict = conflict.map(|(number, [first, second])| AnchorConflict { number, first, second });
    Ok(AnchorStanding { newest: (latest > 0).then_some(latest), conflict })
}
