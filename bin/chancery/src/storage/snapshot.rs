//! `chancery snapshot`.

use std::io::BufReader;

use anyhow::{Result, anyhow};
use chancery_chain::{SnapshotTarget, import_snapshot, verify_snapshot};
use chancery_execution::SnapshotOptions;

use super::{described, needs_file, shown, write_snapshot};
use crate::{
    arguments::{ExportSnapshot, ImportSnapshot, VerifySnapshot},
    network::config::{NodePlaces, load_genesis},
    output::Output,
};

pub(super) fn export(command: &ExportSnapshot, output: &Output) -> Result<()> {
    let places = NodePlaces::load(&command.config)?;
    let bar = output.progress("writing the snapshot");
    let options = SnapshotOptions { with_blocks: command.with_blocks };
    let summary = write_snapshot(&places, &command.out, options)?;
    bar.finish_and_clear();
    output.answer(&shown(&summary), format!("{}: {}", command.out.display(), described(&summary)));
    Ok(())
}

pub(super) fn verify(command: &VerifySnapshot, output: &Output) -> Result<()> {
    let genesis = load_genesis(&command.genesis)?;
    let file = needs_file(&command.file)?;
    let bar = output.progress("verifying the snapshot");
    // Beside it, where there is room for as much.
    let mut scratch = command.file.clone().into_os_string();
    scratch.push(".verifying");
    let summary = verify_snapshot(&genesis, scratch.as_ref(), BufReader::new(file));
    let summary = summary.map_err(|error| anyhow!("{} is refused: {error}", command.file.display()))?;
    bar.finish_and_clear();
    output.answer(&shown(&summary), format!("genuine: {}", described(&summary)));
    Ok(())
}

pub(super) fn import(command: &ImportSnapshot, output: &Output) -> Result<()> {
    let places = NodePlaces::load(&command.config)?;
    let genesis = load_genesis(&places.genesis)?;
    let file = needs_file(&command.file)?;
    let bar = output.progress("importing the snapshot");
    let target = SnapshotTarget {
        data_dir: places.chain_dir(),
        consensus_dir: places.consensus_dir(),
        replaces: command.replace,
    };
    let summary = import_snapshot(&genesis, &places.execution, &target, BufReader::new(file));
    let summary = summary.map_err(|error| anyhow!("{} is not imported: {error}", command.file.display()))?;
    bar.finish_and_clear();
    let next = format!("start the node: chancery node --config {}", command.config.display());
    output.answer(&shown(&summary), format!("imported: {}\n{next}", described(&summary)));
    Ok(())
}
