//! Topics (MQTT 5, 4.7): where submissions are published, and where their outcomes.

use crate::limits::MAX_TOPIC_BYTES;

/// Submissions are published here, or below it: what stands below (a source, a batch) is the publisher's to choose.
pub const OPERATIONS: &str = "chancery/v1/operations";
/// Outcomes are published here; of a message to `OPERATIONS/x/y` at `OUTCOMES/x/y`.
pub const OUTCOMES: &str = "chancery/v1/outcomes";
/// What a client of a broker subscribes to: [`OPERATIONS`] and everything below.
pub const OPERATIONS_FILTER: &str = "chancery/v1/operations/#";

/// Where the outcome of a message is published; `None` when the message is no submission. A response topic (MQTT 5, 4.10) counts if it is
/// [`OUTCOMES`] or below (MQTT-3): otherwise whoever may publish at [`OPERATIONS`] could publish anywhere, by the city's right.
#[must_use]
pub fn outcome_topic(topic: &str, response: Option<&str>) -> Option<String> {
    let below = below(topic, OPERATIONS)?;
    match response.filter(|response| is_topic(response) && self::below(response, OUTCOMES).is_some()) {
        Some(response) => Some(response.to_owned()),
        None => Some(format!("{OUTCOMES}{below}")),
    }
}

/// What follows `root`, with its `/`; empty for `root` itself.
fn below<'a>(topic: &'a str, root: &str) -> Option<&'a str> {
    topic.strip_prefix(root).filter(|below| below.is_empty() || below.starts_with('/'))
}

/// Whether this is the name of a topic (4.7.1, 4.7.3), within our bound.
#[must_use]
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= MAX_TOPIC_BYTES && !topic.contains(['+', '#', '\0'])
}

/// Whether this is a topic filter (4.7.1, 4.7.3), within our bound.
#[must_use]
pub fn is_filter(filter: &str) -> bool {
    let levels = filter.split('/').count();
    let is_level = |(number, level): (usize, &str)| match level {
        "#" => number + 1 == levels,
        "+" => true,
        level => !level.contains(['+', '#', '\0']),
    };
    !filter.is_empty() && filter.len() <= MAX_TOPIC_BYTES && filter.split('/').enumerate().all(is_level)
}

/// Whether a topic is among those of a filter.
#[must_use]
pub fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}
