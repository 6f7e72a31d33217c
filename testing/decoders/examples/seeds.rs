//! Writes the seeds of every fuzz target, and what once was a finding: `seeds DIR` makes `DIR/<target>/`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{env, fs, path::PathBuf};

use chancery_decoders::TARGETS;

fn main() {
    let directory = PathBuf::from(env::args().nth(1).expect("seeds DIR"));
    for target in TARGETS {
        let corpus = directory.join(target.name);
        fs::create_dir_all(&corpus).unwrap();
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            fs::write(corpus.join(format!("seed-{number:03}")), seed).unwrap();
        }
        let findings = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("findings").join(target.name);
        for finding in fs::read_dir(findings).into_iter().flatten().flatten() {
            fs::copy(finding.path(), corpus.join(finding.file_name())).unwrap();
        }
    }
}
