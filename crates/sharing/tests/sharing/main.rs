//! Sharing over what is real: databases and servers that the tests start, a bucket, a node of its own.
#![allow(missing_docs, clippy::unwrap_used)]

mod case;
mod department;
mod desk;
mod extract;
mod files;
mod forward;
mod ftp;
mod ipfs;
mod ipfs_node;
mod links;
mod logs;
mod mysql;
mod plain_syslog;
mod records;
mod release;
mod remote;
mod rest;
mod rights;
mod runs;
mod sealing;
mod sftp;
mod storage;
mod support;
mod texts;
mod tls;
