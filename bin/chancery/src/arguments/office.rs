//! Arguments of what offices do with persons and organizations.

use alloy_primitives::Address;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Register the owner of --key with the real name that an office will confirm.
    Register {
        /// Account name.
        #[arg(long)]
        account: String,
        /// Full name.
        #[arg(long)]
        name: String,
        /// Employer, school or other unit.
        #[arg(long)]
        unit: String,
        /// City.
        #[arg(long)]
        city: String,
        /// Country, ISO 3166-1 alpha-2.
        #[arg(long)]
        country: String,
        /// Number of an identity document.
        #[arg(long)]
        document_number: Option<String>,
        /// Date of birth, YYYY-MM-DD.
        #[arg(long)]
        birth_date: Option<String>,
        /// The key of a confirmed registration is lost: this one is to take its place.
        #[arg(long)]
        recovery: bool,
    },
    /// Show the registration of the owner of --key.
    Show,
    /// List registrations that wait for confirmation (registrar).
    Pending,
    /// Confirm a person's real name, which puts the digital identity on the main chain (registrar).
    Confirm {
        /// The person's address.
        address: Address,
        /// Reject instead, with a reason.
        #[arg(long, value_name = "REASON")]
        reject: Option<String>,
    },
    /// Suspend the account of an address at the gateway (operator): what it asks for is refused. Its keys and its registration stay what they are.
    Suspend {
        /// The address.
        address: Address,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Restore an account that is suspended (operator).
    Restore {
        /// The address.
        address: Address,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// List organizations and their keys.
    List,
    /// Register an organization.
    Register {
        /// Its code (GB 32100, 18 characters; or 1 to 32 characters of 0-9 A-Z -).
        code: String,
        /// Its public name.
        #[arg(long)]
        name: String,
        /// Who administers it. Default: the operator.
        #[arg(long)]
        administrator: Option<Address>,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Suspend an organization as a whole: it issues nothing and its keys have no right; what it issued before stays what it is.
    Suspend {
        /// The organization.
        code: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Resume a suspended organization: the rights of its keys count again.
    Resume {
        /// The organization.
        code: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Authorize a key to sign for an organization.
    AuthorizeKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
        /// A certificate kind, or inspection, registration, sharing, submission.
        #[arg(long)]
        right: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Retire a key: what it has signed stays valid.
    RetireKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
    },
    /// Revoke a key that others may have: nothing it signs from now on is believed.
    RevokeKey {
        /// The organization.
        code: String,
        /// The key's address.
        address: Address,
    },
}
