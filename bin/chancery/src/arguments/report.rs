//! Arguments of reports and fees.

use alloy_primitives::Address;
use chancery_client::rest::values::Timestamp;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// From this time on, RFC 3339; 30 days before the end unless given.
    #[arg(long)]
    pub(crate) from: Option<Timestamp>,
    /// Before this time, RFC 3339; now unless given.
    #[arg(long)]
    pub(crate) to: Option<Timestamp>,
    /// The numbers that can be published, as CSV, with --json as JSON: no address, and no resource that not everybody may see.
    #[arg(long)]
    pub(crate) open_data: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeeCommand {
    /// Show what inspections cost.
    Prices,
    /// Say what each inspection costs from now on, and checks by machine, each or by traffic (operator). Citizens pay nothing.
    Set {
        /// `organizations` (of each without a price of its own) or `organization:CODE`.
        subject: String,
        /// In hundredths of the currency's unit; 0 is free.
        amount: u64,
        /// The three capital letters of ISO 4217.
        currency: String,
        /// What a check by machine costs, which records nothing, in hundredths; free unless given. The same certificate again within the hour is the same check.
        #[arg(long, value_name = "HUNDREDTHS")]
        check_amount: Option<u64>,
        /// What a MiB (2^20 bytes) of what checks ask and are answered costs, in hundredths; free unless given.
        #[arg(long, value_name = "HUNDREDTHS")]
        mebibyte_amount: Option<u64>,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Take a price away (operator): what counts for every organization counts again, and for these, nothing.
    Remove {
        /// As it was set.
        subject: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Show what is owed for a period: an inspector its own, a supervisor all.
    Bill {
        /// Only of this inspector (supervisor).
        #[arg(long)]
        inspector: Option<Address>,
        /// From this time on, RFC 3339; 30 days before the end unless given.
        #[arg(long)]
        from: Option<Timestamp>,
        /// Before this time, RFC 3339; now unless given.
        #[arg(long)]
        to: Option<Timestamp>,
    },
}
