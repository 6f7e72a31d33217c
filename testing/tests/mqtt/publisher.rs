//! A device that publishes lines and keeps account of what it was told: by a client library of MQTT 5, and by one of 3.1.1.
//!
//! Line `n` is published at `chancery/v1/operations/n`, so its outcome comes at `chancery/v1/outcomes/n`.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use rumqttc::v5;
use serde_json::Value;

const OPERATIONS: &str = "chancery/v1/operations";
const OUTCOMES: &str = "chancery/v1/outcomes";
/// More than there are lines: nothing waits for room.
const MAX_REQUESTS: usize = 2000;
const MAX_PACKET_BYTES: usize = 2 * 1024 * 1024;
/// After this a test has hung.
const MAX_WAIT: Duration = Duration::from_secs(180);

/// What a device knows of its lines.
#[derive(Default)]
pub(crate) struct Account {
    /// Lines whose message was acknowledged.
    pub(crate) acknowledged: BTreeSet<usize>,
    /// Outcomes of each line, in the order in which they came.
    pub(crate) outcomes: BTreeMap<usize, Vec<Value>>,
}

impl Account {
    /// Lines that have a receipt.
    pub(crate) fn receipts(&self) -> BTreeMap<usize, &Value> {
        self.outcomes
            .iter()
            .filter_map(|(line, outcomes)| Some((*line, outcomes.iter().find_map(|outcome| outcome.get("receipt"))?)))
            .collect()
    }

    fn heard(&mut self, topic: &str, payload: &[u8]) {
        let line = topic.strip_prefix(OUTCOMES).and_then(|label| label.strip_prefix('/')).unwrap().parse().unwrap();
        self.outcomes.entry(line).or_default().push(serde_json::from_slice(payload).unwrap());
    }
}

/// Lines that were given to the client and have no packet id yet, and those that have.
#[derive(Default)]
struct Sent {
    waiting: VecDeque<usize>,
    by_packet: BTreeMap<u16, usize>,
}

impl Sent {
    fn outgoing(&mut self, packet_id: u16) {
        let line = self.waiting.pop_front().unwrap();
        self.by_packet.insert(packet_id, line);
    }
}

/// Over MQTT 5, without a session.
pub(crate) struct Publisher5 {
    client: v5::AsyncClient,
    events: v5::EventLoop,
    sent: Sent,
}

impl Publisher5 {
    pub(crate) fn connect(address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap();
        let mut options = v5::MqttOptions::new("device-5", host, port.parse().unwrap());
        options.set_max_packet_size(Some(MAX_PACKET_BYTES as u32));
        let (client, events) = v5::AsyncClient::new(options, MAX_REQUESTS);
        client.try_subscribe(format!("{OUTCOMES}/#"), v5::mqttbytes::QoS::AtLeastOnce).unwrap();
        Self { client, events, sent: Sent::default() }
    }

    pub(crate) fn publish(&mut self, line: usize, payload: &str) {
        let topic = format!("{OPERATIONS}/{line}");
        self.client.try_publish(topic, v5::mqttbytes::QoS::AtLeastOnce, false, payload.to_owned()).unwrap();
        self.sent.waiting.push_back(line);
    }

    /// Until it is enough, or the connection is lost (`false`).
    pub(crate) async fn until(&mut self, account: &mut Account, enough: impl Fn(&Account) -> bool) -> bool {
        while !enough(account) {
            let event = tokio::time::timeout(MAX_WAIT, self.events.poll()).await.expect("nothing happens any more");
            let Ok(event) = event else { return false };
            match event {
                v5::Event::Outgoing(rumqttc::Outgoing::Publish(packet_id)) => self.sent.outgoing(packet_id),
                v5::Event::Incoming(v5::mqttbytes::v5::Packet::PubAck(ack)) => {
                    account.acknowledged.extend(self.sent.by_packet.remove(&ack.pkid));
                }
                v5::Event::Incoming(v5::mqttbytes::v5::Packet::Publish(publish)) => {
                    account.heard(std::str::from_utf8(&publish.topic).unwrap(), &publish.payload);
                }
                _ => {}
            }
        }
        true
    }
}

/// Over MQTT 3.1.1, with a session that its broker keeps.
pub(crate) struct Publisher4 {
    client: rumqttc::AsyncClient,
    events: rumqttc::EventLoop,
    sent: Sent,
}

impl Publisher4 {
    pub(crate) fn connect(port: u16) -> Self {
        let mut options = rumqttc::MqttOptions::new("device-4", "127.0.0.1", port);
        options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES).set_clean_session(false);
        let (client, events) = rumqttc::AsyncClient::new(options, MAX_REQUESTS);
        client.try_subscribe(format!("{OUTCOMES}/#"), rumqttc::QoS::AtLeastOnce).unwrap();
        Self { client, events, sent: Sent::default() }
    }

    pub(crate) fn publish(&mut self, line: usize, payload: &str) {
        let topic = format!("{OPERATIONS}/{line}");
        self.client.try_publish(topic, rumqttc::QoS::AtLeastOnce, false, payload.to_owned()).unwrap();
        self.sent.waiting.push_back(line);
    }

    /// Until it is enough, or the connection is lost (`false`).
    pub(crate) async fn until(&mut self, account: &mut Account, enough: impl Fn(&Account) -> bool) -> bool {
        while !enough(account) {
            let event = tokio::time::timeout(MAX_WAIT, self.events.poll()).await.expect("nothing happens any more");
            let Ok(event) = event else { return false };
            match event {
                rumqttc::Event::Outgoing(rumqttc::Outgoing::Publish(packet_id)) => self.sent.outgoing(packet_id),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(ack)) => {
                    account.acknowledged.extend(self.sent.by_packet.remove(&ack.pkid));
                }
                rumqttc::Event::Incoming(rumqttc::Packet::Publish(publish)) => {
                    account.heard(&publish.topic, &publish.payload);
                }
                _ => {}
            }
        }
        true
    }
}
