//! An alliance of chains of one city.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct FoundAlliance {
    /// Data of the city, whose genesis files are trusted. It runs.
    #[arg(long, value_name = "DIR", default_value = "chancery-data", env = "CHANCERY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// Where each member's files are kept, keys among them; readable by the owner alone. What is there is kept and gone on with.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What the alliance is for.
    #[arg(long, default_value = "exchange")]
    pub(crate) purpose: String,
    /// A member, with its chain in the city; once for each of them.
    #[arg(long = "member", value_name = "NAME=CHAIN", required = true)]
    pub(crate) members: Vec<MemberOfCity>,
    /// The chain of the city that decides; no member has it.
    #[arg(long, value_name = "CHAIN", default_value = "main")]
    pub(crate) alliance_chain: String,
    /// What each member runs on its chain.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) node_contract: CityNodeContract,
    /// JSON-RPC port of the city's main chain; its side chains have the next ones, as in `chancery up`.
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    pub(crate) rpc_base_port: u16,
    /// JSON-RPC endpoint of a chain that is elsewhere, http:// or (faster) ws://; may be given several times.
    #[arg(long = "rpc", value_name = "CHAIN=URL")]
    pub(crate) rpc: Vec<MemberOfCity>,
    /// First port on 127.0.0.1 for the relay and, after it, for each member's endorser, in the files that are written.
    #[arg(long, value_name = "PORT", default_value_t = 8600, value_parser = clap::value_parser!(u16).range(1..=65_000))]
    pub(crate) service_base_port: u16,
}

/// The node contracts that come with the platform.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum CityNodeContract {
    /// Words without a rule of their own.
    Store,
    /// Operations, each with what it rests on and what it writes; refused until `chancery alliance rule define` has said that.
    #[default]
    Rules,
}

/// Two texts with an equals sign between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberOfCity {
    pub(crate) name: String,
    pub(crate) chain: String,
}

impl FromStr for MemberOfCity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, chain) = text.split_once('=').ok_or_else(|| format!("{text:?} has no `=`"))?;
        Ok(Self { name: name.trim().to_owned(), chain: chain.trim().to_owned() })
    }
}
