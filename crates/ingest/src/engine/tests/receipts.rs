//! Receipts of submissions that were written together (DATA-12).

use std::sync::atomic::{AtomicBool, AtomicU64};

use chancery_data::receipt::{MAX_RECEIPTS, Receipt};
use chancery_keys::{Curve, KeyFailure, SigningKey};
use chancery_reference_points::Class;
use ed25519_dalek::Signer as _;

use super::*;

const COUNT: u8 = 150;

fn verified(accepted: &AcceptedSubmission) -> Receipt {
    Receipt::verify(&accepted.receipt, &signer(1).public_key()).unwrap()
}

/// What a receipt has to say of what was answered beside it.
fn said(accepted: &AcceptedSubmission) -> Receipt {
    let AcceptedSubmission { place, digest, source, key, count, accepted_at_ms: accepted_at, .. } = *accepted;
    Receipt { chain_id: CHAIN, place, digest, source, key, count, accepted_at }
}

// DATA-2, DATA-3, DATA-12
#[tokio::test(flavor = "multi_thread")]
async fn each_submission_of_a_group_has_a_receipt_of_its_own_and_gets_it_again_after_a_restart() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let device = signer(2);
    let source = register(&ingest, &device).await;
    // Of other sizes, so that no receipt can say of two what is true of one.
    let sent: Vec<_> =
        (0..COUNT).map(|key| submit(&device, source, key, &vec![READING; usize::from(key % 3) + 1])).collect();
    let before: Vec<_> = ingest.accept(sent.clone()).await.into_iter().map(Result::unwrap).collect();
    for accepted in &before {
        assert_eq!(verified(accepted), said(accepted));
        assert!(accepted.receipt.contains('~'), "one signature is for many: {}", accepted.receipt);
    }
    let roots: std::collections::BTreeSet<_> =
        before.iter().map(|accepted| accepted.receipt.split_once('~').unwrap().0).collect();
    assert_eq!(roots.len(), usize::from(COUNT).div_ceil(MAX_RECEIPTS));

    // Among others, and in another order: theirs is that of the group that they were written with.
    let mut mixed: Vec<_> = sent.iter().rev().cloned().collect();
    mixed.push(submit(&device, source, COUNT, &[READING]));
    let mut again: Vec<_> = ingest.accept(mixed).await.into_iter().map(Result::unwrap).collect();
    let new = again.pop().unwrap();
    assert_eq!((new.repeated, verified(&new)), (false, said(&new)));
    assert!(again.iter().all(|accepted| accepted.repeated));
    assert!(again.iter().rev().map(|one| &one.receipt).eq(before.iter().map(|one| &one.receipt)));
    ingest.close().await;

    let ingest = start(folder.path(), &chain).await;
    for (submission, accepted) in sent.into_iter().zip(&before).step_by(40) {
        let again = one(&ingest, submission).await.unwrap();
        assert_eq!((again.repeated, &again.receipt), (true, &accepted.receipt));
    }
}

/// Keeps the key of [`signer`] 1, and counts how often it is asked while it is away.
struct Keeper {
    secret: ed25519_dalek::SigningKey,
    public_key: [u8; 32],
    is_away: AtomicBool,
    asked_in_vain: AtomicU64,
}

impl Keeper {
    fn new() -> Arc<Self> {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let public_key = secret.verifying_key().to_bytes();
        Arc::new(Self { secret, public_key, is_away: AtomicBool::new(false), asked_in_vain: AtomicU64::new(0) })
    }
}

impl SigningKey for Keeper {
    fn curve(&self) -> Curve {
        Curve::Ed25519
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure> {
        if self.is_away.load(Ordering::SeqCst) {
            self.asked_in_vain.fetch_add(1, Ordering::SeqCst);
            return Err(KeyFailure::Unavailable("the token is gone".to_owned()));
        }
        Ok(self.secret.sign(input).to_bytes())
    }
}

// M-SEC, DATA-2, DATA-12: a token that goes away loses nothing; what it did not sign for is signed for when it is back and the same comes again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_token_has_not_signed_is_kept_recorded_and_signed_for_when_it_comes_again() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let keeper = Keeper::new();
    let clock: Clock = Arc::new(|| NOW_MS);
    let receipt_key = Signer::kept(keeper.clone()).unwrap();
    let ingest = Ingest::open(Parts { receipt_key, ..parts(folder.path(), &chain, &clock) }).unwrap();
    let device = signer(2);
    let source = register(&ingest, &device).await;
    let sent: Vec<_> = (0..COUNT).map(|key| submit(&device, source, key, &[READING])).collect();

    keeper.is_away.store(true, Ordering::SeqCst);
    for refused in ingest.accept(sent.clone()).await {
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), refused.class()), (Code::EntityUnavailable, Class::Temporary), "{refused:?}");
        assert!(!refused.to_string().contains("token") && refused.cause().is_some());
    }
    assert_eq!(keeper.asked_in_vain.load(Ordering::SeqCst), 1, "the others of the three signatures are not tried");

    keeper.is_away.store(false, Ordering::SeqCst);
    let again: Vec<_> = ingest.accept(sent).await.into_iter().map(Result::unwrap).collect();
    assert!(again.iter().all(|accepted| accepted.repeated && verified(accepted) == said(accepted)));
    recorded(&ingest, again[0].place).await;
}
