//! Which packages have examples in their documentation that a test would run. Rustdoc reads every crate anew to find that out, which takes minutes; reading the comments takes a moment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::shell::root;

/// Tags of a fence that make it no other language (The rustdoc book, "Documentation tests").
const TAGS: [&str; 6] = ["rust", "no_run", "should_panic", "compile_fail", "standalone_crate", "test_harness"];
/// Spaces after the one behind `///` that make a block of code without a fence (CommonMark, 4.4).
const INDENT: &str = "     ";

/// The packages with an example. Rather too many than too few: then rustdoc finds none.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn packages() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in folders()? {
        if any_below(&folder)? {
            found.push(name_of(&folder)?);
        }
    }
    Ok(found)
}

/// The folders of packages.
fn folders() -> Result<Vec<PathBuf>> {
    let mut folders = vec![root().join("testing"), root().join("testing/decoders")];
    for parent in ["crates", "bin"].map(|parent| root().join(parent)) {
        let entries = fs::read_dir(&parent).with_context(|| format!("cannot read {}", parent.display()))?;
        for entry in entries {
            folders.push(entry?.path());
        }
    }
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.sort();
    Ok(folders)
}

fn name_of(folder: &Path) -> Result<String> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    Ok(name.with_context(|| format!("{} has no name", manifest.display()))?.to_owned())
}

fn any_below(folder: &Path) -> Result<bool> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let is_folder = path.is_dir() && !path.is_symlink();
        if is_folder && path.file_name().is_some_and(|name| name != "node_modules" && name != "target") {
            if any_below(&path)? {
                return Ok(true);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && has_example(&fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a source has a documentation comment with Rust in it.
fn has_example(source: &str) -> bool {
    let (mut is_fenced, mut is_after_empty) = (false, true);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[doc =")
            || line.starts_with("#![doc =")
            || line.starts_with("/**")
            || line.starts_with("/*!")
        {
            return true;
        }
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            (is_fenced, is_after_empty) = (false, true);
            continue;
        };
        if let Some(tags) = text.trim_start().strip_prefix("```") {
            if !is_fenced && is_rust(tags) {
                return true;
            }
            is_fenced = !is_fenced;
        } else if !is_fenced && is_after_empty && text.starts_with(INDENT) {
            return true;
        }
        is_after_empty = text.trim().is_empty();
    }
    false
}

fn is_rust(tags: &str) -> bool {
    let mut tags = tags.split([',', ' ']).map(str::trim).filter(|tag| !tag.is_empty());
    tags.all(|tag| TAGS.contains(&tag) || tag.starts_with("edition"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{has_example, packages};

    #[test]
    fn an_example_is_a_fence_without_another_language() {
        for example in [
            "/// ```\n/// assert!(true);\n/// ```",
            "//! ```rust,no_run\n//! f();\n//! ```",
            "/// ```text\n/// a --> b\n/// ```\n///\n/// ```\n/// f();\n/// ```",
            "/// So:\n///\n///     f();",
            "#![doc = include_str!(\"../README.md\")]",
        ] {
            assert!(has_example(example), "{example}");
        }
        for none in [
            "/// ```text\n/// a --> b\n/// ```\nfn f() {}",
            "//! ```json\n//! {}\n//! ```",
            "/// Words, and\n///     more of them.",
            "// ```\n// f();\n// ```",
            "",
        ] {
            assert!(!has_example(none), "{none}");
        }
    }

    #[test]
    fn the_client_has_an_example_and_is_named_as_its_package() {
        let found = packages().unwrap();
        assert!(found.iter().any(|package| package == "chancery-client"), "{found:?}");
        assert!(found.len() < 8, "rustdoc reads each of them anew: {found:?}");
    }
}
