//! Every decoder against its seeds, against those cut short, and against what once was a finding (`findings/<target>/`).
#![allow(missing_docs, clippy::unwrap_used)]

use std::{fs, path::Path};

use chancery_decoders::TARGETS;

#[test]
fn every_seed_holds_whole_and_cut_short() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in seeds {
            (target.check)(&seed);
            for part in 1..4 {
                (target.check)(&seed[..seed.len() * part / 4]);
            }
        }
        (target.check)(&[]);
    }
}

#[test]
fn what_once_was_a_finding_is_none_any_more() {
    let findings = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    for target in TARGETS {
        let Ok(inputs) = fs::read_dir(findings.join(target.name)) else { continue };
        for input in inputs {
            (target.check)(&fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn each_target_has_its_program() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{} is not in fuzz/Cargo.toml", target.name);
        let program = fs::read_to_string(fuzz.join(format!("fuzz_targets/{}.rs", target.name))).unwrap();
        assert!(program.contains(&format!("chancery_decoders::{}::check", target.name)));
    }
}

/// Targets whose decoders are written by hand, none of whose inputs is costly.
const BY_HAND: [&str; 4] = ["copied_rows", "remote_servers", "snapshots", "syslog_messages"];

#[test]
fn seeds_with_changed_bytes_hold_too() {
    let mut random = 0x2545_f491_u32;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random as usize % below
    };
    for target in TARGETS.iter().filter(|target| BY_HAND.contains(&target.name)) {
        for seed in (target.seeds)() {
            for _ in 0..12 {
                let mut changed = seed.clone();
                for _ in 0..=next(3) {
                    // The first byte says what the rest is.
                    let at = 1 + next(changed.len() - 1);
                    changed[at] = next(256) as u8;
                }
                (target.check)(&changed);
            }
        }
    }
}
