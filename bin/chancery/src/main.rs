//! The command line of Chancery: `chancery up` runs a city, everything else speaks to one.
//!
//! This crate parses, assembles and prints. It contains no rules: what it does is in the crates that it joins.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its standard streams")]

mod alliance;
mod arguments;
mod business;
mod city;
mod commands;
mod founding;
mod keys;
mod logging;
mod memory;
mod network;
mod node_rpc;
mod output;
mod own_machine;
mod party;
mod persons;
mod share;
mod stop;
mod storage;

use std::process::ExitCode;

use clap::Parser;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(not(feature = "jemalloc"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::wrong_usage(&error),
    };
    let output = output::Output::new(arguments.json);
    match commands::run(arguments, &output) {
        Ok(code) => code,
        Err(error) => output.failure(&error),
    }
}
