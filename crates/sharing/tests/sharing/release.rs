//! SHARE-7 to SHARE-10 over a real node: not a byte leaves before the grant is final, or after it ended, and what comes is what was published.
#![allow(missing_docs, clippy::unwrap_used)]

use crate::desk::{Desk, now_s};
use chancery_contracts::DigitalAsset;
use chancery_sharing::{
    release::{ChainTrust, Grant, ReleaseError, Released, Standing, published_version, receive, release},
    storage::FetchError,
};
use futures::{StreamExt, TryStreamExt};

#[tokio::test]
async fn not_a_byte_leaves_before_the_grant_is_final_or_after_it_ended() {
    let desk = Desk::new().await;
    let request = desk.request().await;
    let prepared = desk.prepare(request, 0).await;

    let early = desk.release(&prepared).await;
    assert!(matches!(early, Err(ReleaseError::NotGranted { request: 1 })), "{early:?}");
    desk.by_owner(DigitalAsset::decideCall { id: request, approved: true }).await.unwrap();
    let early = desk.release(&prepared).await;
    assert!(matches!(early, Err(ReleaseError::NotGranted { .. })), "approved is not granted: {early:?}");
    assert_eq!(desk.opened(), 0, "the file was not even opened");

    desk.chain.submit(&desk.owner, prepared.call()).await.unwrap();
    let released = desk.release(&prepared).await.unwrap();
    assert!(matches!(released.standing, Standing::Proven(_)));
    let target = desk.target();
    let got = desk.receive(request, &prepared.grant, released).await.unwrap();
    assert!(matches!(got.standing, Standing::Proven(_)));
    assert_eq!(desk.open(&target, &got.data_key), desk.plain);

    desk.by_reader(DigitalAsset::endCall { id: request }).await.unwrap();
    let late = desk.release(&prepared).await;
    assert!(matches!(late, Err(ReleaseError::NotGranted { .. })), "{late:?}");
    assert_eq!(desk.opened(), 1);
}

#[tokio::test]
async fn other_terms_an_old_block_and_an_end_that_is_over_are_refused() {
    let desk = Desk::new().await;
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    let prepared = desk.prepare(request, now_s() + 3600).await;
    desk.chain.submit(&desk.owner, prepared.call()).await.unwrap();
    desk.release(&prepared).await.unwrap();

    // Sealed anew, to the same reader: not what was granted.
    let other = desk.prepare(request, now_s() + 3600).await;
    let refused = desk.release(&other).await;
    assert!(matches!(refused, Err(ReleaseError::OtherGrant { .. })), "{refused:?}");
    let at = |trust: ChainTrust, now: u64| {
        let (desk, prepared) = (&desk, &prepared);
        async move { release(&desk.chain, &trust, &desk.store, &desk.location, prepared, now).await }
    };
    let refused = at(ChainTrust::default(), now_s() + 3000).await;
    assert!(matches!(refused, Err(ReleaseError::Stale { max_age_s: 60, .. })), "{refused:?}");
    let patient = ChainTrust { max_block_age_s: 10_000, ..ChainTrust::default() };
    at(patient, now_s() + 3000).await.unwrap();
    let refused = at(patient, now_s() + 4000).await;
    assert!(matches!(refused, Err(ReleaseError::Over { .. })), "{refused:?}");

    // SHARE-8: the removed reader's grant ends with its listing, and nothing more is published under the old key.
    desk.by_owner(DigitalAsset::removeCall { reader: desk.reader.address() }).await.unwrap();
    let refused = desk.release(&prepared).await;
    assert!(matches!(refused, Err(ReleaseError::NotGranted { .. })), "{refused:?}");
    assert!(desk.publish(2, 1).await.is_err());
    desk.publish(2, 2).await.unwrap();
    let next = published_version(&desk.chain, &ChainTrust::default(), desk.asset, 2, now_s()).await.unwrap();
    assert_eq!((next.key_epoch, next.file), (2, desk.sealed));
    let none = published_version(&desk.chain, &ChainTrust::default(), desk.asset, 3, now_s()).await;
    assert!(matches!(none, Err(ReleaseError::NoVersion { version: 3 })), "{none:?}");
}

#[tokio::test]
async fn the_reader_takes_only_the_granted_key_and_the_published_file() {
    let desk = Desk::new().await;
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    let prepared = desk.prepare(request, 0).await;
    desk.chain.submit(&desk.owner, prepared.call()).await.unwrap();

    let released = desk.release(&prepared).await.unwrap();
    let file = released.file.map_ok(|bytes| bytes.iter().map(|byte| byte ^ 1).collect()).boxed();
    let refused = desk.receive(request, &prepared.grant, Released { file, ..released }).await;
    assert!(matches!(refused, Err(ReleaseError::Fetch(FetchError::Fingerprint))), "{refused:?}");

    let mut released = desk.release(&prepared).await.unwrap();
    released.sealed_key[50] ^= 1;
    let sealed_key = released.sealed_key.clone();
    let refused = desk.receive(request, &prepared.grant, released).await;
    assert!(matches!(refused, Err(ReleaseError::OtherSealedKey)), "{refused:?}");
    // The service that also lies about the terms meets the chain.
    let hash = ring::digest::digest(&ring::digest::SHA256, &sealed_key);
    let lie = Grant { sealed_key_hash: alloy_primitives::B256::from_slice(hash.as_ref()), ..prepared.grant };
    let released = Released { sealed_key, ..desk.release(&prepared).await.unwrap() };
    let refused = desk.receive(request, &lie, released).await;
    assert!(matches!(refused, Err(ReleaseError::OtherGrant { .. })), "{refused:?}");
    assert!(!desk.target().exists(), "nothing was kept");
}

#[tokio::test]
async fn a_chain_that_proves_nothing_is_refused_unless_that_is_accepted() {
    let desk = Desk::new().await;
    desk.by_owner(DigitalAsset::setAutomaticCall { automatic_: true }).await.unwrap();
    let request = desk.request().await;
    let prepared = desk.prepare(request, 0).await;
    desk.chain.submit(&desk.owner, prepared.call()).await.unwrap();
    let chain = desk.without_certificates().await;
    let at = |trust: ChainTrust| {
        let (desk, chain, prepared) = (&desk, &chain, &prepared);
        async move { release(chain, &trust, &desk.store, &desk.location, prepared, now_s()).await }
    };
    let refused = at(ChainTrust::default()).await;
    assert!(matches!(refused, Err(ReleaseError::Unproven)), "{refused:?}");
    assert_eq!(desk.opened(), 0);
    let accepting = ChainTrust { accept_unproven: true, ..ChainTrust::default() };
    assert!(matches!(at(accepting).await.unwrap().standing, Standing::Assumed(_)), "the answer says so");
    let released = at(accepting).await.unwrap();
    let got = receive(
        &chain,
        &accepting,
        desk.asset,
        request,
        &prepared.grant,
        &desk.secret,
        (&released.sealed_key, released.file),
        &desk.target(),
        now_s(),
    )
    .await
    .unwrap();
    assert!(matches!(got.standing, Standing::Assumed(_)));
}
