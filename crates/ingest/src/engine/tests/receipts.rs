//! Receipts of submissions that were written together (DATA-12).

use chancery_data::receipt::{MAX_RECEIPTS, Receipt};

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
