//! Processes of an alliance: `chancery relay` and `chancery endorser`, until they are told to stop; and the certificates that they show one another.

mod authority;
mod certificate;
pub(crate) mod chains;
mod database;
mod doctor;
mod endorser;
mod files;
mod key;
mod member;
mod relay;
mod request;
mod roster;
mod tls;
mod trust;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, ensure};
use axum::Router;
use chancery_bridge::http::{check_listener, serve, serve_mutual};
use serde::de::DeserializeOwned;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    authority::run as run_command,
    doctor::examine,
    endorser::run as run_endorser,
    relay::{Watched, run as run_relay, watched},
};
use crate::commands::read_bounded;

/// Largest configuration file, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Reads a configuration file.
pub(crate) fn configuration<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = String::from_utf8(read_bounded(path, MAX_CONFIG_BYTES)?)
        .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// A path that a configuration file names, relative to that file.
pub(crate) fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().unwrap_or_else(|| Path::new("")).join(path)
}

/// A name as the contracts have it: its characters, and zeros up to 32 bytes.
pub(crate) fn name_of(text: &str) -> Result<B256> {
    let fits = !text.is_empty() && text.len() <= B256::len_bytes() && text.is_ascii();
    ensure!(fits, "a name is 1 to 32 ASCII characters, not {text:?}");
    Ok(B256::right_padding_from(text.as_bytes()))
}

/// A name of a contract as its members chose it; in hexadecimal where it is no plain text.
pub(crate) fn text_of(name: B256) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let (text, rest) = name.split_at(end);
    let is_plain = !text.is_empty() && text.iter().all(|byte| (b' '..=b'~').contains(byte));
    match std::str::from_utf8(text) {
        Ok(text) if is_plain && rest.iter().all(|byte| *byte == 0) => text.to_owned(),
        _ => format!("{name:?}"),
    }
}

/// Serves on loopback, in plain text, until it is told to stop, beside `work`, which does not end by itself. Any other address is refused.
pub(crate) async fn serve_until(
    listen: SocketAddr,
    router: Router,
    what: &str,
    until_stdin_ends: bool,
    work: impl Future<Output = ()>,
) -> Result<()> {
    ensure!(
        check_listener(listen, false).is_ok(),
        "{listen} is reached from other machines, and nothing is encrypted there: listen on a loopback address; {what} is reached from elsewhere through a proxy that speaks TLS"
    );
    let serving = |listener, shutdown| tokio::spawn(serve(listener, router, shutdown));
    Box::pin(listen_until(listen, &format!("{what}=http"), until_stdin_ends, work, serving)).await
}

/// As [`serve_until`], for nodes of the alliance: over mutual TLS, or on loopback.
async fn serve_nodes_until(
    listen: SocketAddr,
    router: Router,
    tls: Option<tls::OwnTls>,
    what: &str,
    until_stdin_ends: bool,
    work: impl Future<Output = ()>,
) -> Result<()> {
    check_listener(listen, tls.is_some())?;
    let Some(tls::OwnTls { tls, wanted }) = tls else {
        return Box::pin(serve_until(listen, router, what, until_stdin_ends, work)).await;
    };
    let own = tls.clone();
    // Their types are deep.
    let (work, warnings) = (Box::pin(work), Box::pin(own.watch_own(&wanted)));
    let work = async {
        tokio::select! { () = work => {}, () = warnings => {} }
    };
    let serving = |listener, shutdown| tokio::spawn(serve_mutual(listener, router, tls, shutdown));
    Box::pin(listen_until(listen, &format!("{what}=https"), until_stdin_ends, work, serving)).await
}

/// Listens until it is told to stop, beside `work`, and says where: `ready WHAT://ADDRESS`.
pub(crate) async fn listen_until(
    listen: SocketAddr,
    what: &str,
    until_stdin_ends: bool,
    work: impl Future<Output = ()>,
    serving: impl FnOnce(TcpListener, CancellationToken) -> JoinHandle<()>,
) -> Result<()> {
    let stop = crate::stop::told_to_stop(until_stdin_ends)?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: choose another address, or end what listens there"))?;
    let shutdown = CancellationToken::new();
    println!("ready {what}://{}", listener.local_addr()?);
    let server = serving(listener, shutdown.clone());
    tokio::select! { () = stop => tracing::info!("stopping"), () = work => {} }
    shutdown.cancel();
    server.await.context("the server has failed")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{future::ready, net::Ipv4Addr};

    use super::*;

    // A-EST: names are read as they were written.
    #[test]
    fn names_are_text_where_they_are() {
        assert_eq!(text_of(name_of("land registry").unwrap()), "land registry");
        assert_eq!(text_of(B256::ZERO), format!("{:?}", B256::ZERO));
        assert_eq!(text_of(B256::repeat_byte(7)), format!("{:?}", B256::repeat_byte(7)));
    }

    // M-SEC: whoever serves in plain text is on this machine alone, and no caller can forget it.
    #[tokio::test]
    async fn plain_text_is_served_on_loopback_alone() {
        let serve_at = |ip: Ipv4Addr| serve_until((ip, 0).into(), Router::new(), "department", false, ready(()));
        let refused = serve_at(Ipv4Addr::UNSPECIFIED).await.unwrap_err().to_string();
        assert!(refused.contains("0.0.0.0:0 is reached from other machines"), "{refused}");
        serve_at(Ipv4Addr::LOCALHOST).await.unwrap();
    }
}
