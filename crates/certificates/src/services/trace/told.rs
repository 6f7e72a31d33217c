//! What the rules of the certificate registry say of a certificate (`docs/specs/certificate-registry.md`), and the trace as a graph.

use alloy_primitives::Address;
use chancery_primitives::CertificateStatus;
use chancery_reference_points::{
    Role,
    data_search::Graph,
    trace::{Entitled, HandOver, Transfers, UseAct, UseRight},
};

use super::{CertificateTrace, Successor};
use crate::registry::RegisteredCertificate;

/// Who may do what with a certificate as it stands.
pub(super) fn rights(certificate: &RegisteredCertificate) -> Vec<UseRight> {
    let holder = || Entitled::Address { address: certificate.holder };
    let issuer = || Entitled::Organization { organization: certificate.organization.to_string() };
    let mut rights = vec![
        UseRight::of(
            UseAct::Read,
            holder(),
            "CERT-5: the document is sealed to the holder's key, and opens for nobody else",
        ),
        UseRight::of(UseAct::Present, holder(), "C-API-3: what is shown is signed by the holder's key, and dated"),
        UseRight::of(UseAct::AskStatus, Entitled::Anybody, "C-API-5: whoever knows the identifier"),
    ];
    if matches!(certificate.status, CertificateStatus::Valid | CertificateStatus::Suspended) {
        let rule = "CERT-2, CERT-7: a key that the issuing organization has for the kind in that block";
        rights.push(UseRight::of(UseAct::ChangeStatus, issuer(), rule));
    }
    if certificate.status == CertificateStatus::Valid {
        let rule = "CERT-2, CERT-6: the same, for the same holder";
        rights.push(UseRight::of(UseAct::Renew, issuer(), rule));
    }
    let supervisors = Entitled::Roles { roles: vec![Role::Supervisor] };
    for by in [holder(), issuer(), supervisors] {
        rights.push(UseRight::of(UseAct::SeeHistory, by, "M-MON-2: who is named in it, and supervisors"));
    }
    rights
}

/// Why a certificate stays its holder's. `path`: in whose hands the holder's identity was; `cut`: there were more before.
pub(super) fn transfers(path: Vec<HandOver>, cut: bool) -> Transfers {
    let reason = "the holder is part of what the issuer signed and the registry recorded once, no operation changes it, and a renewal has the same holder; whoever loses the key is \
                  bound to a new address by an office, to which certificates are issued anew";
    let transfers = Transfers::never("CERT-3, CERT-4, CERT-6", reason, path);
    Transfers { cut: transfers.cut || cut, ..transfers }
}

impl CertificateTrace {
    /// The trace as a graph: issuer, owner, renewals, inspectors and rights around the certificate.
    pub(super) fn graph(&self) -> Graph {
        let id_of = |address: &Address| format!("a{address:x}");
        let certificate = &self.certificate;
        let (mut graph, owner) = (Graph::default(), id_of(&certificate.holder));
        graph.node("certificate", "certificate", &certificate.certificate_id.to_string());
        graph.node("issuer", "organization", &certificate.organization.to_string());
        graph.edge("issuer", "certificate", "issued");
        graph.node(&owner, "owner", &certificate.holder.to_string());
        graph.edge(&owner, "certificate", "owns");
        let mut newer: Vec<String> = vec!["certificate".to_owned()];
        let node_of = |graph: &mut Graph, one: &Successor| {
            let id = format!("c{:x}", one.certificate_id.to_bytes32());
            graph.node(&id, "certificate", &one.certificate_id.to_string());
            id
        };
        for one in self.before.iter().rev() {
            newer.insert(0, node_of(&mut graph, one));
        }
        for one in &self.after {
            newer.push(node_of(&mut graph, one));
        }
        for pair in newer.windows(2) {
            if let [older, newer] = pair {
                graph.edge(newer, older, "renewed");
            }
        }
        for inspection in &self.accesses {
            let inspector = id_of(&inspection.inspector);
            graph.node(&inspector, "inspector", &inspection.inspector.to_string());
            graph.edge(&inspector, "certificate", "inspected");
        }
        graph.rights("certificate", &self.rights);
        graph.hand_overs(&self.transfers.path, |_| owner.clone());
        graph
    }
}
