//! `cargo xtask test`: everything that CI checks, from a clean clone, installing what it needs.

use anyhow::Result;

use crate::{
    prerequisites::{self, CHROMIUM, CJK_FONTS, IPROUTE2, POSTGRESQL},
    shell::{self, cargo, step},
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
    prerequisites::debian(&[POSTGRESQL, IPROUTE2])?;
    prerequisites::python()?;
    if !arguments.no_browser {
        prerequisites::debian(&[CHROMIUM, CJK_FONTS])?;
    }

    contracts::check()?;

    step("Web: types, lints, unit tests, build");
    web::install("web")?;
    web::run_script("web", "api:check")?;
    web::run_script("web", "lint")?;
    web::run_script("web", "test")?;
    web::run_script("web", "build")?;
    web::install("testing/clients")?;
    web::install("testing/clients/hardhat")?;
    web::install("testing/datasets")?;

    step("Rust: every crate, then the whole city");
    shell::run(cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    let binaries = test_binaries::build()?;
    let lints = if arguments.no_lint { None } else { Some(lint::begin()?) };
    let tested = test_binaries::run(binaries);
    let linted = lints.map_or(Ok(()), lint::Lints::end);
    tested.and(linted)?;
    shell::run(cargo().args(["test", "--workspace", "--locked", "--doc"]))?;

    if !arguments.no_browser {
        browser::run(&browser::Arguments::debug_build())?;
    }
    Ok(())
}
