//! Whoever has a file hands it over when, and to whom, the chains say so (EXCHANGE-1, EXCHANGE-2).

use std::{collections::BTreeMap, fmt, sync::Arc};

use alloy_primitives::B256;
use chancery_primitives::SignedOperation as _;
use chancery_sharing::sealing::{KeyPlace, ReaderKey};
use parking_lot::Mutex;

use super::{
    message::{FilePiece, FileQuery, FileRefusal, MAX_PIECE_BYTES, Receive},
    shelf::{Shelf, Shelved},
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
    committed: Mutex<BTreeMap<u64, Arc<VerifiedRequest>>>,
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
        Self { requester, shelf, committed: Mutex::default() }
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
        if !committed.members.iter().any(|member| member.member == receiver) {
            return Err(FileRefusal::NotAParty { number: receive.number });
        }
        let digest = entry(&committed, receive)?;
        self.hand_over(query, digest).await
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

    /// How a request has ended, by this node's own proof, if it was committed.
    async fn committed(&self, number: u64) -> Result<Arc<VerifiedRequest>, FileRefusal> {
        let known = self.committed.lock().get(&number).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let not_committed = |reason: String| FileRefusal::NotCommitted { number, reason };
        let verified = match Box::pin(self.requester.proven(number)).await {
            Ok(verified) if verified.outcome == Ending::Committed => Arc::new(verified),
            Ok(_) => return Err(not_committed("it has ended otherwise".to_owned())),
            Err(RequestError::Unprovable { reason }) => return Err(not_committed(reason)),
            Err(error) => {
                tracing::warn!(%error, "how a request has ended could not be read");
                return Err(FileRefusal::Unavailable { reason: "its chains could not be read".to_owned() });
            }
        };
        let mut remembered = self.committed.lock();
        while remembered.len() >= MAX_REMEMBERED {
            remembered.pop_first();
        }
        remembered.insert(number, Arc::clone(&verified));
        Ok(verified)
    }

    async fn hand_over(&self, query: &FileQuery, digest: B256) -> Result<FilePiece, FileRefusal> {
        let (shelf, offset) = (self.shelf.clone(), query.offset);
        // Reading and hashing a file blocks.
        let read = tokio::task::spawn_blocking(move || {
            let Some(mut shelved) = shelf.find(digest, offset == 0)? else { return Ok(None) };
            let piece = shelved.piece(offset, MAX_PIECE_BYTES)?;
            Ok::<_, super::ShelfError>(Some((shelved, piece)))
        });
        let unavailable = || FileRefusal::Unavailable { reason: "its shelf cannot be read".to_owned() };
        let read = read.await.map_err(|_| unavailable())?.map_err(|error| {
            tracing::error!(%error, %digest, "a file could not be read for a receiver");
            unavailable()
        })?;
        let Some((Shelved { key, bytes, .. }, piece)) = read else { return Err(FileRefusal::NotHere { digest }) };
        if offset >= bytes {
            return Err(FileRefusal::Malformed);
        }
        let reader = ReaderKey(query.receive.encryption_key.0);
        let place = place(&self.requester, query.receive.number);
        let sealed_key = key.seal_to(&reader, &place).map_err(|_| FileRefusal::Malformed)?;
        Ok(FilePiece { sealed_bytes: bytes, sealed_key: sealed_key.into(), piece: piece.into() })
    }
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
