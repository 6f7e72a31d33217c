//! `docs/conformance.md` is fresh: every requirement has its row, and what a row cites exists and is not switched off.
//! Whether a cited test passes is for the run that contains it to say.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The requirements of the three source texts, by family, in the order of the document.
const REQUIREMENTS: &[(&str, &str)] = &[
    (
        "M: the reference model",
        "M-SEC, M-AUTH, M-ACQ, M-PROC, M-PRIV, M-APP, M-REP-1, M-REP-2, M-REP-3, M-REP-4, M-PRO-1, M-PRO-2, M-PRO-3, M-PRO-4, M-PRO-5, \
         M-SER-1, M-SER-2, M-SER-3, M-SER-4, M-CON-1, M-CON-2, M-CON-3, M-CON-4, M-MON-1, M-MON-2, M-MON-3, M-MON-4, \
         M-RP-12 R2D, M-RP-12 U2S, M-RP-12 O2C, M-RP-12 V2M, M-RP-12 P2R, M-RP-12 S2P, M-RP-12 C2S, M-RP-12 C2P, M-RP-12 C2R, \
         M-RP-12 M2S, M-RP-12 M2P, M-RP-12 M2R, M-P-SUB, M-P-REQ, M-P-CTL, M-P-MON",
    ),
    (
        "C: electronic certificates",
        "C-LIFE, C-ID, C-ISSUE, C-API-1, C-API-2, C-API-3, C-API-4, C-API-5, C-MOD-5, C-QR, C-CHAINS, C-FEE, C-AUTO, \
         C-MORE-1, C-MORE-2, C-MORE-3, C-MORE-4, C-MORE-5, C-MORE-6, C-MORE-7, C-MORE-8",
    ),
    ("S: data sharing among public bodies", "S-ODS, S-ASSET, S-RULES, S-DIR, S-COL, S-SVC, S-NET, S-APP"),
    (
        "A: the cross-chain alliance",
        "A-EST, A-CERT, A-CON, A-END, A-SEQ, A-CONS, A-ERR, A-MULTI, A-MORE-1, A-MORE-2, A-MORE-3, A-MORE-4",
    ),
    ("K: copyright", "K-DEP, K-MON, K-EVI, K-PORTAL"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn document() -> String {
    fs::read_to_string(root().join("docs/conformance.md")).unwrap()
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Held,
    InPart { missing: String },
    Open,
}

#[derive(Debug)]
struct Row {
    family: String,
    name: String,
    demand: String,
    state: State,
    /// Relative to the root of the project.
    places: Vec<String>,
    /// File, relative to the root, and name.
    tests: Vec<(String, String)>,
}

/// The rows, from the Markdown; panics with the line that is not one.
fn rows() -> Vec<Row> {
    let mut family = String::new();
    let mut rows = Vec::new();
    for line in document().lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut family);
        } else if line.starts_with("| ") && !family.is_empty() && !line.starts_with("| requirement |") {
            rows.push(row(&family, line));
        }
    }
    rows
}

fn row(family: &str, line: &str) -> Row {
    let inner = line.strip_prefix("| ").and_then(|rest| rest.strip_suffix('|')).unwrap_or_else(|| panic!("{line}"));
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let [requirement, state, places, tests] = cells[..] else { panic!("four columns are needed: {line}") };
    let named = requirement.strip_prefix("**").and_then(|rest| rest.split_once("** "));
    let (name, demand) = named.unwrap_or_else(|| panic!("**NAME** and its demand are needed: {line}"));
    Row {
        family: family.to_owned(),
        name: name.to_owned(),
        demand: demand.to_owned(),
        state: read_state(state).unwrap_or_else(|| panic!("{name}: `{state}` is no state")),
        places: entries(places, ", ").map(|link| place(name, link)).collect(),
        tests: entries(tests, "<br>").map(|test| citation(name, test)).collect(),
    }
}

