//! The switch between the hosts: takes packets out of each host's TUN device and puts them, later or never, into another's.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::{Context, Result};
use rand::RngExt as _;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tun_rs::{AsyncDevice, DeviceBuilder};

use super::weather::Weather;

/// The largest packet that a device takes: the kernel's default for Ethernet.
const MTU: usize = 1500;
/// Packets on their way to one host; beyond that a switch loses them too.
const IN_FLIGHT: usize = 8192;

/// A running switch; dropping it stops it.
pub(super) struct Switch {
    weather: watch::Sender<Weather>,
    _tasks: JoinSet<()>,
}

/// The TUN device that will be a host's interface, not yet moved into the host.
pub(super) fn device(name: &str) -> Result<AsyncDevice> {
    DeviceBuilder::new().name(name).build_async().with_context(|| format!("cannot make the TUN device {name}"))
}

/// A host's address among the others.
pub(super) fn address_of(host: usize) -> Ipv4Addr {
    // There are a handful of hosts.
    Ipv4Addr::new(10, 77, 0, u8::try_from(host + 1).unwrap_or(u8::MAX))
}

impl Switch {
    /// Joins the hosts' devices, in the order of the hosts.
    pub(super) fn join(devices: Vec<AsyncDevice>) -> Self {
        let (weather, seen) = watch::channel(Weather::calm());
        let devices: Vec<Arc<AsyncDevice>> = devices.into_iter().map(Arc::new).collect();
        let mut tasks = JoinSet::new();
        let mut queues = Vec::with_capacity(devices.len());
        for device in &devices {
            let (queue, packets) = mpsc::channel(IN_FLIGHT);
            queues.push(queue);
            tasks.spawn(deliver(device.clone(), packets));
        }
        for (host, device) in devices.into_iter().enumerate() {
            tasks.spawn(take(host, device, queues.clone(), seen.clone()));
        }
        Self { weather, _tasks: tasks }
    }

    /// From now on the weather is this. What is on its way arrives.
    pub(super) fn change(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

type Packet = (Instant, Vec<u8>);

async fn take(
    host: usize,
    device: Arc<AsyncDevice>,
    queues: Vec<mpsc::Sender<Packet>>,
    weather: watch::Receiver<Weather>,
) {
    let mut buffer = [0; MTU];
    // Ends when the host's namespace, and the device with it, is gone.
    while let Ok(length) = device.recv(&mut buffer).await {
        let Some(packet) = buffer.get(..length) else { continue };
        let Some(to) = destination(packet) else { continue };
        let Some(queue) = queues.get(to) else { continue };
        let fate = weather.borrow().fate(host, to, rand::rng().random_range(0..100));
        if let Some(delay) = fate {
            queue.try_send((Instant::now() + delay, packet.to_vec())).ok();
        }
    }
}

async fn deliver(device: Arc<AsyncDevice>, mut packets: mpsc::Receiver<Packet>) {
    while let Some((due, packet)) = packets.recv().await {
        sleep_until(due).await;
        if device.send(&packet).await.is_err() {
            return;
        }
    }
}

/// The host that an IPv4 packet (RFC 791, 3.1) is for; `None` for what is none, or is for nobody here.
fn destination(packet: &[u8]) -> Option<usize> {
    let version = packet.first()? >> 4;
    let address: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    let host = usize::from(address[3]).checked_sub(1)?;
    (version == 4 && Ipv4Addr::from(address) == address_of(host)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_goes_to_the_host_whose_address_it_bears() {
        let mut packet = [0u8; 20];
        packet[0] = 0x45;
        packet[16..].copy_from_slice(&address_of(2).octets());
        assert_eq!(destination(&packet), Some(2));
        packet[16] = 192;
        assert_eq!(destination(&packet), None, "another network");
        packet[16] = 10;
        packet[0] = 0x60;
        assert_eq!(destination(&packet), None, "IPv6");
        assert_eq!(destination(&packet[..19]), None, "cut short");
    }
}
