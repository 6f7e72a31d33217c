//! The systemd units of `docs/operations`, as far as they can be held without systemd: the binary has the flags that they give it, they write where systemd lets them, and the
//! manual that tells of them makes what they need.

use std::{fs, path::PathBuf, process::Command};

use chancery_testing::process::{built_binary, project_root};

/// A unit's name, and its lines `NAME=VALUE`.
struct Unit {
    name: String,
    lines: Vec<(String, String)>,
}

impl Unit {
    fn one(&self, name: &str) -> &str {
        let mut found = self.lines.iter().filter(|(of, _)| of == name);
        let (Some((_, value)), None) = (found.next(), found.next()) else { panic!("{}: not one {name}", self.name) };
        value
    }
}

fn units() -> Vec<Unit> {
    let folder = project_root().join("docs/operations");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "service"));
    paths.sort();
    let unit = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let lines = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Unit { name: path.file_name().unwrap().to_str().unwrap().to_owned(), lines }
    };
    paths.iter().map(unit).collect()
}

#[test]
fn each_process_that_the_manual_has_members_run_has_a_unit_that_can_run_it() {
    let units = units();
    let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    let expected = ["endorser", "gateway", "node", "relay"].map(|name| format!("chancery-{name}.service"));
    assert_eq!(names, expected);
    let manual = fs::read_to_string(project_root().join("docs/operations/README.md")).unwrap();
    for unit in &units {
        let name = &unit.name;
        assert!(manual.contains(&format!("[`{name}`]({name})")), "the manual does not tell of {name}");
        let words: Vec<_> = unit.one("ExecStart").split(' ').collect();
        assert_eq!(words[0], "/usr/local/bin/chancery", "{name}");
        // Whatever is unknown before it is an error of usage.
        let output = Command::new(built_binary()).args(&words[1..]).arg("--help").output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn each_unit_writes_in_folders_of_its_own_user_alone_and_the_manual_makes_the_user() {
    let manual = fs::read_to_string(project_root().join("docs/operations/README.md")).unwrap();
    let makes = |words: &[&str]| manual.lines().map(str::trim).any(|line| words.iter().all(|word| line.contains(word)));
    assert!(makes(&["useradd --system", " chancery"]));
    assert!(makes(&["install -d -m 0755 /etc/chancery"]));
    for unit in units() {
        let name = &unit.name;
        assert_eq!((unit.one("User"), unit.one("NoNewPrivileges")), ("chancery", "yes"), "{name}");
        assert_eq!((unit.one("ProtectSystem"), unit.one("StateDirectoryMode")), ("strict", "0700"), "{name}");
        // That would be root's, and look as if the process wrote there.
        assert!(!unit.lines.iter().any(|(of, _)| of == "ConfigurationDirectory"), "{name}");
        let own: Vec<_> = unit.one("StateDirectory").split(' ').map(|name| format!("/var/lib/{name}")).collect();
        let paths: Vec<_> = unit.one("ExecStart").split(' ').skip(1).filter(|word| word.starts_with('/')).collect();
        assert!(!paths.is_empty(), "{name}");
        for path in paths {
            assert!(path.starts_with("/etc/chancery/") || own.iter().any(|own| own == path), "{name}: {path}");
        }
        for folder in own {
            assert!(manual.contains(&folder), "the manual says nothing of {folder} ({name})");
        }
    }
}
