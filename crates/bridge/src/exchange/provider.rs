//! Whoever has a file hands it over when, to whom and for which request the chains say so (EXCHANGE-1, EXCHANGE-2, EXCHANGE-5).

use std::{collections::BTreeMap, fmt, sync::Arc};

use alloy_primitives::B256;
use chancery_primitives::SignedOperation as _;
use chancery_sharing::sealing::{KeyPlace, ReaderKey};
use parking_lot::Mutex;

use super::{
    examined::Examined,
    message::{FilePiece, FileQuery, FileRefusal, MAX_PIECE_BYTES, Receive},
    origin::{Origin, origin},
    shelf::{Shelf, ShelfError, Shelved},
};
use crate::{
    alliance::certificate::{SignatureFault, check_identity},
    proof::{Ending, VerifiedRequest},
    requester::{RequestError, Requester},
};

/// Ended requests that are remembered: how a request has ended never changes.
const MAX_REMEMBERED: usize = 256;

/// A member's node that hands files over.
pub struct Provider {
    requester: Arc<Requester>,
    shelf: Shelf,
    committed: Mutex<BTreeMap<u64, Arc<Committed>>>,
    examined: Arc<Examined>,
}

/// A request that was committed, by this node's own proofs.
struct Committed {
    verified: VerifiedRequest,
    /// Once one of its parties has asked for it.
    origin: Mutex<Option<Origin>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("shelf", &self.shelf).finish_non_exhaustive()
    }
}

impl Provider {
    /// Of the node that a requester is, with its shelf.
    #[must_use]
    pub fn new(requester: Arc<Requester>, shelf: Shelf) -> Self {
        Self { requester, shelf, committed: Mutex::default(), examined: Arc::default() }
    }

    /// A piece of the file of an entry, or why it does not leave.
    ///
    /// # Errors
    /// [`FileRefusal`].
    pub async fn piece(&self, query: &FileQuery) -> Result<FilePiece, FileRefusal> {
        let receive = &query.receive;
        let own = self.requester.identity.member;
        if receive.member != own {
            return Err(FileRefusal::OtherMember { asked: receive.member, own });
        }
        let receiver = self.receiver(query).await?;
        let committed = Box::pin(self.committed(receive.number)).await?;
        if !committed.verified.members.iter().any(|member| member.member == receiver) {
            return Err(FileRefusal::NotAParty { number: receive.number });
        }
        let digest = entry(&committed.verified, receive)?;
        let origin = Box::pin(self.origin(receive.number, &committed)).await?;
        self.hand_over(query, digest, &origin).await
    }

    /// The member whose node has signed the query, under a certificate that counts now.
    async fn receiver(&self, query: &FileQuery) -> Result<B256, FileRefusal> {
        let (alliance, certificate) = (&self.requester.alliance, query.receive.certificate);
        let refused = |fault| FileRefusal::Certificate { certificate, fault };
        let found = alliance.certificate(certificate).await.map_err(unread)?;
        let (transaction, identity) = found.ok_or_else(|| refused(SignatureFault::CertificateUnknown))?;
        let now = alliance.time_s().await.map_err(unread)?;
        if transaction.revoked {
            return Err(refused(SignatureFault::CertificateRevoked));
        }
        if now >= transaction.valid_until {
            return Err(refused(SignatureFault::CertificateExpired));
        }
        let place = alliance.member(identity.member).await.map_err(unread)?;
        // Whatever it may do otherwise: to receive is every node's.
        check_identity(&identity, |_| place.is_active, now).map_err(refused)?;
        match query.receive.recover(&alliance.domain(), &query.signature) {
            Ok(signer) if signer == identity.key => Ok(identity.member),
            _ => Err(refused(SignatureFault::SignatureWrong)),
        }
    }

    /// How a request has ended, by this node's own proofs, if it was committed.
    async fn committed(&self, number: u64) -> Result<Arc<Committed>, FileRefusal> {
        let known = self.committed.lock().get(&number).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let not_committed = |reason: String| FileRefusal::NotCommitted { number, reason };
        let verified = match Box::pin(self.requester.proven(number)).await {
            Ok(verified) if verified.outcome == Ending::Committed => verified,
            Ok(_) => return Err(not_committed("it has ended otherwise".to_owned())),
            Err(RequestError::Unprovable { reason }) => return Err(not_committed(reason)),
            Err(error) => {
                tracing::warn!(%error, "how a request has ended could not be read");
                return Err(FileRefusal::Unavailable { reason: "its chains could not be read".to_owned() });
            }
        };
        let committed = Arc::new(Committed { verified, origin: Mutex::default() });
        let mut remembered = self.committed.lock();
        while remembered.len() >= MAX_REMEMBERED {
            remembered.pop_first();
        }
        remembered.insert(number, Arc::clone(&committed));
        Ok(committed)
    }

