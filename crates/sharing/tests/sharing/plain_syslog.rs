//! Syslog in plain text: of this machine alone.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use chancery_sharing::collect::{CollectError, Collector, CollectorConfig};

use crate::{
    logs::{config, extracted},
    support::Desk,
};

// M-SEC, S-COL
#[tokio::test(flavor = "multi_thread")]
async fn plain_syslog_beyond_this_machine_is_refused_and_on_it_taken_of_named_senders_alone() {
    let desk = Desk::new();
    let everywhere = Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0));
    let quiet = CollectorConfig { tails: vec![], ..config(&desk) };
    // Two addresses of this machine, of which one is named.
    let (named, stranger) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST);
    for plain_senders in [vec![], vec![named.into()]] {
        for open in [
            CollectorConfig { syslog_udp: everywhere, plain_senders: plain_senders.clone(), ..quiet.clone() },
            CollectorConfig { syslog_tcp: everywhere, plain_senders: plain_senders.clone(), ..quiet.clone() },
        ] {
            let refused = Collector::start(open).await.err();
            assert!(matches!(refused, Some(CollectError::PlainSyslog(_))), "{refused:?}");
        }
    }
    let loopback = Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0));
    let config =
        CollectorConfig { syslog_udp: loopback, syslog_tcp: loopback, plain_senders: vec![named.into()], ..quiet };
    let collector = Collector::start(config).await.unwrap();
    let here = |address: Option<SocketAddr>| SocketAddr::from((Ipv4Addr::LOCALHOST, address.unwrap().port()));
    // In their order: what is taken of the stranger would come first.
    for (from, text) in [(stranger, "<13>strange"), (named, "<13>one")] {
        let socket = UdpSocket::bind((from, 0)).unwrap();
        socket.send_to(text.as_bytes(), here(collector.syslog_udp())).unwrap();
    }
    assert_eq!(extracted(&desk, 2, 1).await, ["one"]);
    let connected = async |from: Ipv4Addr| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(here(collector.syslog_tcp())).await.unwrap()
    };
    let mut strange = connected(stranger).await.into_std().unwrap();
    strange.set_nonblocking(false).unwrap();
    strange.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    strange.write_all(b"<13>strange\n").ok();
    // Closed, or closed with what was not read.
    let closed = strange.read(&mut [0]);
    let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
    assert!(matches!(&closed, Ok(0)) || closed.as_ref().is_err_and(is_reset), "{closed:?}");
    let mut stream = connected(named).await.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.write_all(b"<13>two\n").unwrap();
    assert_eq!(extracted(&desk, 2, 1).await, ["two"]);
    drop(stream);
    collector.stop().await;
}
