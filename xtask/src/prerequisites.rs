//! What must be on the machine. Node.js and Rust are asked for; the rest is installed from Debian's packages when it is missing.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::shell::{command, output, run, step};

/// The oldest Node.js that the web tools run on.
const MIN_NODE_MAJOR: u32 = 20;

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
    let advice = "install Node.js 20 or newer with npm (https://nodejs.org, or your system's packages)";
    let version =
        output(command("node").arg("--version")).with_context(|| format!("Node.js was not found: {advice}"))?;
    let major: u32 =
        version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < MIN_NODE_MAJOR {
        bail!("Node.js {version} is too old: {advice}");
    }
    output(command("npm").arg("--version")).with_context(|| format!("npm was not found: {advice}"))?;
    Ok(())
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
