//! What is asked of what a chain is founded with: the founding file, and the genesis that is made by it.

use std::{num::NonZeroU64, path::PathBuf};

use alloy_primitives::Address;
use clap::Args;

use super::change;

#[derive(Debug, Args)]
pub(crate) struct MakeFounding {
    /// Grants and revokes roles: a key that is kept away from machines, and used for nothing else.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) administrator: Address,
    /// Configures organizations and data formats. May be given several times.
    #[arg(long = "operator", value_name = "ADDRESS", required = true)]
    pub(crate) operators: Vec<Address>,
    /// Records data blocks: the key of a city's machine, which is an operator too. May be given several times.
    #[arg(long = "submitter", value_name = "ADDRESS", required = true)]
    pub(crate) submitters: Vec<Address>,
    /// A person who releases contracts and approves changes together with another. At least two.
    #[arg(long = "contract-operator", value_name = "ADDRESS", required = true)]
    pub(crate) contract_operators: Vec<Address>,
    /// EIP-155 id of the main chain; the side chains have the next five. Default: a new one that no other chain has.
    #[arg(long, value_name = "N")]
    pub(crate) chain_id: Option<u64>,
    /// Blocks of an epoch: validators that were voted in or out change at its end. At least 8.
    #[arg(long, value_name = "BLOCKS", default_value = "1024")]
    pub(crate) epoch_length: NonZeroU64,
    /// Kinds of changes that need two operators: organizations, keys, formats, services, access, quotas; separated by commas.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = change::kind)]
    pub(crate) two_operators: Vec<chancery_primitives::ChangeKind>,
    /// A chain that is founded together with the others, and the names of its validators: main=tax,university, degree=university. Give the main chain and at least one
    /// side chain; each side chain's genesis then names the main chain's. Default: none, the file founds one chain, or the six of a city in one process.
    #[arg(long = "chain", value_name = "NAME=MEMBER,...", value_parser = chain_members)]
    pub(crate) chains: Vec<(String, Vec<String>)>,
    /// For `chancery up` and `chancery gateway`: the key that the city sends its transactions with, as made by `chancery key new` (relative to the founding file), or `pkcs11:...`.
    #[arg(long, value_name = "FILE|pkcs11:...")]
    pub(crate) submitter_key: Option<PathBuf>,
    /// For `chancery up` and `chancery gateway`: the key that signs receipts of what sources submit, as made by `chancery source key` (relative to the founding file), or `pkcs11:...`. Default: a file that the city makes.
    #[arg(long, value_name = "FILE|pkcs11:...", requires = "submitter_key")]
    pub(crate) receipts_key: Option<PathBuf>,
    /// For `chancery up` and `chancery gateway`: the key with which the city's relay pays, and which has no role, as made by `chancery key new`, or `pkcs11:...`. Default: a file that the city makes.
    #[arg(long, value_name = "FILE|pkcs11:...", requires = "submitter_key")]
    pub(crate) relay_key: Option<PathBuf>,
    /// For `chancery up` and `chancery gateway`: who supervises the city. May be given several times.
    #[arg(long = "supervisor", value_name = "ADDRESS", requires = "submitter_key")]
    pub(crate) supervisors: Vec<Address>,
    /// Where to write it; must not exist.
    #[arg(long, value_name = "FILE", default_value = "founding.toml")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct MakeGenesis {
    /// What `chancery network key` printed, a file for each validator.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) members: Vec<PathBuf>,
    /// The founding file, the same for everybody.
    #[arg(long, value_name = "FILE", required_unless_present = "development", conflicts_with = "development")]
    pub(crate) founding: Option<PathBuf>,
    /// A trial: give every authority to the public development keys, and fund them. Whoever reaches a node of it can do everything.
    #[arg(long)]
    pub(crate) development: bool,
    /// With --development: EIP-155 id of the main chain, if the chain is to differ from other trials; a side chain has one of the next five. Default: 7100.
    #[arg(long, value_name = "N", requires = "development")]
    pub(crate) chain_id: Option<u64>,
    /// Which chain of a city it is: main, or the kind of certificate that it carries. Not with a founding file that names chains: all of them are made together. Default: main.
    #[arg(long)]
    pub(crate) chain: Option<String>,
    /// Where to write it; must not exist. Default: genesis.json, or the folder `genesis` of a founding file that names chains, with a file NAME.json for each.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) out: Option<PathBuf>,
    /// With --development: blocks of an epoch, at least 8; validators that were voted in or out change at its end. Default: 1024.
    #[arg(long, value_name = "BLOCKS", requires = "development")]
    pub(crate) epoch_length: Option<NonZeroU64>,
}

/// Reads NAME=MEMBER,MEMBER,...
fn chain_members(text: &str) -> Result<(String, Vec<String>), String> {
    let (chain, members) = text.split_once('=').ok_or("say NAME=MEMBER,...: a chain, and who runs its validators")?;
    Ok((chain.to_owned(), members.split(',').map(str::to_owned).collect()))
}
