//! `chancery share right give`, `withdraw` (M-APP, S-ASSET).

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{
    arguments::{Connection, RightCommand},
    keys,
    output::Output,
    share::{Owner, now_s},
};

/// Seconds of a day.
const DAY_S: u64 = 24 * 60 * 60;

pub(super) async fn run(command: &RightCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (RightCommand::Give { file, .. } | RightCommand::Withdraw { file, .. }) = command;
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    match command {
        RightCommand::Give { holder, purpose, days, .. } => {
            let valid_until = now_s() + u64::from(*days) * DAY_S;
            let progress = output.progress("giving");
            let given = department.give_right(*holder, purpose, valid_until).await?;
            progress.finish_and_clear();
            let (right, made) = (given.right, given.transaction);
            let answer = json!({
                "right": right, "holder": holder.to_string(), "purpose": purpose, "validUntil": valid_until,
                "txHash": made.tx_hash, "blockNumber": made.block.number,
            });
            let resource = &owner.set.resource;
            let text = format!(
                "right {right} is {holder}'s for {days} days\nthen: chancery share ask {resource} --right {right}"
            );
            output.answer(&answer, text);
        }
        RightCommand::Withdraw { right, .. } => {
            let progress = output.progress("withdrawing");
            let key_epoch = department.withdraw_right(*right).await?;
            progress.finish_and_clear();
            output.answer(
                &json!({ "right": right, "keyEpoch": key_epoch }),
                format!("right {right} is withdrawn; what is published from now on is under key {key_epoch}"),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
