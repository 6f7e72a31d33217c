//! Running other programs, visibly.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

/// The root of the project, where the workspace manifest is.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Builds the binary as it is shipped and measured, and what `more` names.
///
/// # Errors
/// When it does not compile, or `make` is missing and cannot be installed.
pub(crate) fn build_shipped(more: &[&str]) -> Result<()> {
    crate::prerequisites::make()?;
    let shipped = ["build", "--release", "--locked", "--package", "chancery", "--features", "chancery/jemalloc"];
    run(cargo().args(shipped).args(more))
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command in the root of the project.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// A cargo command, with the cargo that runs this task.
///
/// What that cargo said of this package is left out: build scripts ask for it (ring's does), and would run anew whenever cargo is called by hand
/// in between, with all that depends on them.
pub(crate) fn cargo() -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let of_this_package = name
            .to_str()
            .is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)));
        if of_this_package {
            command.env_remove(name);
        }
    }
    command
}

/// A line that announces a step, with the time since the first one.
pub(crate) fn step(title: &str) {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let passed = FIRST.get_or_init(Instant::now).elapsed();
    println!("\n==> {title} ({} s)", passed.as_secs());
}

/// Runs a command to its end, showing it and what it prints; an error names it and its exit status.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    println!("  $ {shown}");
    let started = Instant::now();
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    println!("    done in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Runs a command to its end; what it says goes to a file. An error names it and its exit status.
pub(crate) fn run_into(command: &mut Command, log: &File) -> Result<()> {
    let shown = show(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(status.success(), "`{shown}` failed: {status}");
    Ok(())
}

/// What a command prints on its standard output, or `None` when it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command as it could be typed.
pub(crate) fn show(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    if let Some(directory) = command.get_current_dir()
        && directory != root()
        && let Ok(directory) = directory.strip_prefix(root())
    {
        return format!("(cd {}; {shown})", directory.display());
    }
    shown
}
