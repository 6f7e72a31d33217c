//! The limit that signed data have: Ed25519.

use std::time::Instant;

use anyhow::{Result, ensure};
use chancery_data::{Algorithm, Jws, PublicKey, Signer};
use rayon::prelude::*;

const SIGNATURES: usize = 20_000;

/// Verifications a second, of what a submission of one operation signs, on all cores.
pub(crate) fn on_all_cores() -> Result<f64> {
    let (key, messages) = messages()?;
    let begun = Instant::now();
    let right = (0..SIGNATURES).into_par_iter().filter(|number| messages[number % 64].verify(&key).is_ok()).count();
    ensure!(right == SIGNATURES, "a signature does not verify");
    Ok(SIGNATURES as f64 / begun.elapsed().as_secs_f64())
}

/// Microseconds of one verification, on one core.
pub(crate) fn alone_us() -> Result<f64> {
    let (key, messages) = messages()?;
    let begun = Instant::now();
    let right = (0..SIGNATURES / 4).filter(|number| messages[number % 64].verify(&key).is_ok()).count();
    ensure!(right == SIGNATURES / 4, "a signature does not verify");
    Ok(begun.elapsed().as_secs_f64() * 1e6 / right as f64)
}

fn messages() -> Result<(PublicKey, Vec<Jws>)> {
    let signer = Signer::from_bytes(Algorithm::EdDsa, &[7; 32])?;
    let messages = (0..64)
        .map(|number| signer.sign(&serde_json::json!({"number": number, "fill": "x".repeat(280)}), "bench+jws"))
        .collect::<Result<_, _>>()?;
    Ok((signer.public_key(), messages))
}
