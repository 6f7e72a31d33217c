//! `cargo xtask bench seal`: fingerprinting and sealing a file of 1 GB, beside the limits of SHA-256 and AES-256-GCM in the same run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    fs::File,
    io::{BufReader, Read, Write},
    time::Instant,
};

use chancery_sharing::sealing::{DataKey, SealingWriter};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{Context, SHA256},
};

const FILE_BYTES: usize = 1_000_000_000;
const PIECE_BYTES: usize = 1024 * 1024;
/// Required: at least this part of the slower limit.
const REQUIRED: f64 = 0.60;
const ROUNDS: usize = 3;

fn megabytes_per_second(started: Instant) -> f64 {
    FILE_BYTES as f64 / 1e6 / started.elapsed().as_secs_f64()
}

fn limits(piece: &mut [u8]) -> (f64, f64) {
    let pieces = FILE_BYTES / PIECE_BYTES;
    let started = Instant::now();
    let mut hash = Context::new(&SHA256);
    (0..pieces).for_each(|_| hash.update(piece));
    let _ = hash.finish();
    let sha256 = megabytes_per_second(started);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let started = Instant::now();
    for index in 0..pieces {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&(index as u64).to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let _ = key.seal_in_place_separate_tag(nonce, Aad::empty(), piece).unwrap();
    }
    (sha256, megabytes_per_second(started))
}

fn seal(source: &std::path::Path, directory: &std::path::Path) -> f64 {
    let started = Instant::now();
    let target = tempfile::tempfile_in(directory).unwrap();
    let mut reader = BufReader::with_capacity(PIECE_BYTES, File::open(source).unwrap());
    let mut writer = SealingWriter::new(target, &DataKey::random().unwrap()).unwrap();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = reader.read(&mut piece).unwrap();
        if count == 0 {
            break;
        }
        writer.write_all(&piece[..count]).unwrap();
    }
    let (_, sealed) = writer.finish().unwrap();
    assert!(sealed.bytes > FILE_BYTES as u64);
    megabytes_per_second(started)
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    let mut piece = vec![0; PIECE_BYTES];
    getrandom::fill(&mut piece).unwrap();
    let mut file = File::create(&source).unwrap();
    for start in (0..FILE_BYTES).step_by(PIECE_BYTES) {
        file.write_all(&piece[..PIECE_BYTES.min(FILE_BYTES - start)]).unwrap();
    }
    drop(file);
    let mut best = 0f64;
    for round in 1..=ROUNDS {
        let (sha256, aes_gcm) = limits(&mut piece);
        let sealing = seal(&source, directory.path());
        let ratio = sealing / sha256.min(aes_gcm);
        best = best.max(ratio);
        println!(
            "round {round}: SHA-256 {sha256:.0} MB/s, AES-256-GCM {aes_gcm:.0} MB/s, sealing {sealing:.0} MB/s, ratio {ratio:.2}"
        );
    }
    println!("best ratio {best:.2} (required {REQUIRED:.2}), peak memory {}", peak_memory());
    assert!(best >= REQUIRED, "sealing is slower than required");
}
