//! A trace as a graph: the asset's owner, sources, versions and readers, and what they have to do with one another. Other traces of the city make theirs of it too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde::{Deserialize, Serialize};

use super::AssetTrace;
use crate::trace::{HandOver, UseRight};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Node {
    /// Its name in the graph: letters and digits.
    pub id: String,
    /// `asset`, `organization`, `source`, `version`, `reader`, `right` or `holder`; other traces have others.
    pub kind: String,
    /// What people read.
    pub label: String,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// A node.
    pub from: String,
    /// Another.
    pub to: String,
    /// `owns`, `submitted`, `replaced`, `version-of`, `read`, `permits`, `holds` or `took-over`; other traces have others.
    pub relation: String,
}

/// Nodes and edges, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// The nodes.
    pub nodes: BTreeSet<Node>,
    /// The edges.
    pub edges: BTreeSet<Edge>,
}

impl Graph {
    /// A node; once, however often it is named.
    pub fn node(&mut self, id: &str, kind: &str, label: &str) {
        self.nodes.insert(Node { id: id.into(), kind: kind.into(), label: label.into() });
    }

    /// An edge; once, however often it is named.
    pub fn edge(&mut self, from: &str, to: &str, relation: &str) {
        self.edges.insert(Edge { from: from.into(), to: to.into(), relation: relation.into() });
    }

    /// Rights of use, each of which permits something with the asset.
    pub fn rights(&mut self, asset: &str, rights: &[UseRight]) {
        for (number, right) in rights.iter().enumerate() {
            let id = format!("u{number}");
            let of = right.access.map(|access| format!(" {access:?}").to_lowercase()).unwrap_or_default();
            self.node(&id, "right", &format!("{}{of} - {}", right.act.name(), right.by));
            self.edge(&id, asset, "permits");
        }
    }

    /// In whose hands something was: who holds it, and who took over from whom. `thing` is the node of what changes hands.
    pub fn hand_overs(&mut self, path: &[HandOver], thing: impl Fn(&HandOver) -> String) {
        let mut ids = BTreeMap::new();
        for HandOver { from, to, .. } in path {
            for name in from.iter().chain(to) {
                let next = ids.len();
                ids.entry(name.as_str()).or_insert_with(|| format!("h{next}"));
            }
        }
        for (name, id) in &ids {
            self.node(id, "holder", name);
        }
        for hand_over in path {
            let id_of = |name: Option<&str>| name.and_then(|name| ids.get(name));
            let (from, to) = (id_of(hand_over.from.as_deref()), id_of(hand_over.to.as_deref()));
            for id in from.iter().chain(&to) {
                self.edge(id, &thing(hand_over), "holds");
            }
            if let (Some(from), Some(to)) = (from, to) {
                self.edge(to, from, "took-over");
            }
        }
    }

    /// The graph in Mermaid's notation. Labels keep letters, digits and a few signs, so no label can become notation.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let plain = |label: &str| -> String {
            label.chars().map(|c| if c.is_alphanumeric() || " .-_/".contains(c) { c } else { ' ' }).collect()
        };
        let mut text = String::from("graph LR\n");
        for node in &self.nodes {
            // Writing to a text does not fail.
            let _ = writeln!(text, "  {}[\"{} {}\"]", node.id, node.kind, plain(&node.label));
        }
        for edge in &self.edges {
            let _ = writeln!(text, "  {} -->|{}| {}", edge.from, edge.relation, edge.to);
        }
        text
    }
}

impl AssetTrace {
    /// The trace as a graph.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        graph.node("asset", "asset", &self.asset.subject);
        graph.node("owner", "organization", &self.asset.organization);
        graph.edge("owner", "asset", "owns");
        let mut before: Option<String> = None;
        for version in &self.versions {
            let id = format!("v{}", version.version);
            let source = format!("s{:x}", version.operation.source);
            graph.node(&id, "version", &version.version.to_string());
            graph.node(&source, "source", &version.operation.source.to_string());
            graph.edge(&source, &id, "submitted");
            graph.edge(&id, "asset", "version-of");
            if let Some(before) = before.replace(id.clone()) {
                graph.edge(&id, &before, "replaced");
            }
        }
        for access in &self.accesses {
            let (id, label) = match access.by {
                Some(by) => (format!("r{by:x}"), by.to_string()),
                None => ("public".to_owned(), "the public".to_owned()),
            };
            graph.node(&id, "reader", &label);
            graph.edge(&id, "asset", "read");
        }
        graph.rights("asset", &self.rights);
        graph.hand_overs(&self.transfers.path, |hand_over| format!("s{:x}", hand_over.of));
        graph
    }
}
