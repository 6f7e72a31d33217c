//! What the journal says that is recorded, compared with what the chain has proven (M-MON-4, WATCH-1). The way back, from a chain to what is kept here, is [`crate::kept`].

use chancery_reference_points::{
    DoorResult,
    data_block::{MAX_RECORDED_ROOTS, RecordedBlock},
    data_search::{AuditReport, AuditedBlock, Difference},
    m2p::M2p,
    mandate::Mandate,
    operation::ChainName,
};

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
            stored: None,
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

#[cfg(test)]
mod tests;
