//! What chains show of holders by proof, and rules that ask for it.

use alloy_primitives::Address;
use chancery_primitives::CertificateKind;
use clap::Subcommand;

use super::CityTrust;

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Agree that a chain shows that you have a valid certificate of a kind, signed with --key. No content is shown, and no number. What is taken back later stays in
    /// the history of the chain.
    Give {
        /// The kind that may be shown.
        kind: CertificateKind,
        /// The chain that may show it: `main`, or that of a kind whose rule asks for it.
        #[arg(long, value_name = "CHAIN", default_value = "main")]
        on: String,
        /// For how many days.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Take it back, signed with --key: nothing of the kind is shown from the next block on.
    Withdraw {
        /// The kind.
        kind: CertificateKind,
        /// The chain that shows it.
        #[arg(long, value_name = "CHAIN", default_value = "main")]
        on: String,
    },
    /// See which kinds of certificates a chain shows of somebody, and what of it is proven here: what is not, is the gateway's word. With --genesis, exit code 1 where
    /// something is not proven.
    Show {
        /// The holder.
        address: Address,
        /// The chain.
        #[arg(long, value_name = "CHAIN", default_value = "main")]
        on: String,
        #[command(flatten)]
        trust: CityTrust,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConditionCommand {
    /// See the rule of a kind, and what it may ask for.
    Show {
        /// The kind that is issued.
        kind: CertificateKind,
    },
    /// Say which certificates a holder needs to get one of a kind (operator). It takes the place of the rule before as a whole.
    Set {
        /// The kind that is issued.
        kind: CertificateKind,
        /// A kind of which a valid certificate is needed; may be given several times.
        #[arg(long = "requires", value_name = "KIND", required = true)]
        requires: Vec<CertificateKind>,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Take the rule away (operator).
    Remove {
        /// The kind that is issued.
        kind: CertificateKind,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}
