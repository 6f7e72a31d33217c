//! `chancery persons`: evaluators and the register of a network of identity databases (C-ID).

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::serve;
use crate::{arguments::PersonsCommand, logging, output::Output, persons};

pub(super) fn run(command: PersonsCommand, output: &Output) -> Result<ExitCode> {
    match command {
        PersonsCommand::Serve(options) => {
            logging::start(output.is_json(), &options.traces)?;
            serve(persons::serve(&options))
        }
        PersonsCommand::Key { file } => {
            let key = persons::public_key(&file)?.to_string();
            output.answer(&json!({ "publicKey": key }), &key);
            Ok(ExitCode::SUCCESS)
        }
    }
}