fn read_state(text: &str) -> Option<State> {
    match text {
        "held" => Some(State::Held),
        "open" => Some(State::Open),
        _ => text.strip_prefix("in part: ").map(|missing| State::InPart { missing: missing.to_owned() }),
    }
}

fn entries<'a>(cell: &'a str, separator: &'a str) -> impl Iterator<Item = &'a str> {
    cell.split(separator).filter(|entry| !entry.is_empty())
}

/// `[path](../path)`: what is written is where it leads.
fn place(name: &str, link: &str) -> String {
    let parts =
        link.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')).and_then(|rest| rest.split_once("](../"));
    let (text, target) = parts.unwrap_or_else(|| panic!("{name}: `{link}` is no link to a path of the project"));
    assert_eq!(text, target, "{name}: the link says one path and leads to another");
    target.to_owned()
}

/// `` `file::test` ``
fn citation(name: &str, test: &str) -> (String, String) {
    let parts = test.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).and_then(|rest| rest.split_once("::"));
    let (file, test) = parts.unwrap_or_else(|| panic!("{name}: `{test}` is no `file::test`"));
    (file.to_owned(), test.to_owned())
}

/// Whether a file of tests has a test of this name that runs.
fn has_test(file: &Path, test: &str) -> bool {
    let Ok(text) = fs::read_to_string(file) else { return false };
    let name = file.to_string_lossy();
    if name.ends_with(".rs") {
        has_rust_test(&text, test) || (has_function(&text, test) && is_run_by_a_macro(file, test))
    } else if name.ends_with(".t.sol") {
        has_solidity_test(&text, test)
    } else if [".test.ts", ".test.tsx", ".e2e.ts", ".test.mjs"].iter().any(|ending| name.ends_with(ending)) {
        has_typescript_test(&text, test)
    } else {
        false
    }
}

fn is_function(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
}

fn has_function(text: &str, name: &str) -> bool {
    text.lines().any(|line| is_function(line, name))
}

/// A function under `#[test]` or `#[tokio::test]`, and not under `#[ignore]`.
fn has_rust_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().filter(|(_, line)| is_function(line, name)).any(|(at, _)| {
        let above = || lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let is_test = |line: &&&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        above().any(|line| is_test(&line)) && !above().any(|line| line.starts_with("#[ignore"))
    })
}

/// Cases that a macro makes tests of: the name stands on a line of its own in an `on_both!` of the same folder of tests.
fn is_run_by_a_macro(file: &Path, case: &str) -> bool {
    let Some(tests) = file.ancestors().find(|folder| folder.ends_with("tests")) else { return false };
    let Ok(files) = fs::read_dir(tests) else { return false };
    files.flatten().filter_map(|entry| fs::read_to_string(entry.path()).ok()).any(|text| {
        let mut lines = text.lines().skip_while(|line| !line.starts_with("on_both!"));
        let listed = lines.by_ref().take_while(|line| !line.starts_with(['}', ')']));
        listed.map(|line| line.trim().trim_end_matches([',', ';'])).any(|line| line == case)
    })
}

fn has_solidity_test(text: &str, name: &str) -> bool {
    (name.starts_with("test") || name.starts_with("invariant_"))
        && text.lines().any(|line| line.trim_start().starts_with(&format!("function {name}(")))
}

/// `it('NAME'`, `test("NAME"` or `it.each(...)('NAME'` at the beginning of a line; not `it.skip`, not a comment.
fn has_typescript_test(text: &str, name: &str) -> bool {
    let quoted: Vec<String> = ["'", "\"", "`"]
        .iter()
        .map(|quote| format!("({quote}{}{quote},", name.replace(*quote, &format!("\\{quote}"))))
        .collect();
    text.lines().map(str::trim_start).any(|line| {
        quoted.iter().any(|call| {
            ["it", "test"].iter().any(|word| {
                line.strip_prefix(word).is_some_and(|rest| {
                    rest.starts_with(call) || (rest.starts_with(".each(") && rest.contains(&format!("){call}")))
                })
            })
        })
    })
}

