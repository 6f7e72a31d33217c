use alloy::rpc::types::Block;
use alloy_primitives::{B256, U128};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{LedgerError, connection::Connection};

/// What a transaction offers for its gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fees {
    /// EIP-1559.
    Market { max_fee: u128, max_tip: u128 },
    /// Before EIP-1559.
    Legacy { gas_price: u128 },
}

/// The fees read last. Gas is free on our chains; a chain where it is not is asked now and then.
#[derive(Debug, Default)]
pub(super) struct FeeBoard(Mutex<Option<(Fees, Instant)>>);

impl FeeBoard {
    pub(super) async fn read(&self, connection: &Connection) -> Result<Fees, LedgerError> {
        let last = *self.0.lock();
        if let Some((fees, read_at)) = last
            && (fees.is_free() || read_at.elapsed() < connection.limits.fee_refresh)
        {
            return Ok(fees);
        }
        let fees = ask(connection).await?;
        *self.0.lock() = Some((fees, Instant::now()));
        Ok(fees)
    }

    /// The node found them too low.
    pub(super) fn forget(&self) {
        *self.0.lock() = None;
    }
}

impl Fees {
    /// The most that so much gas may cost, in wei.
    pub(super) fn most(self, gas: u64) -> u128 {
        let (Self::Market { max_fee: price, .. } | Self::Legacy { gas_price: price }) = self;
        price.saturating_mul(gas.into())
    }

    fn is_free(self) -> bool {
        matches!(self, Self::Market { max_fee: 0, .. } | Self::Legacy { gas_price: 0 })
    }
}

/// Blocks may become dearer by an eighth each: twice the price lasts for five full ones.
const HEADROOM: u128 = 2;

async fn ask(connection: &Connection) -> Result<Fees, LedgerError> {
    const LATEST: &str = "eth_getBlockByNumber";
    let latest: Option<Block<B256>> = connection.request(LATEST, ("latest", false)).await?;
    let base_fee = latest.and_then(|block| block.header.inner.base_fee_per_gas);
    let price: U128 = connection.request("eth_gasPrice", ()).await?;
    let gas_price = price.to::<u128>();
    Ok(match base_fee {
        None => Fees::Legacy { gas_price },
        Some(base_fee) => {
            let base_fee = u128::from(base_fee);
            let max_tip = gas_price.saturating_sub(base_fee);
            Fees::Market { max_fee: base_fee.saturating_mul(HEADROOM).saturating_add(max_tip), max_tip }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Fees;

    // LEDGER-6: a node that asks for more than there is does not overflow it.
    #[test]
    fn what_gas_may_cost_is_the_highest_price_times_the_gas() {
        assert_eq!(Fees::Market { max_fee: 7, max_tip: 2 }.most(21_000), 147_000);
        assert_eq!(Fees::Legacy { gas_price: u128::MAX }.most(2), u128::MAX);
    }
}
