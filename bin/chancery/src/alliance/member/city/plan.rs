//! Which chains of a city become whose, and where everything is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    alliance::{chains::ChainSection, name_of},
    arguments::{CityNodeContract, FoundAlliance, MemberOfCity},
    city::{
        layout::{CityChain, DataDir, chain_named, chains},
        main_chain_id,
    },
};

/// A city has no more side chains than this.
const MAX_MEMBERS: usize = 16;

/// What is made of which chains.
pub(super) struct Plan {
    pub(super) out: PathBuf,
    pub(super) purpose: String,
    pub(super) node_contract: &'static str,
    /// The chain that decides.
    pub(super) home: CityChain,
    pub(super) seats: Vec<Seat>,
    /// EIP-155 id of the city's main chain.
    main_chain_id: u64,
    /// First port of relay and endorsers.
    pub(super) service_port: u16,
    places: BTreeMap<&'static str, Place>,
}

/// A member that is to be.
pub(super) struct Seat {
    pub(super) name: String,
    pub(super) chain: CityChain,
    pub(super) folder: PathBuf,
    /// Of its endorser.
    pub(super) port: u16,
}

/// Where a chain is asked, and what is trusted of it.
struct Place {
    rpc: String,
    genesis: PathBuf,
}

impl Plan {
    pub(super) fn new(command: &FoundAlliance) -> Result<Self> {
        let home = chain_named(&command.alliance_chain)?;
        let data = DataDir::new(&std::path::absolute(&command.data_dir)?);
        ensure!(data.genesis().is_dir(), "{} holds no city: start one first (`chancery up`)", data.path().display());
        let out = std::path::absolute(&command.out)?;
        name_of(&command.purpose)?;
        ensure!(command.members.len() <= MAX_MEMBERS, "an alliance of a city has at most {MAX_MEMBERS} members");
        let mut seats: Vec<Seat> = Vec::new();
        for (MemberOfCity { name, chain }, port) in command.members.iter().zip(command.service_base_port + 1..) {
            name_of(name)?;
            let chain = chain_named(chain)?;
            seats.push(Seat { name: name.clone(), chain, folder: out.join(folder_of(name)), port });
        }
        let names: BTreeSet<_> = seats.iter().map(|seat| &seat.folder).collect();
        let own: BTreeSet<_> = seats.iter().map(|seat| seat.chain.name).chain([home.name]).collect();
        ensure!(
            seats.len() >= 2 && names.len() == seats.len() && own.len() == seats.len() + 1,
            "an alliance has two members or more, each with a name and a chain of its own, and the chain that decides ({}) is none of theirs",
            home.name
        );
        Ok(Self {
            out,
            purpose: command.purpose.clone(),
            node_contract: match command.node_contract {
                CityNodeContract::Store => "store",
                CityNodeContract::Rules => "rules",
            },
            home,
            main_chain_id: main_chain_id(&data)?,
            seats,
            service_port: command.service_base_port,
            places: places(command, &data)?,
        })
    }

    /// EIP-155 id of a chain of the city.
    pub(super) fn id_of(&self, chain: CityChain) -> u64 {
        chain.id(self.main_chain_id)
    }

    /// How a configuration names a chain.
    pub(super) fn section(&self, chain: CityChain) -> ChainSection {
        let (rpc, genesis) = self.place(chain);
        ChainSection::certified(chain.name, rpc.to_owned(), genesis)
    }

    /// Where a chain is asked, and its genesis file.
    pub(super) fn place(&self, chain: CityChain) -> (&str, &Path) {
        // Every chain of a city has one.
        self.places.get(chain.name).map_or(("", Path::new("")), |place| (place.rpc.as_str(), place.genesis.as_path()))
    }
}

fn places(command: &FoundAlliance, data: &DataDir) -> Result<BTreeMap<&'static str, Place>> {
    let mut elsewhere = BTreeMap::new();
    for MemberOfCity { name, chain: url } in &command.rpc {
        elsewhere.insert(chain_named(name)?.name, url.clone());
    }
    let mut all = BTreeMap::new();
    for (chain, offset) in chains().zip(0u16..) {
        let port = command.rpc_base_port.checked_add(offset).context("--rpc-base-port is too high")?;
        // The same port as HTTP: new blocks are told there, and many questions share a connection.
        let rpc = elsewhere.remove(chain.name).unwrap_or_else(|| format!("ws://127.0.0.1:{port}"));
        all.insert(chain.name, Place { rpc, genesis: data.genesis_of(chain) });
    }
    Ok(all)
}

/// A name as a folder.
fn folder_of(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn command(members: &[&str], dir: &Path) -> FoundAlliance {
        std::fs::create_dir_all(dir.join("genesis")).unwrap();
        FoundAlliance {
            data_dir: dir.to_owned(),
            out: dir.join("alliance"),
            purpose: "mortgages".to_owned(),
            members: members.iter().map(|text| text.parse().unwrap()).collect(),
            alliance_chain: "main".to_owned(),
            node_contract: CityNodeContract::Store,
            rpc_base_port: 8545,
            rpc: vec!["degree=http://127.0.0.1:9".parse().unwrap()],
            service_base_port: 8600,
        }
    }

    // A-CON: a chain is one member's, and that which decides is nobody's.
    #[test]
    fn members_have_a_name_and_a_chain_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan::new(&command(&["bank=degree", "land registry=real-estate"], dir.path())).unwrap();
        assert_eq!((plan.seats[1].port, plan.seats[1].folder.file_name().unwrap()), (8602, "land-registry".as_ref()));
        assert_eq!(plan.place(plan.seats[0].chain).0, "http://127.0.0.1:9");
        assert_eq!(plan.place(plan.seats[1].chain).0, "ws://127.0.0.1:8547");
        for members in [
            &["bank=degree"][..],
            &["bank=degree", "land=degree"],
            &["bank=degree", "land=main"],
            &["a b=degree", "a-b=real-estate"],
            &["bank=degree", "land=nowhere"],
            &["=degree", "land=real-estate"],
        ] {
            assert!(Plan::new(&command(members, dir.path())).is_err(), "{members:?}");
        }
    }
}
