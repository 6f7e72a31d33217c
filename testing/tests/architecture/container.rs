//! The recipe of an image (`docs/operations/Containerfile`), as far as it can be held without a container runtime: what it copies is there and reaches the builder, and the
//! binary has the flags that it is given.

use std::{fs, process::Command};

use chancery_testing::process::{built_binary, project_root};

/// The instructions of the recipe: their names and what follows, lines that go on joined.
fn instructions() -> Vec<(String, String)> {
    let text = fs::read_to_string(project_root().join("docs/operations/Containerfile")).unwrap().replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap()).map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
}

fn all(name: &str) -> Vec<String> {
    instructions().into_iter().filter(|(of, _)| of == name).map(|(_, rest)| rest).collect()
}

#[test]
fn what_the_recipe_copies_is_there_and_reaches_the_builder() {
    let root = project_root();
    let ignored = fs::read_to_string(root.join(".dockerignore")).unwrap();
    let lines: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.first(), Some(&"*"), "what is not named stays out: keys and the data of a city lie about");
    let mut copied = 0;
    for copy in all("COPY").iter().filter(|copy| !copy.contains("--from=")) {
        let mut paths: Vec<_> = copy.split_whitespace().collect();
        paths.pop();
        for path in paths {
            assert!(root.join(path).exists(), "{path} is not there");
            assert!(lines.contains(&format!("!{path}").as_str()), "{path} does not reach the builder: .dockerignore");
            copied += 1;
        }
    }
    assert!(copied >= 4, "{copied}");
    // Cargo reads the manifest of each member, whatever it builds.
    for member in ["bin/chancery", "crates/primitives", "testing", "testing/decoders", "xtask"] {
        let top = member.split('/').next().unwrap();
        assert!(all("COPY").iter().any(|copy| copy.split_whitespace().next() == Some(top)), "{member}");
    }
}

#[test]
fn nobody_is_root_in_the_image() {
    let users = all("USER");
    let (user, group) = users.last().unwrap().split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0, "{users:?}");
    let last = instructions().into_iter().rposition(|(name, _)| name == "USER").unwrap();
    assert!(!instructions()[last..].iter().any(|(name, _)| name == "RUN"), "something runs after it");
}

#[test]
fn the_binary_has_the_flags_that_the_recipe_gives_it() {
    let health = all("HEALTHCHECK");
    let asked = health.first().unwrap().split_once("CMD ").unwrap().1.to_owned();
    for command in [all("ENTRYPOINT").remove(0), asked] {
        let words: Vec<String> = serde_json::from_str(&command).unwrap();
        assert_eq!(words[0], "chancery");
        // Whatever is unknown before it is an error of usage.
        let output = Command::new(built_binary()).args(&words[1..]).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let build = all("RUN").into_iter().find(|run| run.contains("cargo build")).unwrap();
    for (flag, manifest) in
        [("--profile dist", "Cargo.toml"), ("--features chancery/jemalloc", "bin/chancery/Cargo.toml")]
    {
        let name = flag.rsplit([' ', '/']).next().unwrap();
        let text = fs::read_to_string(project_root().join(manifest)).unwrap();
        let is_known = text.contains(&format!("[profile.{name}]")) || text.contains(&format!("\n{name} = ["));
        assert!(build.contains(flag) && is_known, "{flag}");
    }
}

// The node writes where the unit and the image let it: its data, and beside its key the record of its votes.
#[test]
fn the_units_and_the_image_let_a_node_write_beside_its_key() {
    let manual = fs::read_to_string(project_root().join("docs/operations/README.md")).unwrap();
    let folders: Vec<&str> = ["data_dir", "key_file"]
        .iter()
        .map(|name| {
            let line = manual.lines().map(str::trim).find(|line| line.starts_with(&format!("{name} = \"/"))).unwrap();
            let path = line.split('"').nth(1).unwrap();
            if *name == "key_file" { path.rsplit_once('/').unwrap().0 } else { path }
        })
        .collect();
    assert_ne!(folders[0], folders[1], "a backup of the data brings no record of votes back");
    let unit = fs::read_to_string(project_root().join("docs/operations/chancery-node.service")).unwrap();
    let state = unit.lines().find_map(|line| line.strip_prefix("StateDirectory=")).unwrap();
    let (volumes, made) = (all("VOLUME").concat(), all("RUN").concat());
    for folder in folders {
        let name = folder.strip_prefix("/var/lib/").unwrap();
        assert!(state.split(' ').any(|own| own == name), "systemd gives {folder} to nobody");
        assert!(volumes.contains(&format!("\"{folder}\"")) && made.contains(folder), "{folder} is not in the image");
        let making = manual.lines().find(|line| line.trim().starts_with("install -d -o chancery -g chancery -m 0700 "));
        assert!(making.unwrap().split(' ').any(|made| made == folder), "the manual makes no {folder}");
    }
}
