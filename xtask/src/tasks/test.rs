//! `cargo xtask test`: everything that CI checks, from a clean clone, installing what it needs.
//!
//! What waits (for downloads, for real time) runs beside what computes, lints are found while compiling, and tests begin as they are compiled.

use std::process::Command;

use anyhow::Result;

use crate::{
    compilation::Compilation,
    prerequisites::{
        self, CHROMIUM, CJK_FONTS, IPROUTE2, MARIADB, MOSQUITTO, MOSQUITTO_CLIENTS, OPENSSH, POSTGRESQL, PYFTPDLIB,
        SOFTHSM,
    },
    shell::{self, cargo, step},
    tasks::{browser, contracts, lint, web},
    test_jobs,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave the browser out.
    #[arg(long)]
    no_browser: bool,
    /// Leave formatting and lints out.
    #[arg(long)]
    no_lint: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Prerequisites");
    prerequisites::node()?;
    if !arguments.no_lint {
        lint::formatting()?;
    }

    let linted = !arguments.no_lint;
    step("Rust: the compilation begins");
    let compilation = Compilation::begin(everything(linted))?;
    let checked = install(arguments).and_then(|()| contracts::check()).and_then(|()| web());
    if let Err(error) = checked {
        println!("    failed: {error:#}; the compilation is waited for");
        compilation.end()?;
        return Err(error);
    }

    step("Rust: every crate and the whole city");
    let browser = if arguments.no_browser { Vec::new() } else { vec![browser::job()] };
    test_jobs::run(compilation, browser)?;
    step("The documentation's examples");
    shell::run(&mut documentation(linted))?;
    if linted { lint::dependencies() } else { Ok(()) }
}

/// Installs the servers and the browser that the tests start.
fn install(arguments: &Arguments) -> Result<()> {
    let single = [POSTGRESQL, MARIADB, IPROUTE2, MOSQUITTO, MOSQUITTO_CLIENTS, SOFTHSM];
    prerequisites::debian(&[single.as_slice(), &OPENSSH, &PYFTPDLIB].concat())?;
    prerequisites::python()?;
    if arguments.no_browser { Ok(()) } else { prerequisites::debian(&[CHROMIUM, CJK_FONTS]) }
}

/// Builds tests and what they start, in one go: what is long and alone at the end of one build has company in the other.
fn everything(linted: bool) -> Command {
    // Examples have lints too.
    let targets: &[_] = if linted { &["--all-targets"] } else { &["--bins", "--tests"] };
    compiling(&[&["build", "--workspace", "--locked"], targets].concat(), linted)
}

/// Runs the examples in the documentation. Of the whole workspace, as everything was built: for some packages alone, others would be compiled once more with other features.
fn documentation(linted: bool) -> Command {
    compiling(&["test", "--workspace", "--locked", "--doc"], linted)
}

fn compiling(arguments: &[&str], linted: bool) -> Command {
    let mut command = cargo();
    command.args(arguments);
    if linted {
        lint::while_compiling(&mut command);
    }
    command
}

/// Everything of the client in TypeScript and of the web but the browser, and what the tests of the city need of Node.js.
fn web() -> Result<()> {
    step("Client in TypeScript: types, lints, unit tests, build");
    web::install_with_client()?;
    for script in ["api:check", "lint", "test", "build"] {
        web::run_script(web::CLIENT, script)?;
    }
    step("Web: types, lints, unit tests, build");
    web::run_script("web", "lint")?;
    web::run_script("web", "test")?;
    web::run_script("web", "build")?;
    web::install("testing/clients")?;
    web::install("testing/clients/hardhat")?;
    web::install("testing/datasets")?;
    web::install("testing/ipfs")?;
    web::install("testing/ipfs/helia")
}
