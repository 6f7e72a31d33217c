//! The trace as a graph: who owned the asset, under which organizations it stood, who may use it, and who was granted which version
//! and came for it.

use std::collections::HashMap;

use chancery_reference_points::data_search::Graph;

use super::{ResourceTrace, TracedEvent};
use crate::department::Fetched;

impl ResourceTrace {
    /// The trace as a graph. Nodes are `asset`, `organization`, `owner`, `version` and `reader`; edges `source-of`, `owned`, `owns`, `shared`, `shares`, `transferred-to`, `version-of`,
    /// `may-use`, `might-use` (withdrawn), `asked-for`, `was-granted`, `fetched-key`, `fetched-file` and `was-refused`. Whether a right has expired depends on when one looks, and stands in the list.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        graph.node("asset", "asset", self.resource.as_str());
        for (place, held) in self.organizations.iter().enumerate() {
            let id = format!("o{place}");
            graph.node(&id, "organization", &held.by);
            graph.edge(&id, "asset", if held.until.is_none() { "shares" } else { "shared" });
        }
        let mut before = None;
        for held in &self.owners {
            let id = format!("a{:x}", held.by);
            graph.node(&id, "owner", &held.by.to_string());
            graph.edge(&id, "asset", if held.until.is_none() { "owns" } else { "owned" });
            match before.replace(id.clone()) {
                Some(before) => graph.edge(&before, &id, "transferred-to"),
                None if !self.cut => graph.edge(&id, "asset", "source-of"),
                None => {}
            }
        }
        for right in &self.rights {
            let id = format!("r{:x}", right.holder);
            graph.node(&id, "reader", &right.holder.to_string());
            graph.edge(&id, "asset", if right.withdrawn_at.is_none() { "may-use" } else { "might-use" });
        }
        let mut asked = HashMap::new();
        for entry in &self.entries {
            match &entry.event {
                TracedEvent::Published { version, .. } => {
                    let id = format!("v{version}");
                    graph.node(&id, "version", &version.to_string());
                    graph.edge(&id, "asset", "version-of");
                }
                TracedEvent::Asked { request, reader, version, .. } => {
                    asked.insert(*request, *version);
                    access(&mut graph, &format!("{reader:x}"), &reader.to_string(), Some(*version), "asked-for");
                }
                TracedEvent::Granted { request, reader, .. } => {
                    let version = asked.get(request).copied();
                    access(&mut graph, &format!("{reader:x}"), &reader.to_string(), version, "was-granted");
                }
                _ => {}
            }
        }
        for one in &self.accesses {
            let relation = match (&one.refused, one.fetched) {
                (Some(_), _) => "was-refused",
                (None, Fetched::Key) => "fetched-key",
                (None, Fetched::File) => "fetched-file",
            };
            access(&mut graph, &format!("{:x}", one.reader), &one.reader.to_string(), one.version, relation);
        }
        graph
    }
}

/// An access of a reader: to the version that was asked for, or, where that is cut off, to the asset.
fn access(graph: &mut Graph, reader: &str, label: &str, version: Option<u32>, relation: &str) {
    let (id, to) = (format!("r{reader}"), version.map(|version| format!("v{version}")));
    graph.node(&id, "reader", label);
    if let (Some(to), Some(version)) = (&to, version) {
        graph.node(to, "version", &version.to_string());
    }
    graph.edge(&id, to.as_deref().unwrap_or("asset"), relation);
}
