//! `cargo xtask bench seal`: fingerprinting and sealing a file of 1 GB, beside the limits of SHA-256 and AES-256-GCM in the same run, and what memory it takes
//! beyond that of a file of a tenth.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    fs::File,
    io::{BufReader, Read, Write},
    path::Path,
    time::Instant,
};

use chancery_sharing::sealing::{DataKey, SealingWriter};
use chancery_testing::{
    numbers::{Number, quantile},
    process::Usage,
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{Context, SHA256},
};

const FILE_BYTES: usize = 1_000_000_000;
const PIECE_BYTES: usize = 1024 * 1024;
/// Asked for: at least this part of the slower limit, in the median of the rounds.
const PART_OF_LIMIT: f64 = 0.60;
/// Asked for: constant memory. So much more of a file that is ten times as large is the allocator's.
const MORE_MEMORY_MIB: f64 = 4.0;
const ROUNDS: usize = 5;

fn megabytes_per_second(bytes: usize, started: Instant) -> f64 {
    bytes as f64 / 1e6 / started.elapsed().as_secs_f64()
}

fn limits(piece: &mut [u8]) -> (f64, f64) {
    let pieces = FILE_BYTES / PIECE_BYTES;
    let started = Instant::now();
    let mut hash = Context::new(&SHA256);
    (0..pieces).for_each(|_| hash.update(piece));
    let _ = hash.finish();
    let sha256 = megabytes_per_second(FILE_BYTES, started);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let started = Instant::now();
    for index in 0..pieces {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&(index as u64).to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let _ = key.seal_in_place_separate_tag(nonce, Aad::empty(), piece).unwrap();
    }
    (sha256, megabytes_per_second(FILE_BYTES, started))
}

/// Seals the beginning of a file: megabytes a second.
fn seal(source: &Path, bytes: usize, directory: &Path) -> f64 {
    let started = Instant::now();
    let target = tempfile::tempfile_in(directory).unwrap();
    let mut reader = BufReader::with_capacity(PIECE_BYTES, File::open(source).unwrap().take(bytes as u64));
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
    assert!(sealed.bytes > bytes as u64);
    megabytes_per_second(bytes, started)
}

/// The most memory that this program had while it sealed so much, in MiB.
fn peak_mib(source: &Path, bytes: usize, directory: &Path) -> f64 {
    Usage::forget_peak().unwrap();
    seal(source, bytes, directory);
    Usage::of_this_program().unwrap().peak_bytes as f64 / 1024.0 / 1024.0
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
    // The first makes what every later one needs.
    seal(&source, FILE_BYTES / 10, directory.path());
    let small = peak_mib(&source, FILE_BYTES / 10, directory.path());
    let large = peak_mib(&source, FILE_BYTES, directory.path());
    let (mut ratios, mut speeds) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let (sha256, aes_gcm) = limits(&mut piece);
        let sealing = seal(&source, FILE_BYTES, directory.path());
        let ratio = sealing / sha256.min(aes_gcm);
        println!(
            "round {round}: SHA-256 {sha256:.0} MB/s, AES-256-GCM {aes_gcm:.0} MB/s, sealing {sealing:.0} MB/s, ratio {ratio:.2}"
        );
        ratios.push(ratio);
        speeds.push(sealing);
    }
    ratios.sort_by(f64::total_cmp);
    speeds.sort_by(f64::total_cmp);
    println!("sealing: median {:.0} MB/s; peak memory {large:.1} MiB", quantile(&speeds, 0.5));
    let median = quantile(&ratios, 0.5);
    Number::at_least("sealing 1 GB, median of five", PART_OF_LIMIT, "of the slower of SHA-256 and AES-256-GCM", median)
        .print()
        .unwrap();
    Number::below("memory of sealing 1 GB beyond that of 100 MB", MORE_MEMORY_MIB, "MiB", large - small)
        .beside(large / small, "the peak of 100 MB")
        .print()
        .unwrap();
}
