//! What must be on the machine. Node.js and Rust are asked for; the rest is installed from Debian's packages when it is missing.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::shell::{command, output, run, step};

/// The oldest version of Node.js that the web tools run on, of each major that they name: ESLint asks for `^20.19 || ^22.13 || >=24`, Vite for
/// `^20.19 || >=22.12`.
const OLDEST_NODE: [(u32, u32); 2] = [(20, 19), (22, 13)];
/// From this major on any version does.
const ANY_NODE_FROM_MAJOR: u32 = 24;

/// A Debian package, with a file that shows that it is installed.
#[derive(Clone, Copy)]
pub(crate) struct Package {
    name: &'static str,
    /// One of these exists when it is installed; a `*` stands for one path segment.
    evidence: &'static [&'static str],
    why: &'static str,
}

/// Headless browser for the end-to-end tests.
pub(crate) const CHROMIUM: Package =
    Package { name: "chromium", evidence: &["/usr/bin/chromium"], why: "the browser tests drive it" };

/// A real PostgreSQL for the identity database tests.
pub(crate) const POSTGRESQL: Package = Package {
    name: "postgresql",
    evidence: &["/usr/lib/postgresql/*/bin/initdb"],
    why: "the identity database is tested on it",
};

/// A real MariaDB, of which extracts are made.
pub(crate) const MARIADB: Package = Package {
    name: "mariadb-server",
    evidence: &["/usr/sbin/mariadbd"],
    why: "extracts of a business database are tested on it",
};

/// A real server of SFTP, with the client that extracts use.
pub(crate) const OPENSSH: [Package; 2] = [
    Package {
        name: "openssh-server",
        evidence: &["/usr/sbin/sshd"],
        why: "extracts of a directory over SFTP are tested on it",
    },
    Package { name: "openssh-client", evidence: &["/usr/bin/ssh"], why: "extracts over SFTP are made with it" },
];

/// A real server of FTP, with TLS, and what makes certificates for it.
pub(crate) const PYFTPDLIB: [Package; 3] = [
    Package {
        name: "python3-pyftpdlib",
        evidence: &["/usr/lib/python3/dist-packages/pyftpdlib/servers.py"],
        why: "extracts of a directory over FTP are tested on it",
    },
    Package {
        name: "python3-openssl",
        evidence: &["/usr/lib/python3/dist-packages/OpenSSL/SSL.py"],
        why: "the FTP server of the tests speaks TLS with it",
    },
    Package { name: "openssl", evidence: &["/usr/bin/openssl"], why: "tests make certificates with it" },
];

/// A real MQTT broker.
pub(crate) const MOSQUITTO: Package =
    Package { name: "mosquitto", evidence: &["/usr/sbin/mosquitto"], why: "sources submit through it in a test" };

/// The clients of that broker.
pub(crate) const MOSQUITTO_CLIENTS: Package = Package {
    name: "mosquitto-clients",
    evidence: &["/usr/bin/mosquitto_rr"],
    why: "a client that is not ours submits to a city",
};

/// A PKCS#11 token in software.
pub(crate) const SOFTHSM: Package = Package {
    name: "softhsm2",
    evidence: &["/usr/bin/softhsm2-util"],
    why: "keys in a hardware security module are tested on it",
};

/// Network namespaces, of which the hosts of `chancery chaos` are made.
pub(crate) const IPROUTE2: Package = Package {
    name: "iproute2",
    evidence: &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"],
    why: "chancery chaos makes its hosts with it",
};

/// Builds the allocator of the binary as it is shipped.
pub(crate) const MAKE: Package =
    Package { name: "make", evidence: &["/usr/bin/make"], why: "the allocator of the release binary is built with it" };

/// `make`, wherever it comes from.
pub(crate) fn make() -> Result<()> {
    if output(command("make").arg("--version")).is_some() { Ok(()) } else { debian(&[MAKE]) }
}

/// Python with what makes virtual environments, wherever it comes from.
pub(crate) fn python() -> Result<()> {
    if output(command("python3").args(["-c", "import venv, ensurepip"])).is_some() {
        return Ok(());
    }
    let evidence: &[&str] = &["/usr/lib/*/ensurepip/__init__.py"];
    debian(&[Package { name: "python3-venv", evidence, why: "web3.py is tested in an environment of its own" }])
}

/// Chinese characters in screenshots and in the browser tests.
pub(crate) const CJK_FONTS: Package = Package {
    name: "fonts-noto-cjk",
    evidence: &["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"],
    why: "the pages are also in Chinese",
};

/// Checks that Node.js and npm are there and new enough.
pub(crate) fn node() -> Result<()> {
    let advice = "install Node.js 20.19, 22.13, 24 or newer (no 21, no 23) with npm (https://nodejs.org, or your system's packages)";
    let version =
        output(command("node").arg("--version")).with_context(|| format!("Node.js was not found: {advice}"))?;
    if !runs_the_web_tools(&version) {
        bail!("Node.js {version} is none that the web tools run on: {advice}");
    }
    output(command("npm").arg("--version")).with_context(|| format!("npm was not found: {advice}"))?;
    Ok(())
}

/// Whether `v20.19.0` and the like is a version that every web tool takes.
fn runs_the_web_tools(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
    major >= ANY_NODE_FROM_MAJOR || OLDEST_NODE.iter().any(|(of, oldest)| major == *of && minor >= *oldest)
}

/// Installs the Debian packages that are missing, or says in one line how to.
pub(crate) fn debian(packages: &[Package]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    let advice = format!("install them with: sudo apt-get install -y {}", names.join(" "));
    for package in &missing {
        println!("    {} is missing ({})", package.name, package.why);
    }
    if output(command("apt-get").arg("--version")).is_none() {
        bail!(
            "{} missing and apt-get was not found: install the equivalents of your system, then run this again",
            names.join(", ")
        );
    }
    let root = output(command("id").arg("-u")).as_deref() == Some("0");
    if !root && output(command("sudo").args(["-n", "true"])).is_none() {
        bail!("{} missing: {advice}", names.join(", "));
    }
    step(&format!("Installing {} from Debian's packages", names.join(", ")));
    let apt = |arguments: &[&str]| {
        let mut apt = if root { command("apt-get") } else { command("sudo") };
        if !root {
            apt.args(["-n", "apt-get"]);
        }
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(&mut apt(&["update", "-q"]))?;
    let mut install: Command = apt(&["install", "-y", "-q", "--no-install-recommends"]);
    install.args(&names);
    run(&mut install).with_context(|| advice)
}

fn installed(package: &Package) -> bool {
    package.evidence.iter().any(|pattern| exists(pattern))
}

/// Whether a path exists in which one segment may be `*`.
fn exists(pattern: &str) -> bool {
    match pattern.split_once("/*/") {
        None => Path::new(pattern).exists(),
        Some((parent, rest)) => std::fs::read_dir(parent)
            .map(|entries| entries.flatten().any(|entry| entry.path().join(rest).exists()))
            .unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_web_tools_refuse_is_refused_before_them() {
        for version in ["v20.19.0", "v20.20.1", "v22.13.0", "v24.0.0", "v25.1.0"] {
            assert!(runs_the_web_tools(version), "{version}");
        }
        for version in ["v18.20.0", "v20.0.0", "v20.18.3", "v21.7.0", "v22.12.0", "v23.11.0", "v22", "", "node"] {
            assert!(!runs_the_web_tools(version), "{version}");
        }
    }
}
