//! What stands before the entities: the applications' desks, and the gateway's doors.

use std::sync::Arc;

use alloy_primitives::B256;
use anyhow::{Context as _, Result};
use chancery_certificates::{
    applications::ApplicationDesk,
    presentations::PresentationDesk,
    registration::Registration,
    roles::{ConfiguredRoles, RoleResolver},
};
use chancery_gateway::Doors;
use chancery_messages::{
    desk::{self, Desk},
    mailbox::Mailbox,
    members::RegisteredMembers,
};
use chancery_reference_points::{
    mandate::{Mandate, rights},
    s2p::OnBehalf,
};

use super::{EntityDoors, Ground, chain_name};
use crate::city::{
    layout::MAIN,
    ports::{ApplicationPort, ControlPort, MessagePort, PresentationPort, RegistrationPort, RolePort},
};

/// The gateway's doors over those of the entities.
pub(in crate::city) fn gateway_doors(
    ground: &Ground,
    doors: EntityDoors,
    configured: ConfiguredRoles,
    main_genesis: B256,
) -> Result<Doors> {
    let Ground { database, directory, clock, .. } = ground.clone();
    let messages = message_desk(ground, &doors, main_genesis)?;
    let EntityDoors { r2d, r2d_sources, u2s, u2s_data, o2c, v2m, v2m_data, s2p } = doors;
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
        messages: Arc::new(MessagePort::open(messages)),
        database: presentations.clone(),
        presentations,
        o2c: Arc::new(ControlPort::new(o2c, roles.clone())),
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
        chain: chain_name(MAIN.name),
        chain_id: MAIN.chain_id,
        genesis,
        clock: ground.clock.clone(),
    }))
}
