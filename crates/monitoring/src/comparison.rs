//! What the journal says that is recorded, compared with what the chain has proven (M-MON-4, WATCH-1): first from the journal to the chain, then back.

use alloy_primitives::B256;
use chancery_reference_points::{
    DoorResult,
    data_block::{MAX_RECORDED_ROOTS, RecordedBlock},
    data_search::{AuditReport, AuditedBlock, Difference},
    m2p::M2p,
    m2r::M2rData,
    mandate::Mandate,
    operation::ChainName,
};

/// How long a root may be on the chain before it is known here, in milliseconds: whoever records it hears of it later than the chain has it.
const KNOWN_AFTER_MS: u64 = 30_000;

/// Compares the blocks of a report with the chain; the first difference becomes the report's. The blocks are gone afterwards.
pub(crate) async fn against_chain(m2p: &dyn M2p, by: &Mandate, mut report: AuditReport) -> DoorResult<AuditReport> {
    let blocks = std::mem::take(&mut report.recorded);
    for page in blocks.chunks(MAX_RECORDED_ROOTS) {
        let roots = page.iter().map(|block| block.root).collect();
        let found = m2p.recorded_blocks(by, &report.chain, roots).await?;
        for (position, block) in page.iter().enumerate() {
            let found = found.get(position).and_then(Option::as_ref);
            if let Some(difference) = compare(block, found, &report.chain) {
                // What the journal itself contradicts comes after it: it is read in order, and ends there.
                report.complete = false;
                report.next = difference.place;
                report.difference = Some(difference);
                return Ok(report);
            }
            report.compared += 1;
        }
    }
    Ok(report)
}

/// The first way in which a block is not as the chain has it.
fn compare(block: &AuditedBlock, found: Option<&RecordedBlock>, chain: &ChainName) -> Option<Difference> {
    let differs = |check: &str, what: String| {
        let detail = format!("the data block from place {} with root {}: {what}", block.first, block.root);
        Some(Difference {
            check: check.to_owned(),
            place: block.place,
            index: None,
            file: block.file.clone(),
            offset: block.offset,
            detail,
        })
    };
    let Some(found) = found else {
        return differs("chain-root", format!("the journal says that chain {chain} has recorded it, and it has not"));
    };
    if found.root != block.root {
        return differs("chain-root", format!("chain {chain} shows {} in its place", found.root));
    }
    if (found.count, found.first_time, found.last_time) != (block.count, block.first_time, block.last_time) {
        return differs(
            "chain-count",
            format!(
                "{} leaves from {} to {}, and chain {chain} has recorded {} from {} to {}",
                block.count, block.first_time, block.last_time, found.count, found.first_time, found.last_time
            ),
        );
    }
    if found.block_number != block.block_number {
        return differs(
            "chain-place",
            format!(
                "the journal says block {} of chain {chain}, it is block {}",
                block.block_number, found.block_number
            ),
        );
    }
    if found.block_number <= block.after_block {
        return differs(
            "chain-order",
            format!(
                "it was closed after the journal knew block {} of chain {chain}, and stands in block {}",
                block.after_block, found.block_number
            ),
        );
    }
    None
}

/// Roots of the chain from a number on that were looked for.
pub(crate) struct Looked {
    /// Where it goes on.
    pub(crate) next: u64,
    /// Whether that is the end.
    pub(crate) is_end: bool,
    /// The first that nobody here knows.
    pub(crate) difference: Option<Difference>,
}

/// Looks whether everything that the chain has is known here. `now_ms`: what is younger than a moment is left for the next time.
pub(crate) async fn from_chain(
    (m2p, m2r): (&dyn M2p, &dyn M2rData),
    by: &Mandate,
    chain: &ChainName,
    from: u64,
    now_ms: u64,
) -> DoorResult<Looked> {
    let page = m2p.recorded_roots(by, chain, from).await?;
    let next = from.saturating_add(page.roots.len() as u64);
    let end = Looked { next, is_end: next >= page.total || page.roots.is_empty(), difference: None };
    let unknown = m2r.unknown_roots(page.roots.clone()).await?;
    if unknown.is_empty() {
        return Ok(end);
    }
    let found = m2p.recorded_blocks(by, chain, unknown).await?;
    let old = |block: &&RecordedBlock| block.recorded_at.saturating_mul(1000).saturating_add(KNOWN_AFTER_MS) <= now_ms;
    let Some(missing) = found.iter().flatten().find(old) else { return Ok(end) };
    let number = page.roots.iter().position(|root| *root == missing.root).unwrap_or_default() as u64;
    Ok(Looked { difference: Some(lost(chain, from.saturating_add(number), missing.root, missing)), ..end })
}

/// A block that the chain has, and nobody here.
fn lost(chain: &ChainName, number: u64, root: B256, block: &RecordedBlock) -> Difference {
    let RecordedBlock { count, block_number, first_time, last_time, .. } = block;
    Difference {
        check: "journal-root".into(),
        place: number,
        index: None,
        file: String::new(),
        offset: 0,
        detail: format!(
            "chain {chain} has recorded data block number {number} with root {root} in its block {block_number}: {count} leaves from {first_time} to {last_time}; neither the journal nor the index of operations has leaves that give it"
        ),
    }
}

#[cfg(test)]
mod tests;
