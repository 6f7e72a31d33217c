//! Whoever connects and says nothing.

use std::net::SocketAddr;

use chancery_bridge::tls::{Expectation, Serial};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpSocket, TcpStream},
};

use super::service::{Known, Service};
use crate::support::club::Club;

/// More than a service has connections.
const SILENT: usize = 300;
/// On a machine that is so slow that a node is not answered before the silent are given up.
const ROUNDS: usize = 10;

/// A connection from this machine under another of its addresses.
async fn from_elsewhere(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

// M-SEC: nodes at other addresses are answered while the silent connections are still waited for.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_of_one_address_shut_out_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let (server, client) = (club.node(club.bank, 0).await, club.node(club.land, 1).await);
    let service = Service::start(club.mutual("server", &server, Serial::Transaction(server.certificate)).await).await;
    let asking = club.mutual("client", &client, Serial::Transaction(client.certificate)).await;
    let address = service.url().socket_addrs(|| None).unwrap()[0];
    for _ in 0..ROUNDS {
        let mut first = from_elsewhere(address).await;
        let mut others = Vec::new();
        for _ in 1..SILENT {
            others.push(from_elsewhere(address).await);
        }
        let mut nothing = [0];
        tokio::select! {
            biased;
            answer = service.ask(&asking, Expectation::default(), "request") => {
                return assert_eq!(answer, Ok(Known { transaction: Some(client.certificate) }));
            }
            _ = first.read(&mut nothing) => {}
        }
    }
    panic!("a node was answered only after whoever was silent");
}
