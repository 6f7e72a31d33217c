//! What the organizations of a network decide: `chancery network propose-...`, `vote`, each with its own voting key at its own node.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{built_binary, network::Network};

/// How often a command is given again that a node asks to repeat.
const TRIES: usize = 20;

impl Network {
    /// What a command of `chancery network` answers to the organization of a node, given at that node. The node is waited for until it knows
    /// what the others know: organizations decide one after the other here, and each has to see what the one before did.
    ///
    /// # Errors
    /// What the command says when it refuses.
    pub async fn as_organization(&self, node: &str, arguments: &[&str]) -> Result<Value> {
        let own = self.nodes.iter().find(|own| own.name == node).with_context(|| format!("no {node}"))?;
        own.block_hash(self.known().await?).await?;
        let voting_key = self.dir().join(node).join("node.vote");
        for _ in 0..TRIES {
            let output = Command::new(built_binary())
                .args(["--json", "network"])
                .args(arguments)
                .args(["--rpc", &own.rpc, "--voting-key"])
                .arg(&voting_key)
                .output()?;
            if output.status.success() {
                return Ok(serde_json::from_slice(&output.stdout)?);
            }
            let said = String::from_utf8(output.stderr)?;
            // The block in which it was tried was overtaken.
            ensure!(said.contains("try again"), said);
        }
        bail!("{node} is asked to try again, and again: {arguments:?}")
    }

    /// Waits until every running node knows what any of them knows now, so that all of them judge by the same decisions.
    ///
    /// # Errors
    /// When one does not get there, or has another block.
    pub async fn in_step(&self) -> Result<()> {
        self.agree_at(self.known().await?).await.map(drop)
    }

    /// The highest head of the running nodes.
    async fn known(&self) -> Result<u64> {
        let mut known = 0;
        for node in self.nodes.iter().filter(|node| node.runs()) {
            known = known.max(node.height().await?);
        }
        Ok(known)
    }
}
