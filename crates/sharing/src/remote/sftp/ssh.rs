//! The system's `ssh` as a child process. Its configuration, agents and files of the user are left out: what is declared is all that counts.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

use super::packet::MAX_PACKET_BYTES;
use crate::remote::{CONNECT_TIMEOUT, HostKey, RemoteConfig, RemoteError, error::said, patience::in_time};

/// Where programs are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// How much of what ssh complains about is kept.
const MAX_COMPLAINT_BYTES: usize = 8 * 1024;
/// How long its end is waited for.
const MAX_END: Duration = Duration::from_secs(2);
/// Prints the host key that is shown (`$2` to `$4`) when its fingerprint (`$1`) is the one in place of `FINGERPRINT`.
const PINNED: &str = r#"/bin/sh -c '[ "$1" = "FINGERPRINT" ] && echo "$2 $3 $4"; exit 0' sh %f %H %t %K"#;

/// A running `ssh`. Killed when dropped.
pub(super) struct Ssh {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    complaints: Option<JoinHandle<String>>,
}

impl Ssh {
    /// Starts it; whether it gets in shows when it answers.
    pub(super) fn start(
        config: &RemoteConfig,
        user: &str,
        key_file: &Path,
        host_key: &HostKey,
    ) -> Result<Self, RemoteError> {
        check_key(key_file)?;
        let mut command = Command::new("ssh");
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C").kill_on_drop(true);
        command.args(["-F", "none", "-T", "-a", "-x"]);
        for option in options() {
            command.arg("-o").arg(option);
        }
        command.arg("-o").arg(format!("IdentityFile={}", quoted(key_file)?));
        match host_key {
            HostKey::KnownHosts(file) => {
                command.arg("-o").arg(format!("UserKnownHostsFile={}", quoted(file)?));
            }
            HostKey::Fingerprint(fingerprint) => {
                check_fingerprint(fingerprint)?;
                let pinned = PINNED.replace("FINGERPRINT", fingerprint);
                command.args(["-o", "UserKnownHostsFile=none", "-o"]).arg(format!("KnownHostsCommand={pinned}"));
            }
        }
        command.args(["-p", &config.port.unwrap_or(22).to_string(), "-l", user, "-s", "--", &config.host, "sftp"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| RemoteError::NoSsh(error.to_string()))?;
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(RemoteError::NoSsh("it has no pipes".to_owned()));
        };
        Ok(Self { child, input, output, complaints: Some(tokio::spawn(complaints(errors))) })
    }

    pub(super) async fn send(&mut self, packet: &[u8], patience: Duration) -> Result<(), RemoteError> {
        let input = &mut self.input;
        let sent = timeout(patience, async {
            input.write_all(packet).await?;
            input.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.ended().await),
            Err(_) => Err(RemoteError::Stalled { seconds: patience.as_secs() }),
        }
    }

    /// The next packet, without its length.
    pub(super) async fn receive(&mut self, patience: Duration) -> Result<Vec<u8>, RemoteError> {
        let output = &mut self.output;
        let received = in_time(patience, async {
            let Ok(length) = output.read_u32().await else { return Ok(None) };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length == 0 || length > MAX_PACKET_BYTES {
                return Err(RemoteError::Protocol("a packet of SFTP beyond its bound"));
            }
            let mut packet = vec![0; length];
            Ok(output.read_exact(&mut packet).await.ok().map(|_| packet))
        });
        match received.await? {
            Some(packet) => Ok(packet),
            None => Err(self.ended().await),
        }
    }

    /// Why it ended, by what it says.
    async fn ended(&mut self) -> RemoteError {
        if timeout(MAX_END, self.child.wait()).await.is_err() {
            self.child.start_kill().ok();
        }
        let said = match self.complaints.take() {
            Some(complaints) => timeout(MAX_END, complaints).await.ok().and_then(Result::ok).unwrap_or_default(),
            None => String::new(),
        };
        reason(&said)
    }
}

/// What keeps a `ssh` from asking anybody, believing anything else, or doing more.
fn options() -> [String; 22] {
    [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=none",
        "CheckHostIP=no",
        "UpdateHostKeys=no",
        "VerifyHostKeyDNS=no",
        "CanonicalizeHostname=no",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PreferredAuthentications=publickey",
        "ClearAllForwardings=yes",
        "Tunnel=no",
        "PermitLocalCommand=no",
        "ControlMaster=no",
        "ControlPath=none",
        "ProxyCommand=none",
        "ConnectionAttempts=1",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=2",
        "EscapeChar=none",
        "LogLevel=ERROR",
        "ConnectTimeout=",
    ]
    .map(|option| match option.strip_suffix('=') {
        Some(name) => format!("{name}={}", CONNECT_TIMEOUT.as_secs()),
        None => option.to_owned(),
    })
}

