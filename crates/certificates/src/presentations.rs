//! Presentations on their way from the holder's screen to the inspector's (C-QR). What is kept here cannot be read here: the key travels in the code.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_identity::{
    IdentityDatabase, MAX_PRESENTATION_BYTES, MAX_PRESENTATION_LIFE_MS, OpenedPresentation, Openings,
    PRESENTATION_ID_BYTES,
};
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
    /// How often it was opened before: a code that was photographed is opened by somebody else too.
    pub opened_before: u64,
    /// When it was opened last before, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_opened_at: Option<String>,
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

    /// Keeps a presentation until a time, at most ten minutes from now, for as many openings as its holder has chosen.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedJwe`, `BodyTooLarge`, `MalformedRequest`, `TooManyRequests`, `DatabaseUnreachable`.
    pub async fn keep(
        &self,
        actor: &Actor,
        ciphertext: &str,
        openings: Openings,
        expires_at_ms: u64,
    ) -> DoorResult<KeptPresentation> {
        let holder = require(actor, Role::Citizen)?;
        check_ciphertext(ciphertext)?;
        let now_ms = (self.clock)();
        if expires_at_ms <= now_ms || expires_at_ms - now_ms > MAX_PRESENTATION_LIFE_MS {
            let detail = format!("expiresAt: it lies ahead, by at most {} s", MAX_PRESENTATION_LIFE_MS / 1000);
            return Err(DoorError::new(Code::MalformedRequest, detail));
        }
        let kept = self.database.put_presentation(holder, ciphertext, openings, expires_at_ms, now_ms).await;
        let id = kept.map_err(door_error)?;
        Ok(KeptPresentation { id: URL_SAFE_NO_PAD.encode(id), expires_at: time(expires_at_ms) })
    }

    /// Gives a presentation to whoever knows its identifier, and counts that. How often that was so before, it says.
    ///
    /// # Errors
    /// `PresentationExpired`, with `openedAt` where it was for one opening and has been opened; `DatabaseUnreachable`.
    pub async fn fetch(&self, id: &str) -> DoorResult<FetchedPresentation> {
        let expired = || DoorError::new(Code::PresentationExpired, "there is no such presentation, or no longer");
        let id: [u8; PRESENTATION_ID_BYTES] =
            URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(expired)?;
        let opened = self.database.open_presentation(&id, (self.clock)()).await.map_err(door_error)?;
        let OpenedPresentation { ciphertext, expires_at_ms, opened_before, last_opened_at_ms } =
            opened.ok_or_else(expired)?;
        let last_opened_at = last_opened_at_ms.map(time);
        let Some(ciphertext) = ciphertext else {
            let spent = DoorError::new(Code::PresentationExpired, "it was for one opening, and has been opened");
            return Err(spent.with("openedAt", last_opened_at));
        };
        Ok(FetchedPresentation { ciphertext, expires_at: time(expires_at_ms), opened_before, last_opened_at })
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
        let kept = desk.keep(&citizen, &jwe, Openings::Any, NOW_MS + 60_000).await.unwrap();
        assert_eq!(desk.fetch(&kept.id).await.unwrap().ciphertext, jwe);
        for unknown in ["", "AAAAAAAAAAAAAAAAAAAAAA", "%%%"] {
            assert_eq!(desk.fetch(unknown).await.unwrap_err().code(), Code::PresentationExpired);
        }
    }

    // C-QR: somebody shows a code that he has photographed.
    #[tokio::test]
    async fn whoever_opens_a_code_is_told_of_those_before_and_one_for_one_opening_opens_once() {
        let directory = tempfile::tempdir().unwrap();
        let desk = desk(&directory).await;
        let citizen = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
        let jwe = seal_direct(&[7; 32], b"shown").unwrap();
        let any = desk.keep(&citizen, &jwe, Openings::Any, NOW_MS + 60_000).await.unwrap();
        let first = desk.fetch(&any.id).await.unwrap();
        assert_eq!((first.opened_before, first.last_opened_at), (0, None));
        let second = desk.fetch(&any.id).await.unwrap();
        assert_eq!((second.opened_before, second.last_opened_at), (1, Some(time(NOW_MS))));
        let one = desk.keep(&citizen, &jwe, Openings::One, NOW_MS + 60_000).await.unwrap();
        assert_eq!(desk.fetch(&one.id).await.unwrap().ciphertext, jwe);
        let spent = desk.fetch(&one.id).await.unwrap_err();
        assert_eq!(spent.code(), Code::PresentationExpired);
        assert_eq!(spent.members()["openedAt"], time(NOW_MS));
    }

    #[tokio::test]
    async fn what_is_no_presentation_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let desk = desk(&directory).await;
        let citizen = Actor::new(Address::repeat_byte(1), [Role::Citizen]);
        let jwe = seal_direct(&[7; 32], b"shown").unwrap();
        let refused = async |actor: &Actor, text: &str, ends: u64| {
            desk.keep(actor, text, Openings::Any, ends).await.unwrap_err().code()
        };
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
