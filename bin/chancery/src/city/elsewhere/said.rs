//! Who runs a chain and how it is, as its node elsewhere says: for `GET /v1/chains` (S-SVC). It is the node's word, and nothing rests on it.

use std::{collections::BTreeMap, time::Duration};

use alloy::transports::http::reqwest::Client;
use anyhow::Result;
use chancery_gateway::doors::{ChainPeers, PeerView};
use chancery_ledger::Endpoint;
use chancery_rpc::NodeStatus;
use serde_json::json;
use tokio::{
    sync::watch::{Receiver, Sender, channel},
    time::sleep,
};

use super::Site;
use crate::{city::peers::seen, node_rpc};

/// How often a node is asked.
const PAUSE: Duration = Duration::from_secs(5);

/// What the nodes have said last, by the name of the chain. They are asked as long as it is there.
pub(in crate::city) struct Said(BTreeMap<&'static str, Receiver<Option<ChainPeers>>>);

impl Said {
    /// Begins to ask those that answer over HTTP. Must be called within the runtime.
    pub(super) fn start(sites: &[Site]) -> Result<Self> {
        let asked = sites.iter().filter(|site| site.config.rpc_url.scheme().starts_with("http"));
        let all = asked.map(|site| {
            let endpoint = Endpoint::read(&site.config.rpc_url)?;
            let (said, heard) = channel(None);
            tokio::spawn(ask(node_rpc::client(&endpoint)?, endpoint.url().to_string(), said));
            Ok((site.name(), heard))
        });
        Ok(Self(all.collect::<Result<_>>()?))
    }
}

impl PeerView for Said {
    fn of_chain(&self, name: &str) -> Option<ChainPeers> {
        self.0.get(name)?.borrow().clone()
    }
}

/// Asks until nobody wants to know. Of a node that does not answer nothing is known.
async fn ask(client: Client, url: String, said: Sender<Option<ChainPeers>>) {
    while !said.is_closed() {
        let status = node_rpc::ask_by::<NodeStatus>(&client, &url, "chancery_status", &json!([])).await;
        said.send_replace(status.ok().filter(is_plausible).and_then(|status| seen(&[status])));
        tokio::select! { () = sleep(PAUSE) => {}, () = said.closed() => {} }
    }
}

/// What is kept of a stranger's word is handed on to everybody who asks: no chain has more validators, and no member a longer name (FOUND-8).
fn is_plausible(status: &NodeStatus) -> bool {
    const MAX_VALIDATORS: usize = 256;
    const MAX_NAME_BYTES: usize = 64;
    const MAX_KEY_BYTES: usize = 128;
    status.validators.len() <= MAX_VALIDATORS
        && status.validators.iter().all(|validator| {
            let name = &validator.organization;
            name.len() <= MAX_NAME_BYTES
                && !name.contains(char::is_control)
                && validator.peer_key.len() <= MAX_KEY_BYTES
        })
}