    /// Where a request comes from. That is looked for when a party asks for an entry of it: it costs a search.
    async fn origin(&self, number: u64, committed: &Committed) -> Result<Origin, FileRefusal> {
        let known = *committed.origin.lock();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Box::pin(origin(&self.requester.alliance, number)).await.map_err(unread)?;
        let found = found.ok_or_else(|| {
            tracing::error!(number, "who has asked for a request is not as its chain has it, and was not proven");
            FileRefusal::Unavailable { reason: "who has asked for the request could not be proven".to_owned() }
        })?;
        *committed.origin.lock() = Some(found);
        Ok(found)
    }

    async fn hand_over(&self, query: &FileQuery, digest: B256, origin: &Origin) -> Result<FilePiece, FileRefusal> {
        let (shelf, number, offset) = (self.shelf.clone(), query.receive.number, query.offset);
        let shelved = blocking(digest, move || shelf.find(digest)).await?.ok_or(FileRefusal::NotHere { digest })?;
        let Some(sealed_for) = shelved.sealed_for else {
            tracing::error!(%digest, "the shelf does not say for which request this file is: say it (`chancery alliance file assign`)");
            return Err(FileRefusal::OtherRequest { number, digest });
        };
        if !sealed_for.is(origin) {
            return Err(FileRefusal::OtherRequest { number, digest });
        }
        if offset >= shelved.bytes {
            return Err(FileRefusal::Malformed);
        }
        let mut shelved = self.unchanged(digest, shelved).await?;
        let (key, bytes, piece) = blocking(digest, move || {
            let piece = shelved.piece(offset, MAX_PIECE_BYTES)?;
            Ok((shelved.key, shelved.bytes, piece))
        })
        .await?;
        let reader = ReaderKey(query.receive.encryption_key.0);
        let sealed_key = key.seal_to(&reader, &place(&self.requester, number)).map_err(|_| FileRefusal::Malformed)?;
        Ok(FilePiece { sealed_bytes: bytes, sealed_key: sealed_key.into(), piece: piece.into() })
    }

    /// The same file, whose bytes have its digest (EXCHANGE-4).
    async fn unchanged(&self, digest: B256, mut shelved: Shelved) -> Result<Shelved, FileRefusal> {
        let stamp = shelved.stamp;
        let answer = |shelved: Shelved, is_unchanged: bool| {
            if is_unchanged { Ok(shelved) } else { Err(FileRefusal::NotHere { digest }) }
        };
        if let Some(is_unchanged) = self.examined.knows(digest, stamp) {
            return answer(shelved, is_unchanged);
        }
        let place = self.examined.place().await.ok_or(FileRefusal::Busy)?;
        // Somebody else has looked at it meanwhile.
        if let Some(is_unchanged) = self.examined.knows(digest, stamp) {
            return answer(shelved, is_unchanged);
        }
        let examined = Arc::clone(&self.examined);
        let (is_unchanged, shelved) = blocking(digest, move || {
            let is_unchanged = shelved.digest()? == digest;
            // Here, not where it is waited for: whoever asks and goes away leaves the place taken until the file is done, and what was found is known.
            examined.found(digest, stamp, is_unchanged);
            drop(place);
            Ok((is_unchanged, shelved))
        })
        .await?;
        answer(shelved, is_unchanged)
    }
}

/// Reading and hashing a file blocks.
async fn blocking<T: Send + 'static>(
    digest: B256,
    work: impl FnOnce() -> Result<T, ShelfError> + Send + 'static,
) -> Result<T, FileRefusal> {
    let unavailable = || FileRefusal::Unavailable { reason: "its shelf cannot be read".to_owned() };
    tokio::task::spawn_blocking(work).await.map_err(|_| unavailable())?.map_err(|error| {
        tracing::error!(%error, %digest, "a file could not be read for a receiver");
        unavailable()
    })
}

/// The value of the entry that is asked for, as the proof shows it.
pub(super) fn entry(committed: &VerifiedRequest, receive: &Receive) -> Result<B256, FileRefusal> {
    let number = receive.number;
    let member = committed.members.iter().find(|member| member.member == receive.member);
    let member = member.ok_or(FileRefusal::NotAParty { number })?;
    let mut writes = member.writes.iter();
    let written = writes.find(|write| write.key == receive.key);
    written.map(|write| write.value).ok_or(FileRefusal::NoSuchEntry { number, key: receive.key })
}

/// What a sealed data key is bound to.
pub(super) fn place(requester: &Requester, number: u64) -> KeyPlace {
    KeyPlace { asset: requester.alliance.address, key_epoch: 0, request: number }
}

fn unread(error: crate::contracts::ViewError) -> FileRefusal {
    tracing::warn!(%error, "the alliance chain could not be read");
    FileRefusal::Unavailable { reason: "its chains could not be read".to_owned() }
}
