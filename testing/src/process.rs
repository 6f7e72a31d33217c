//! Real processes: our city, a network of our nodes, and anvil and a broker beside them.

mod anvil;
mod city;
mod exchange;
mod founded;
mod ftp;
mod ipfs;
mod mariadb;
mod mosquitto;
mod network;
mod postgres;
mod predeployed;
mod s3;
mod small_disk;
mod softhsm;
mod sshd;
mod usage;
mod votes;
mod wire;

use std::path::PathBuf;

pub use anvil::Anvil;
pub use city::{City, CityOptions, Listening, Ready, built_binary};
pub use exchange::{Answer, Endpoint};
pub use founded::until_anchored;
pub use ftp::{FtpOptions, FtpServer, TestCertificates};
pub use ipfs::{HeliaFetch, IpfsNode, helia_fetches};
pub use mariadb::MariadbServer;
pub use mosquitto::Mosquitto;
pub use network::{Network, NodeProcess, free_ports};
pub use postgres::PostgresServer;
pub use predeployed::{FIRST_ACCOUNT, FIRST_KEY, install, rpc};
pub use s3::{AccessKey, S3Server};
pub use small_disk::{MOUNTING, SmallDisk, fill_up, free};
pub use softhsm::SoftHsm;
pub use sshd::{SFTP_SERVER, SshServer};
pub use usage::Usage;
pub use wire::{Fault, Wire};

/// The root of the project.
#[must_use]
pub fn project_root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}
