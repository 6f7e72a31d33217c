//! `chancery share` (S-ODS, S-ASSET, S-RULES, S-DIR): what a department does, and what a reader does.

mod extracting;
mod fetches;
mod forwarding;
mod links;
mod owner;
mod reader;
mod readers;
mod rights;
mod texts;
mod traced;
mod transfer;
mod verifying;

use std::process::ExitCode;

use anyhow::Result;

use super::{serve, wait};
use crate::{
    arguments::{Connection, ShareCommand},
    logging,
    output::Output,
    share,
};

pub(super) fn run(command: ShareCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    match command {
        ShareCommand::Declare { file, check } => wait(owner::declare(&file, check, connection, output)),
        ShareCommand::Extract(file) => wait(extracting::extract(&file, connection, output)),
        ShareCommand::Forward(file) => wait(forwarding::forward(&file, output)),
        ShareCommand::Publish(file) => wait(extracting::publish(&file, connection, output)),
        ShareCommand::Verify(file) => wait(verifying::verify(&file, connection, output)),
        ShareCommand::PublishText { file, text, data_type } => {
            wait(texts::publish(&file, &text, &data_type, connection, output))
        }
        ShareCommand::PublishLink { file, link, data_type } => {
            wait(links::publish(&file, &link, &data_type, connection, output))
        }
        ShareCommand::Follow(what) => wait(links::follow(&what, connection, output)),
        ShareCommand::Text(what) => wait(texts::read(&what, connection, output)),
        ShareCommand::Rejects { file, limit } => extracting::rejects(&file, limit, output),
        ShareCommand::Replay { file, corrected } => wait(extracting::replay(&file, &corrected, connection, output)),
        ShareCommand::Fetches { file, limit, hand_over } => {
            if hand_over {
                wait(fetches::hand_over(&file, connection))?;
            }
            fetches::show(&file, limit, output)
        }
        ShareCommand::Requests(file) => wait(owner::requests(&file, connection, output)),
        ShareCommand::Readers(which) => wait(readers::show(which, connection, output)),
        ShareCommand::Transfer(command) => wait(transfer::run(&command, connection, output)),
        ShareCommand::Right(command) => wait(rights::run(&command, connection, output)),
        ShareCommand::Trace(which) => wait(traced::show(which, connection, output)),
        ShareCommand::Decide { file, request, approve, .. } => {
            wait(owner::decide(&file, request, approve, connection, output))
        }
        ShareCommand::RemoveReader { file, reader } => wait(owner::remove_reader(&file, reader, connection, output)),
        ShareCommand::Serve(options) => {
            logging::start(output.is_json(), &options.traces)?;
            serve(share::serve(&options, connection))
        }
        ShareCommand::Collect(options) => {
            logging::start(output.is_json(), &options.traces)?;
            serve(share::collect(&options))
        }
        ShareCommand::Find(which) => wait(reader::find(which, connection, output)),
        ShareCommand::Ask(what) => wait(reader::ask(&what, connection, output)),
        ShareCommand::Request { resource, request } => wait(reader::request(&resource, request, connection, output)),
        ShareCommand::End(what) => wait(reader::end(&what, connection, output)),
        ShareCommand::Fetch(what) => wait(reader::fetch(&what, connection, output)),
    }
}
