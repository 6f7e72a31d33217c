//! Presentations on their way from the holder's screen to the inspector's (C-QR). What is kept here cannot be read here: the key travels in the code.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_identity::{IdentityDatabase, MAX_PRESENTATION_BYTES, MAX_PRESENTATION_LIFE_MS, PRESENTATION_ID_BYTES};
use chancery_primitives::UnixSeconds;
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Clock, identity_errors::door_error, registration::require, services::rfc3339};

/// A presentation that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptPresentation {
    /// 16 random bytes, base64url.
    pub id: String,
    /// Until when, RFC 3339.
    pub expires_at: String,
}

/// A presentation as an inspector fetches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchedPresentation {
    /// JWE compact, `dir`, `A256GCM`.
    pub ciphertext: String,
    /// Until when, RFC 3339.
    pub expires_at: String,
}

/// Keeps presentations for minutes.
#[derive(Clone)]
pub struct PresentationDesk {
    database: IdentityDatabase,
    clock: Clock,
}

impl PresentationDesk {
    /// A desk over the identity database.
    #[must_use]
    pub const fn new(database: IdentityDatabase, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// Keeps a presentation until a time, at most ten minutes from now.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedJwe`, `BodyTooLarge`, `MalformedRequest`, `TooManyRequests`, `DatabaseUnreachable`.
    pub async fn keep(&self, actor: &Actor, ciphertext: &str, expires_at_ms: u64) -> DoorResult<KeptPresentation> {
        let holder = require(actor, Role::Citizen)?;
        check_ciphertext(ciphertext)?;
        let now_ms = (self.clock)();
        if expires_at_ms <= now_ms || expires_at_ms - now_ms > MAX_PRESENTATION_LIFE_MS {
            let detail = format!("expiresAt: it lies ahead, by at most {} s", MAX_PRESENTATION_LIFE_MS / 1000);
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        let id = self.database.put_presentation(holder, ciphertext, expires_at_ms, now_ms).await.map_err(door_error)?;
        Ok(KeptPresentation { id: URL_SAFE_NO_PAD.encode(id), expires_at: time(expires_at_ms) })
    }

    /// Gives a presentation to whoever knows its identifier.
    ///
    /// # Errors
    /// `PresentationExpired`, `DatabaseUnreachable`.
    pub async fn fetch(&self, id: &str) -> DoorResult<FetchedPresentation> {
        let expired = || DoorError::new(Code::PresentationExpired, "there is no such presentation, or no longer");
        let id: [u8; PRESENTATION_ID_BYTES] =
            URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(expired)?;
        let kept = self.database.presentation(&id, (self.clock)()).await.map_err(door_error)?;
        let (ciphertext, expires_at_ms) = kept.ok_or_else(expired)?;
        Ok(FetchedPresentation { ciphertext, expires_at: time(expires_at_ms) })
    }

    /// Whether the database behind it answers.
    pub async fn database_answers(&self) -> bool {
        self.database.ping().await.is_ok()
    }
}

fn time(milliseconds: u64) -> String {
    rfc3339(UnixSeconds(milliseconds / 1000))
}

/// The shape of a JWE compact under a direct key: so that nothing else is stored here.
fn check_ciphertext(ciphertext: &str) -> DoorResult<()> {
    if ciphertext.len() > MAX_PRESENTATION_BYTES {
        let error = DoorError::new(Code::BodyTooLarge, "the presentation is too large");
        return Err(error.with("limit", MAX_PRESENTATION_BYTES));
    }
    let malformed = |detail: &str| DoorError::new(Code::MalformedJwe, format!("ciphertext: {detail}"));
    let parts: Vec<&str> = ciphertext.split('.').collect();
    let [header, key, iv, text, tag] = parts.as_slice() else {
        return Err(malformed("a JWE compact has five parts"));
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("its parts are base64url"));
    let header: Value = serde_json::from_slice(&decode(header)?).map_err(|_| malformed("its header is JSON"))?;
    if header.get("alg") != Some(&Value::from("dir")) || header.get("enc") != Some(&Value::from("A256GCM")) {
        return Err(malformed("its header says alg dir, enc A256GCM"));
    }
    decode(text)?;
    if key.is_empty() && decode(iv)?.len() == 12 && decode(tag)?.len() == 16 {
        return Ok(());
    }
    Err(malformed("with dir the key part is empty; with A256GCM the IV has 12 bytes and the tag 16"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use alloy_primitives::Address;
    use chancery_identity::{DatabaseLocation, KeyRing};

    use super::*;
    use crate::sealing::seal_direct;

    const NOW_MS: u64 = 1_800_000_000_000;

    async fn desk(directory: &tempfile::TempDir) -> PresentationDesk {
        let location = DatabaseLocation::Sqlite(directory.path().join("identity.sqlite"));
        let database = IdentityDatabase::open(&location, KeyRing::random().unwrap()).await.unwrap();
        PresentationDesk::new(database, Arc::new(|| NOW_MS))
    }

    // C-QR
    #[tokio::test]
    async fn a_presentation_is_kept_and_given_to_whoever_knows_its_id() {
        let directory = tempfile::tempdir().unwrap();
        let desk = desk(&directory).await;
        let citizen = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
        let jwe = seal_direct(&[7; 32], b"shown").unwrap();
        let kept = desk.keep(&citizen, &jwe, NOW_MS + 60_000).await.unwrap();
        assert_eq!(desk.fetch(&kept.id).await.unwrap().ciphertext, jwe);
        for unknown in ["", "AAAAAAAAAAAAAAAAAAAAAA", "%%%"] {
            assert_eq!(desk.fetch(unknown).await.unwrap_err().code(), Code::PresentationExpired);
        }
    }

    #[tokio::test]
    async fn what_is_no_presentation_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let desk = desk(&directory).await;
        let citizen = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
        let jwe = seal_direct(&[7; 32], b"shown").unwrap();
        let refused =
            async |actor: &Actor, text: &str, ends: u64| desk.keep(actor, text, ends).await.unwrap_err().code();
        assert_eq!(refused(&Actor::public(), &jwe, NOW_MS + 1).await, Code::AuthenticationRequired);
        let registered = Actor::new(Address::repeat_byte(1), [Role::Registered]);
        assert_eq!(refused(&registered, &jwe, NOW_MS + 1).await, Code::RoleRequired);
        assert_eq!(refused(&citizen, &jwe, NOW_MS).await, Code::MalformedRequest);
        assert_eq!(refused(&citizen, &jwe, NOW_MS + MAX_PRESENTATION_LIFE_MS + 1).await, Code::MalformedRequest);
        assert_eq!(refused(&citizen, "plain text", NOW_MS + 1).await, Code::MalformedJwe);
        assert_eq!(refused(&citizen, &jwe.replace("..", ".AA."), NOW_MS + 1).await, Code::MalformedJwe);
        assert_eq!(refused(&citizen, &"x".repeat(MAX_PRESENTATION_BYTES + 1), NOW_MS + 1).await, Code::BodyTooLarge);
    }
}
