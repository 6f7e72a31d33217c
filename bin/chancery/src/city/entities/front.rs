//! What stands before the entities: the applications' desks, and the gateway's doors.

use std::{path::Path, sync::Arc};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, ensure};
use chancery_certificates::{
    applications::ApplicationDesk,
    presentations::PresentationDesk,
    registration::Registration,
    roles::{ConfiguredRoles, RoleResolver},
};
use chancery_gateway::Doors;
use chancery_identity::Keeper;
use chancery_light::TrustedChain;
use chancery_messages::{
    cities::{Cities, ListedCity},
    desk::{self, Desk},
    limits::MAX_CITIES,
    mailbox::Mailbox,
    members::RegisteredMembers,
};
use chancery_reference_points::{
    mandate::{Mandate, rights},
    s2p::OnBehalf,
};

use super::{EntityDoors, Ground, chain_name};
use crate::{
    city::{
        layout::{DataDir, MAIN, chains},
        ports::{
            ApplicationPort, ControlPort, DatabaseJournal, MessagePort, PresentationPort, RegistrationPort, RolePort,
        },
    },
    commands::{listed_chains, pinned},
};

/// Longest name of another city, in bytes.
const MAX_CITY_NAME_BYTES: usize = 32;

/// The gateway's doors over those of the entities. `audits_mailboxes`: whether messages are computed anew without anybody asking.
pub(in crate::city) fn gateway_doors(
    ground: &Ground,
    doors: EntityDoors,
    configured: ConfiguredRoles,
    main_genesis: B256,
    audits_mailboxes: bool,
) -> Result<Doors> {
    let Ground { database, directory, clock, .. } = ground.clone();
    let messages = message_desk(ground, &doors, main_genesis)?;
    let EntityDoors { r2d, r2d_sources, u2s, u2s_data, o2c, o2c_alerts, v2m, v2m_data, s2p } = doors;
    // What the gateway asks by itself, to serve whoever comes.
    let by = |right| Arc::new(OnBehalf::new(s2p.clone(), Mandate::of_the_city(right)));
    let (who, identities, certificates) =
        (by(rights::IDENTIFICATION), by(rights::REGISTRATION), by(rights::APPLICATIONS));
    let roles = RoleResolver::new(database.clone(), directory.clone(), who, configured, clock.clone());
    let presentations = Arc::new(PresentationPort(PresentationDesk::new(database.clone(), clock.clone())));
    let registration = Registration::new(database.clone(), directory.clone(), r2d.clone(), identities, clock.clone());
    Ok(Doors {
        registration: Arc::new(RegistrationPort(registration)),
        applications: Arc::new(ApplicationPort(ApplicationDesk::new(
            database,
            directory,
            roles.clone(),
            certificates,
            clock,
        ))),
        // Of whoever watches one.
        alliance: None,
        // Of whoever feeds them.
        anchors: None,
        // Of whoever runs the nodes.
        peers: None,
        shown: None,
        messages: Arc::new(MessagePort::open(messages, audits_mailboxes.then(|| v2m_data.clone()))),
        database: presentations.clone(),
        presentations,
        o2c: Arc::new(ControlPort::new(o2c, roles.clone())),
        o2c_alerts,
        roles: Arc::new(RolePort(roles)),
        r2d,
        r2d_sources,
        u2s,
        u2s_data,
        v2m_data,
        v2m,
    })
}

/// `genesis`: that of the main chain. Statements of messages name it, so that they count on no other chain with the same id.
fn message_desk(ground: &Ground, doors: &EntityDoors, genesis: B256) -> Result<Desk> {
    let folder = ground.data.messages();
    let mailbox = Mailbox::open(&folder).with_context(|| format!("cannot open {}", folder.display()))?;
    let chains = Arc::new(OnBehalf::new(doors.s2p.clone(), Mandate::of_the_city(rights::MESSAGES)));
    Ok(Desk::new(desk::Parts {
        mailbox: Arc::new(mailbox),
        r2d: doors.r2d.clone(),
        members: Arc::new(RegisteredMembers::new(ground.directory.clone(), chains)),
        // Beside the other looks at what is not open: M2S tells them all.
        journal: Arc::new(DatabaseJournal::new(ground.database.clone(), Keeper::Provisioning)),
        cities: listed_cities(&ground.data.cities(), genesis)?,
        chain: chain_name(MAIN.name),
        chain_id: ground.directory.main_chain_id(),
        genesis,
        trusted: trusted_main(&ground.data),
        clock: ground.clock.clone(),
    }))
}

/// The main chain, as its genesis file gives it; `None` where that names no validators, so that nothing is proven.
fn trusted_main(data: &DataDir) -> Option<TrustedChain> {
    let read = pinned(&data.genesis_of(MAIN));
    read.inspect_err(|error| tracing::info!(%error, "messages cannot be audited against the main chain"))
        .ok()
        .map(|main| main.trusted().clone())
}

/// The cities whose main chain's genesis file the operator has put into a folder, each under its name: NAME.json. Without the folder there is none.
fn listed_cities(folder: &Path, own: B256) -> Result<Cities> {
    if !folder.try_exists().with_context(|| format!("cannot read {}", folder.display()))? {
        return Ok(Cities::default());
    }
    let listed = listed_chains(folder).context("the list of other cities cannot be read")?;
    ensure!(listed.len() <= MAX_CITIES, "{} lists more than {MAX_CITIES} cities", folder.display());
    let count = listed.len();
    let is_own = |chain: &TrustedChain| chain.genesis_hash() == own;
    ensure!(!listed.iter().any(|(_, chain)| is_own(chain)), "{} lists this city itself", folder.display());
    for (name, _) in &listed {
        check_name(name).with_context(|| format!("{} lists a city as {name:?}: rename its file", folder.display()))?;
    }
    let cities: Cities = listed.into_iter().map(|(name, chain)| ListedCity { name, chain }).collect();
    ensure!(cities.len() == count, "{} lists a city twice", folder.display());
    Ok(cities)
}

/// Where a message of another city is recorded is told under the city's name: one that could be taken for a chain of this city is none.
fn check_name(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        (1..=MAX_CITY_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain),
        "a name has 1 to {MAX_CITY_NAME_BYTES} lower-case letters, digits and `-`"
    );
    ensure!(!chains().any(|own| own.name == name), "a chain of this city has that name");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // MSG-12
    #[test]
    fn no_other_city_is_called_as_a_chain_of_this_one() {
        for good in ["north", "city-2", &"a".repeat(MAX_CITY_NAME_BYTES)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(MAX_CITY_NAME_BYTES + 1);
        for bad in ["main", "degree", "", "North", "a b", "a\nb", "s\u{fc}d", &long] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
