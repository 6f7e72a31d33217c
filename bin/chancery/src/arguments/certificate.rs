//! What is asked about certificates: to issue, find, renew, change, check and verify one.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// List the certificate kinds and their formats.
    Kinds {
        /// Show this kind's JSON Schema.
        kind: Option<String>,
    },
    /// Issue a certificate: build it from the subject, seal it to the holder, sign it, send it (C-API-2).
    Send(Send),
    /// Fetch a certificate by holder's address, block number and transaction hash (C-API-5), with its proof.
    Query(Query),
    /// List the certificates of the owner of --key.
    List,
    /// Decrypt a certificate file (from `query --out`) with --key and show it.
    Open {
        /// The file.
        file: PathBuf,
    },
    /// Renew a certificate: issues a new one that names the old, which becomes `renewed`.
    Renew(Renew),
    /// Revoke a certificate for good.
    Revoke(ChangeStatus),
    /// Suspend a certificate.
    Suspend(ChangeStatus),
    /// Make a suspended certificate valid again.
    Resume {
        /// The certificate.
        certificate: B256,
    },
    /// Trace a certificate: source, owner, who may do what with it, renewals and inspections, as a list and as a graph (its holder, its issuer, supervisors).
    Trace {
        /// The certificate.
        certificate: B256,
        /// Print the graph in Mermaid's notation.
        #[arg(long)]
        mermaid: bool,
    },
    /// Show a certificate of the owner of --key as a QR code and link, for an inspector; or as a file, for one who has no network.
    Present {
        /// The certificate.
        certificate: B256,
        /// The code opens once: whoever shows it later has photographed it.
        #[arg(long, conflicts_with = "out")]
        once: bool,
        /// Write a file with the document and every proof here instead, for `chancery verify` and the inspector's page.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Genesis folder by which the file is verified before it is written. Default: what the gateway says of its chains.
        #[arg(long, value_name = "PATH", env = "CHANCERY_GENESIS")]
        genesis: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Kind of certificate: marriage, real-estate, degree, business-licence, health-licence.
    #[arg(long)]
    pub(crate) kind: String,
    /// Address of the holder, who must be confirmed.
    #[arg(long)]
    pub(crate) holder: Address,
    /// Code of the issuing organization.
    #[arg(long)]
    pub(crate) organization: String,
    #[command(flatten)]
    pub(crate) content: Content,
    /// First day of validity, YYYY-MM-DD. Default: now.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<String>,
    /// Last moment of validity, YYYY-MM-DD (end of that day, UTC). Default: without end.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
}

/// Where the content of a certificate comes from. With both, what is typed is compared with what the office knows.
#[derive(Debug, Args)]
pub(crate) struct Content {
    /// JSON file with the subject, by the kind's schema; `-` reads standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "business")]
    pub(crate) subject: Option<PathBuf>,
    /// Declaration of the office's business database, which fills the content (docs/operations/business-database.md).
    #[arg(long, value_name = "FILE", requires = "record")]
    pub(crate) business: Option<PathBuf>,
    /// Which record of it: the value of its key.
    #[arg(long, value_name = "KEY", requires = "business")]
    pub(crate) record: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Address of the holder.
    pub(crate) address: Address,
    /// Number of the block.
    pub(crate) block: u64,
    /// Hash of the transaction.
    pub(crate) tx_hash: B256,
    /// Chain, when it is known; otherwise all are asked.
    #[arg(long)]
    pub(crate) chain: Option<String>,
    /// Write the certificate and its proof here, for `chancery verify`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// With the proof of its status and of its issuer's right, so that the file says how old it is.
    #[arg(long, requires = "out")]
    pub(crate) staple: bool,
    /// With --staple: genesis folder by which the file is verified before it is written. Default: what the gateway says of its chains.
    #[arg(long, value_name = "PATH", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The certificate that is renewed.
    pub(crate) certificate: B256,
    #[command(flatten)]
    pub(crate) send: RenewedContent,
}

#[derive(Debug, Args)]
pub(crate) struct RenewedContent {
    #[command(flatten)]
    pub(crate) content: Content,
    /// First day of validity, YYYY-MM-DD. Default: now.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<String>,
    /// Last day of validity, YYYY-MM-DD. Default: without end.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeStatus {
    /// The certificate.
    pub(crate) certificate: B256,
    /// Why.
    #[arg(long, value_enum, default_value_t = Reason::Unspecified)]
    pub(crate) reason: Reason,
}

/// Why a certificate is revoked or suspended (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    Unspecified,
    KeyCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 valid, proven and recorded (or --dry-run); 1 any other outcome, not recorded, or an error; 2 wrong usage. What the gateway says \
                  counts where the chains prove the same: otherwise the outcome is cannot-determine."
)]
pub(crate) struct Inspect {
    /// The link behind the QR code.
    pub(crate) code: String,
    /// Only look: record nothing on the chain.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) trust: CityTrust,
}

/// By which genesis the answers of a gateway are verified.
#[derive(Debug, Args)]
pub(crate) struct CityTrust {
    /// The city's genesis folder, which decides what is believed. Default: what the gateway gave when this machine met it first; what it shows later is held against that.
    #[arg(long, value_name = "DIR", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
    /// Folder in which cities are remembered that were met without --genesis. Default: chancery/cities in the folder of configurations ($XDG_CONFIG_HOME, ~/.config).
    #[arg(long, value_name = "DIR", env = "CHANCERY_KNOWN_CITIES")]
    pub(crate) known_cities: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 genuine and valid; 1 not genuine (a check failed), or an error; 2 wrong usage; \
                        3 genuine, but revoked, replaced, suspended, expired or not yet in force; 4 genuine, but the file proves no status, or one older than --max-age.")]
pub(crate) struct Verify {
    /// The certificate file (from `certificate query --out` or `certificate present --out`), the proof of an operation (from `submit --proofs`), or of an alliance's request (from `alliance request --proof`), or receipts of submissions (from `--json submit`).
    pub(crate) file: PathBuf,
    /// Genesis file of a chain, or a city's genesis folder. It decides what is believed: get it from somebody you trust, not from who shows the certificate.
    #[arg(long, value_name = "PATH", default_value = "chancery-data/genesis", env = "CHANCERY_GENESIS")]
    pub(crate) genesis: PathBuf,
    /// Of an alliance's request: genesis file of the alliance chain. A member's chain is never taken for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) alliance_genesis: Option<PathBuf>,
    /// Of an alliance's request: the alliance's contract, as its members have told you.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contract: Option<Address>,
    /// Of a receipt: the public key of the journal that gave it (JWK), as its operator handed it out: `receipts.jwk` in the city's data folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt_key: Option<PathBuf>,
    /// The decrypted document, to check that it is the one that was issued.
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    /// Of a file with a staple: the oldest proof that is accepted, as a number with its unit (90s, 15m, 12h, 7d), or `any`: its age is shown. Default: 24h.
    #[arg(long, value_name = "AGE", value_parser = max_age)]
    pub(crate) max_age: Option<MaxAge>,
}

/// The oldest proof that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxAge {
    /// Whoever verifies looks at the age.
    Any,
    /// In seconds.
    Seconds(u64),
}

fn max_age(text: &str) -> Result<MaxAge, String> {
    if text == "any" { Ok(MaxAge::Any) } else { age_s(text).map(MaxAge::Seconds) }
}

/// Reads `15m` as seconds.
fn age_s(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no age: write a number with its unit, as 90s, 15m, 12h or 7d, or `any`");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).ok_or_else(wrong)?;
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).ok_or_else(wrong)
}