#[test]
fn every_requirement_has_exactly_one_row_and_nothing_else_has_one() {
    let required: Vec<(&str, &str)> = REQUIREMENTS
        .iter()
        .flat_map(|(family, names)| names.split(',').map(move |name| (*family, name.trim())))
        .collect();
    assert_eq!(required.len(), 88);
    let rows = rows();
    for (family, name) in &required {
        let found = rows.iter().filter(|row| row.name == *name && row.family == *family).count();
        assert_eq!(found, 1, "rows of {name} under `{family}`");
    }
    for row in &rows {
        assert!(required.contains(&(row.family.as_str(), row.name.as_str())), "{} is no requirement", row.name);
        assert!(row.demand.split(' ').count() >= 3, "{}: what is demanded is not said", row.name);
    }
}

#[test]
fn every_path_that_a_row_cites_exists() {
    for row in rows() {
        for place in &row.places {
            assert!(!place.contains("..") && root().join(place).exists(), "{}: there is no {place}", row.name);
        }
    }
}

#[test]
fn every_test_that_a_row_cites_exists_and_runs() {
    let mut cited = 0;
    for row in rows() {
        for (file, test) in &row.tests {
            assert!(has_test(&root().join(file), test), "{}: {file} has no test `{test}` that runs", row.name);
            cited += 1;
        }
    }
    assert!(cited > 100, "only {cited} citations were read");
}

#[test]
fn a_state_says_no_more_than_its_row_shows() {
    for Row { name, state, places, tests, .. } in rows() {
        match state {
            State::Held => assert!(!places.is_empty() && !tests.is_empty(), "{name} is held, but not shown to be"),
            State::InPart { missing } => {
                assert!(!places.is_empty(), "{name}: where is the part that exists?");
                assert!(missing.contains(' '), "{name}: what is missing?");
            }
            State::Open => assert!(places.is_empty() && tests.is_empty(), "{name} is open, yet something is cited"),
        }
        for (at, entry) in places.iter().enumerate() {
            assert!(!places[..at].contains(entry), "{name} cites {entry} twice");
        }
        for (at, entry) in tests.iter().enumerate() {
            assert!(!tests[..at].contains(entry), "{name} cites {entry:?} twice");
        }
    }
}

#[test]
fn the_summary_counts_the_rows() {
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for row in rows() {
        let place = match row.state {
            State::Held => 0,
            State::InPart { .. } => 1,
            State::Open => 2,
        };
        counts.entry(row.family).or_default()[place] += 1;
    }
    let document = document();
    for (family, [held, in_part, open]) in counts {
        let line = format!("| {family} | {held} | {in_part} | {open} |");
        assert!(document.lines().any(|known| known == line), "the summary must say {line}");
    }
}

#[test]
fn a_test_that_is_switched_off_or_only_mentioned_holds_nothing() {
    let rust = "// fn named()\nfn helper() {}\n#[test]\n// why\nfn named() {}\n#[test]\n#[ignore = \"slow\"]\nfn ignored() {}\n";
    assert!(has_rust_test(rust, "named"));
    for name in ["helper", "ignored", "name", "absent"] {
        assert!(!has_rust_test(rust, name), "{name}");
    }
    let typescript = "it('runs, twice', () => {\n  it.each([1])('each %s', () => {\ntest(\"reader's\", a\nit.skip('skipped', a\n// it('said', a\n";
    for name in ["runs, twice", "each %s", "reader's"] {
        assert!(has_typescript_test(typescript, name), "{name}");
    }
    for name in ["runs", "skipped", "said"] {
        assert!(!has_typescript_test(typescript, name), "{name}");
    }
    assert!(has_solidity_test("    function test_a() public {", "test_a"));
    assert!(!has_solidity_test("    function helper() public {", "helper"));
}
