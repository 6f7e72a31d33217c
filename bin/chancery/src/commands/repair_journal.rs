//! `chancery repair-journal`: what is damaged, what would be lost, and only on request the dropping of it (DATA-7).

use std::process::ExitCode;

use anyhow::Result;
use chancery_doors::EntityLock;
use chancery_ingest::journal::{JournalLock, plan_repair};
use serde_json::json;

use crate::{
    arguments::{EntityName, RepairJournal},
    city::{DataDir, lock, main_chain_id},
    output::Output,
};

pub(super) fn run(command: &RepairJournal, output: &Output) -> Result<ExitCode> {
    let data = DataDir::new(&command.data_dir);
    // Who repairs under a running city repairs what is being written.
    let _lock = lock(&data)?;
    // The journal's writer may be a process of its own.
    let _writer = EntityLock::try_take(&data.doors(), EntityName::Representation.name())?;
    let journal = data.source_data().join("journal");
    let _journal = JournalLock::take(&journal)?;
    let Some(repair) = plan_repair(&journal, main_chain_id(&data)?)? else {
        output.answer(&json!({"damaged": false}), "Everything in the journal reads. Nothing to do.");
        return Ok(ExitCode::SUCCESS);
    };
    let set_aside: Vec<_> = repair.set_aside.iter().map(|path| path.display().to_string()).collect();
    let answer = json!({
        "damaged": true, "segment": repair.segment.display().to_string(), "problem": repair.problem, "keepBytes": repair.keep_bytes,
        "droppedBytes": repair.dropped_bytes, "lostFromPlace": repair.lost_from_place, "setAside": set_aside, "applied": command.apply,
    });
    let mut text = format!(
        "{} does not read from byte {} on: {}.\nAll submissions from place {} on would be lost: {} bytes of this file, and {} files after it.",
        repair.segment.display(),
        repair.keep_bytes,
        repair.problem,
        repair.lost_from_place,
        repair.dropped_bytes,
        set_aside.len()
    );
    if command.apply {
        repair.apply()?;
        for derived in ["index", "search"] {
            let derived = data.source_data().join(derived);
            if derived.exists() {
                // It knows of what is dropped; it is made anew from what is kept.
                std::fs::remove_dir_all(derived)?;
            }
        }
        text.push_str("\nDropped; what was cut off is in *.dropped beside it.");
    } else {
        text.push_str("\nRestore the file from a copy if there is one. To drop it: chancery repair-journal --apply");
    }
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}
