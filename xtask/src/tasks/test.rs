//! `cargo xtask test`: everything that CI checks, from a clean clone, installing what it needs.
//!
//! What waits (for downloads, for real time) runs beside what computes.

use anyhow::Result;

use crate::{
    beside::Beside,
    prerequisites::{self, CHROMIUM, CJK_FONTS, IPROUTE2, MOSQUITTO, MOSQUITTO_CLIENTS, POSTGRESQL},
    shell::{cargo, step},
    tasks::{browser, contracts, lint, web},
    test_binaries,
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
    prerequisites::debian(&[POSTGRESQL, IPROUTE2, MOSQUITTO, MOSQUITTO_CLIENTS])?;
    prerequisites::python()?;
    if !arguments.no_browser {
        prerequisites::debian(&[CHROMIUM, CJK_FONTS])?;
    }
    if !arguments.no_lint {
        lint::formatting()?;
    }

    let mut compile = cargo();
    compile.args(["build", "--workspace", "--bins", "--locked"]);
    let compiled = Beside::begin("compilation", vec![compile, test_binaries::compile()])?;
    let checked = contracts::check().and_then(|()| web());
    if let Err(error) = &checked {
        println!("    failed: {error:#}; the compilation is waited for");
    }
    step("Rust: every crate, then the whole city");
    let compiled = compiled.end();
    checked.and(compiled)?;

    let binaries = test_binaries::build()?;
    let mut slow = if arguments.no_lint { Vec::new() } else { vec![lint::clippy()] };
    let mut documentation = cargo();
    documentation.args(["test", "--workspace", "--locked", "--doc"]);
    slow.push(documentation);
    let linted = Beside::begin("lints-and-documentation", slow)?;
    let tested = test_binaries::run(binaries);
    let driven = if arguments.no_browser || tested.is_err() { Ok(()) } else { browser::run_built() };
    step("Lints, and the documentation's examples");
    let linted = linted.end();
    tested.and(driven).and(linted)?;
    if arguments.no_lint { Ok(()) } else { lint::licences() }
}

/// Everything of the web but the browser, and what the tests of the city need of Node.js.
fn web() -> Result<()> {
    step("Web: types, lints, unit tests, build");
    web::install("web")?;
    web::run_script("web", "api:check")?;
    web::run_script("web", "lint")?;
    web::run_script("web", "test")?;
    web::run_script("web", "build")?;
    web::install("testing/clients")?;
    web::install("testing/clients/hardhat")?;
    web::install("testing/datasets")
}