/// A path as an option takes it. What ssh would replace in it is not taken.
fn quoted(path: &Path) -> Result<String, RemoteError> {
    match path.to_str() {
        Some(text) if text.starts_with('/') && !text.contains(|c: char| c.is_control() || "\"'\\%$".contains(c)) => {
            Ok(format!("\"{text}\""))
        }
        _ => Err(RemoteError::Configuration(format!(
            "ssh cannot be given the path {path:?}: use a whole one without quotes, backslash, % and $"
        ))),
    }
}

fn check_fingerprint(text: &str) -> Result<(), RemoteError> {
    let plain = |each: char| each.is_ascii_alphanumeric() || matches!(each, '+' | '/');
    match text.strip_prefix("SHA256:") {
        Some(digest) if digest.len() == 43 && digest.chars().all(plain) => Ok(()),
        _ => Err(RemoteError::Configuration(
            "host_key is SHA256: and 43 characters, as `ssh-keygen -lf` prints it of the server's key".to_owned(),
        )),
    }
}

fn check_key(path: &Path) -> Result<(), RemoteError> {
    let wrong = |what: &str| Err(RemoteError::Configuration(format!("key_file {}: {what}", path.display())));
    match std::fs::metadata(path) {
        Err(error) => wrong(&error.to_string()),
        Ok(found) if !found.is_file() => wrong("it is no file"),
        #[cfg(unix)]
        Ok(found) if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 => {
            wrong("it may be read by others: chmod 600 it, and make a new key if somebody may have read it")
        }
        Ok(_) => Ok(()),
    }
}

/// What ssh complains about; beyond the bound it is read and forgotten, so that it never waits.
async fn complaints(mut errors: ChildStderr) -> String {
    let (mut kept, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = errors.read(&mut piece).await {
        let room = MAX_COMPLAINT_BYTES - kept.len();
        kept.extend_from_slice(&piece[..count.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn reason(complaint: &str) -> RemoteError {
    let has = |text: &str| complaint.contains(text);
    // Its last line is the reason; those before it are a warning.
    let last = said(complaint.trim().lines().last().unwrap_or("ssh ended without a word"));
    if has("Host key verification failed") || has("HOST IDENTIFICATION HAS CHANGED") {
        RemoteError::HostKey
    } else if has("Permission denied") || has("Too many authentication failures") || has("invalid format") {
        RemoteError::Login(last)
    } else if has("subsystem request failed") {
        RemoteError::Refused("it has no sftp".to_owned())
    } else if has("Bad configuration option") {
        RemoteError::NoSsh(format!("it is too old: {last}"))
    } else {
        RemoteError::Lost(last)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn what_ssh_says_is_told_apart() {
        assert!(matches!(reason("x\r\nHost key verification failed.\r\n"), RemoteError::HostKey));
        assert!(matches!(reason("a@b: Permission denied (publickey).\r\n"), RemoteError::Login(_)));
        assert!(matches!(reason("subsystem request failed on channel 0\n"), RemoteError::Refused(_)));
        let lost = reason("ssh: connect to host 127.0.0.1 port 1: Connection refused\r\n");
        assert!(matches!(lost, RemoteError::Lost(said) if said.ends_with("refused")));
        assert!(matches!(reason(""), RemoteError::Lost(_)));
    }

    // S-COL, SHARE-14
    #[test]
    fn ssh_is_given_nothing_that_it_would_read_as_something_else() {
        assert_eq!(quoted(Path::new("/a b/key")).unwrap(), "\"/a b/key\"");
        for wrong in ["key", "/a\"b", "/%h", "/${HOME}", "/a\\b", "/a\nb"] {
            assert!(quoted(Path::new(wrong)).is_err(), "{wrong}");
        }
        let right = format!("SHA256:{}", "a".repeat(43));
        check_fingerprint(&right).unwrap();
        for wrong in ["", "SHA256:a", &right[7..], &format!("{right}a"), &right.replace('a', "$"), "MD5:aa:bb"] {
            assert!(check_fingerprint(wrong).is_err(), "{wrong}");
        }
    }
}
