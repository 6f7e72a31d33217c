//! Somebody who signs in by EIP-4361 and speaks REST, without a client of ours.

use std::{process::Command, time::Duration};

use alloy::signers::{
    SignerSync as _,
    local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use serde_json::{Value, json};

use super::support::*;

pub struct SignedIn {
    pub signer: PrivateKeySigner,
    pub gateway: String,
    pub token: String,
}

impl SignedIn {
    /// One of the well-known accounts of a development city.
    pub async fn as_development_account(index: u32) -> Self {
        Self::development_account_at(&shared().city.gateway, index).await
    }

    /// The same at another city than that of all tests.
    pub async fn development_account_at(gateway: &str, index: u32) -> Self {
        let phrase =
            MnemonicBuilder::<English>::default().phrase("test test test test test test test test test test test junk");
        Self::at(gateway, phrase.index(index).unwrap().build().unwrap()).await
    }

    pub async fn new(signer: PrivateKeySigner) -> Self {
        Self::at(&shared().city.gateway, signer).await
    }

    /// At another gateway than that of the city of all tests.
    pub async fn at(gateway: &str, signer: PrivateKeySigner) -> Self {
        Self::of_city(gateway, 7100, signer).await
    }

    /// At a city whose main chain has this id.
    pub async fn of_city(gateway: &str, chain_id: u64, signer: PrivateKeySigner) -> Self {
        let (status, session) = sign_in(gateway, chain_id, &signer).await;
        assert_eq!(status, 201, "{session}");
        Self { signer, gateway: gateway.to_owned(), token: session["token"].as_str().unwrap().to_owned() }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.gateway);
        let request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(&self.token);
        patient_exchange(body.into_iter().fold(request, reqwest::RequestBuilder::json)).await
    }
}

/// Asks for a session with a message that names this chain.
pub async fn sign_in(gateway: &str, chain_id: u64, signer: &PrivateKeySigner) -> (u16, Value) {
    exchange(sign_in_request(gateway, chain_id, signer).await).await
}

/// The request for a session, with a fresh nonce.
pub async fn sign_in_request(gateway: &str, chain_id: u64, signer: &PrivateKeySigner) -> reqwest::RequestBuilder {
    let (_, nonce) = exchange(reqwest::Client::new().get(format!("{gateway}/v1/session/nonce"))).await;
    let clock = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    let message = format!(
        "{} wants you to sign in with your Ethereum account:\n{}\n\n\nURI: {gateway}\nVersion: 1\nChain ID: {chain_id}\nNonce: {}\nIssued At: {}",
        gateway.strip_prefix("http://").unwrap(),
        signer.address(),
        nonce["nonce"].as_str().unwrap(),
        String::from_utf8_lossy(&clock.stdout).trim(),
    );
    let signature = signer.sign_message_sync(message.as_bytes()).unwrap();
    let body = json!({"message": message, "signature": format!("0x{}", hex::encode(signature.as_bytes()))});
    reqwest::Client::new().post(format!("{gateway}/v1/session")).json(&body)
}

pub async fn exchange(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The same for whoever asks very much: what is past the rate of one client is asked again when the gateway says. An answer that is no JSON is null.
pub async fn patient_exchange(request: reqwest::RequestBuilder) -> (u16, Value) {
    loop {
        let response = request.try_clone().unwrap().send().await.unwrap();
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        let pause_ms = answer["retryAfterMs"].as_u64().filter(|_| status == 429);
        let Some(pause_ms) = pause_ms else { return (status, answer) };
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}
