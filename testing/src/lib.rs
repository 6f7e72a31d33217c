//! What tests and measurements of a whole city share: starting real processes and putting load on them.
//!
//! Processes are started on free loopback ports with data in a temporary directory, and ended by their own id when their handle is
//! dropped. Nothing here is used by what is shipped.

use std::io::Write as _;

pub mod ingest;
pub mod load;
pub mod numbers;
pub mod process;
pub mod scenario;

/// With any value, a test fails that cannot be made on this machine.
pub const LEAVE_NOTHING_OUT: &str = "CHANCERY_TESTS_LEAVE_NOTHING_OUT";
/// What a line begins with that says what was not tested; `cargo xtask test` repeats it.
pub const NOT_TESTED: &str = "NOT TESTED: ";

/// Says that a test cannot be made on this machine, where everybody sees it: a test that passes is otherwise not heard.
///
/// # Panics
/// Where nothing may be left out ([`LEAVE_NOTHING_OUT`]).
pub fn left_out(what: &str, needs: &str) {
    assert!(std::env::var_os(LEAVE_NOTHING_OUT).is_none(), "{NOT_TESTED}{what}: {needs}");
    // Not by a macro that prints: the harness would keep that to itself.
    writeln!(std::io::stderr().lock(), "\n{NOT_TESTED}{what}: {needs}").ok();
}
