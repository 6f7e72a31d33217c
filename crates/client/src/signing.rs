//! What signs a request (ERC-8128, RFC 9421).

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::Signature;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_keys::AccountKey;
use chancery_rest::erc8128::{KeyId, RequestParts, SignatureInput, content_digest, signature_base, signature_header};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use url::Url;

use crate::ClientError;

/// For how long a signed request is valid, in seconds.
const VALIDITY_SECONDS: u64 = 60;

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) account: AccountKey,
    pub(crate) main_chain_id: u64,
}

pub(crate) fn header(text: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|error| ClientError::Signing(error.to_string()))
}

/// Signs a message (EIP-191). A token's time is not that of the runtime.
async fn signature(account: &AccountKey, message: String) -> Result<Signature, ClientError> {
    let signed = if account.may_block() {
        let account = account.clone();
        let signing = tokio::task::spawn_blocking(move || account.sign_message(message.as_bytes()));
        signing.await.map_err(|error| ClientError::Signing(error.to_string()))?
    } else {
        account.sign_message(message.as_bytes())
    };
    signed.map_err(|failure| ClientError::Signing(failure.to_string()))
}

/// Puts the headers of ERC-8128 on a request.
pub(crate) async fn sign(
    key: &Key,
    method: &Method,
    url: &Url,
    body: Option<&[u8]>,
    headers: &mut HeaderMap,
) -> Result<(), ClientError> {
    let signing = |reason: String| ClientError::Signing(reason);
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| signing(error.to_string()))?.as_secs();
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| signing(error.to_string()))?;
    let key_id = KeyId { chain_id: key.main_chain_id, address: key.account.address() };
    let with_body = body.is_some_and(|body| !body.is_empty());
    let input =
        SignatureInput::new(key_id, created, created + VALIDITY_SECONDS, &URL_SAFE_NO_PAD.encode(nonce), with_body)
            .map_err(|error| signing(error.to_string()))?;
    let digest = body.filter(|_| with_body).map(content_digest);
    let host = url.host_str().ok_or_else(|| signing("the URL has no host".to_owned()))?;
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let parts = RequestParts {
        method: method.as_str(),
        authority: &authority,
        https: url.scheme() == "https",
        path: url.path(),
        query: url.query(),
        content_digest: digest.as_deref(),
        content_type: None,
        idempotency_key: None,
    };
    let base =
        signature_base(&parts, &input).map_err(|component| signing(format!("{} is missing", component.name())))?;
    let signature = signature(&key.account, base).await?;
    if let Some(digest) = &digest {
        headers.insert(HeaderName::from_static("content-digest"), header(digest)?);
    }
    headers.insert(HeaderName::from_static("signature-input"), header(&input.header())?);
    headers.insert(HeaderName::from_static("signature"), header(&signature_header(&signature.as_bytes()))?);
    Ok(())
}
