//! How long verifying takes: `cargo run --release -p chancery-light --example verify_speed`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{hint::black_box, path::Path, time::Instant};

use chancery_light::{ChainEssentials, ProofBundle, TrustedChain};

const ROUNDS: u32 = 500;

fn measure<T>(what: &str, mut work: impl FnMut() -> T) {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(work());
    }
    println!("{what}: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
}

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/bundle.json");
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let essentials: ChainEssentials = serde_json::from_value(vectors["chain"].clone()).unwrap();
    let json = vectors["cases"][0]["proof"].to_string();
    let chain = TrustedChain::new(essentials.clone()).unwrap();
    let bundle = ProofBundle::from_json(json.as_bytes()).unwrap();
    let header = chain.verify_finality(&bundle.finality).unwrap();

    measure("chain essentials (4 keys, once)", || TrustedChain::new(essentials.clone()).unwrap());
    measure("finality (header and certificate)", || chain.verify_finality(&bundle.finality).unwrap());
    measure("transaction, header trusted already", || header.verify_transaction(&bundle.transaction).unwrap());
    measure("receipt, header trusted already", || header.verify_receipt(&bundle.receipt).unwrap());
    measure("bundle (two certificates, transaction, receipt, account, two slots)", || bundle.verify(&chain).unwrap());
    measure("bundle, from JSON", || ProofBundle::from_json(json.as_bytes()).unwrap().verify(&chain).unwrap());
}
