//! Keys that are kept elsewhere, by somebody who does not answer.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::B256;
use chancery_keys::{AccountKey, Curve, KeyFailure, SigningKey};
use chancery_ledger::{LedgerError, LedgerLimits, SubmitterKey};
use chancery_testing::process::FIRST_KEY;
use futures::future::join_all;
use parking_lot::Mutex;

use crate::{
    submission::is_recorded,
    support::{Setting, limits, record},
};

/// Signs once for each word that comes over a channel, and for ever when the channel's other end is gone.
struct Keeper {
    signer: PrivateKeySigner,
    public_key: [u8; 65],
    release: Mutex<mpsc::Receiver<()>>,
}

impl SigningKey for Keeper {
    fn curve(&self) -> Curve {
        Curve::Secp256k1
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure> {
        let _ = self.release.lock().recv();
        let signature = self.signer.sign_hash_sync(&B256::from_slice(input)).unwrap();
        Ok(signature.as_bytes()[..64].try_into().unwrap())
    }
}

/// The key of the setting, kept by somebody who waits.
fn kept() -> (Arc<SubmitterKey>, mpsc::Sender<()>) {
    let signer: PrivateKeySigner = FIRST_KEY.parse().unwrap();
    let public_key = AccountKey::from(signer.clone()).public_key();
    let (sender, release) = mpsc::channel();
    let keeper = Keeper { signer, public_key, release: Mutex::new(release) };
    (Arc::new(AccountKey::kept(Arc::new(keeper)).unwrap().into()), sender)
}

// S-SVC, TOKEN-5, LEDGER-3: a token that hangs holds up its submissions no longer than they are followed, and costs no nonce.
#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_does_not_sign_is_given_up_and_its_nonces_given_back() {
    let limits = LedgerLimits { abandon_after: Duration::from_secs(2), ..limits() };
    let setting = Setting::with(limits).await;
    let (key, release) = kept();
    let before = setting.mined().await;
    for refused in join_all((0..3).map(|number| setting.chain().submit(&key, record(number)))).await {
        let error = refused.unwrap_err();
        assert!(
            matches!(&error, LedgerError::NotSigned { failure: KeyFailure::Unavailable(why), .. } if why.contains("in time")),
            "{error}"
        );
        assert!(error.is_temporary());
    }
    assert_eq!(setting.mined().await, before);
    // It signs again, also what nobody waits for any more: of that nothing is sent, and no nonce is missing.
    drop(release);
    for number in 3..6 {
        setting.chain().submit(&key, record(number)).await.unwrap();
    }
    assert_eq!(setting.mined().await - before, 3, "neither what was given up nor a filler");
}

// LEDGER-3: whoever was told that nothing was sent is told the truth, also when the key signs later.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_after_its_caller_has_gone_is_not_sent() {
    let limits = LedgerLimits { submission_deadline: Duration::from_secs(2), ..limits() };
    let setting = Setting::with(limits).await;
    let (key, release) = kept();
    let error = setting.chain().submit(&key, record(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotSigned { .. } | LedgerError::ChainUnreachable { .. }), "{error}");
    drop(release);
    setting.chain().submit(&key, record(2)).await.unwrap();
    assert!(is_recorded(&setting, 2).await && !is_recorded(&setting, 1).await);
}
