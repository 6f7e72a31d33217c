//! What the machine must be able to do.

use std::{path::Path, process::Command};

/// Where packets enter and leave the kernel.
const TUN: &str = "/dev/net/tun";

/// Why no hosts can be made here, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Missing {
    #[error("chaos needs Linux: network namespaces are what its hosts are made of")]
    Linux,
    #[error("chaos needs the command `ip`: install iproute2 (Debian, Ubuntu: apt-get install iproute2)")]
    Ip,
    #[error(
        "chaos needs /dev/net/tun: load the module (modprobe tun), or give it to the container (--device /dev/net/tun)"
    )]
    Tun,
    #[error(
        "chaos needs the right to make network namespaces: run it as root (sudo), or with CAP_NET_ADMIN and CAP_SYS_ADMIN"
    )]
    Right,
}

/// Tries what is needed.
pub(super) fn check() -> Result<(), Missing> {
    if !cfg!(target_os = "linux") {
        return Err(Missing::Linux);
    }
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().map(|output| output.status.success())
    };
    works("ip", &["-V"]).map_err(|_| Missing::Ip)?;
    if !Path::new(TUN).exists() {
        return Err(Missing::Tun);
    }
    let probe = format!("chancery-probe-{}", std::process::id());
    match works("ip", &["netns", "add", &probe]) {
        Ok(true) => {
            works("ip", &["netns", "del", &probe]).ok();
            Ok(())
        }
        _ => Err(Missing::Right),
    }
}
