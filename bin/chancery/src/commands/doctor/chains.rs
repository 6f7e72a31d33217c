//! A city over nodes elsewhere: whether its files belong together, and whether each node answers, as the chain that was agreed on.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use chancery_chain::{Severity, diagnose};
use chancery_ledger::{Ledger, LedgerError, LedgerLimits, RevertReasons};
use chancery_rpc::NodeStatus;

use super::files::Findings;
use crate::{
    city::elsewhere::{Site, read},
    node_rpc::ask,
    output::Output,
};

/// Looks at everything that a file of chains names.
pub(super) async fn examine(path: &Path, output: &Output) -> Result<ExitCode> {
    let mut findings = Findings::default();
    match read(path) {
        Ok(city) => {
            for site in city.sites() {
                Box::pin(look_at(site, &mut findings)).await;
            }
        }
        Err(error) => findings.add(format!("the city cannot be started: {error:#}")),
    }
    Ok(findings.answer(path, output))
}

/// One chain: nobody else's silence hides what is wrong with it.
async fn look_at(site: &Site, findings: &mut Findings) {
    let name = site.name();
    if let Err(error) = newest(site).await {
        findings.add(error.to_string());
        return;
    }
    // What the node says of itself beside: of a chain that is not ours it may be nothing.
    if !site.config.rpc_url.scheme().starts_with("http") {
        return;
    }
    let Ok(status) = ask::<NodeStatus>(site.config.rpc_url.as_str(), "chancery_status").await else { return };
    let diagnosis = diagnose(&status, None);
    for finding in &diagnosis.findings {
        let text = format!("{name}: {finding}");
        if diagnosis.severity() == Some(Severity::Sick) { findings.add(text) } else { findings.add_attention(text) }
    }
}

/// Has the node show the chain's id, its genesis and its newest block, proven.
async fn newest(site: &Site) -> Result<(), LedgerError> {
    let (limits, reasons) = (LedgerLimits::default(), RevertReasons::of_our_contracts());
    let ledger = Ledger::connect(vec![site.config.clone()], limits, reasons).await?;
    ledger.chain(site.name())?.head().await.map(drop)
}
