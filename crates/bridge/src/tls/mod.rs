//! Mutual TLS between nodes of an alliance: X.509 certificates that are made of those on chain (A-CERT, M-SEC; `docs/specs/alliance.md`, "X.509 and TLS").
//!
//! ```text
//! identity key (secp256k1) -- signs: TLS key, times, serial numbers --> [make] --> X.509 certificate, self-signed
//!
//! handshake: [verifier] form, own signature, binding, alliance, the handshake's signature
//! after it:  [gate] proven state of the alliance chain: known, not revoked, not expired, member, scope --> Peer, or PeerFault
//! open:      [gate] again once a second, until the connection ends or the certificate does
//! ```
//! Nothing is said to the other side before both have passed. The alliance chain is the only authority and the only clock: there is no certificate
//! authority, no revocation list and no host name to compare.
//!
//! Must not: read a clock, believe a node that proves nothing, keep an identity key (making a certificate is all that it is needed for).

mod binding;
mod credentials;
mod fault;
mod gate;
mod issue;
mod make;
mod mutual;
mod verifier;
mod x509;

pub(crate) use self::verifier::fault_of;
pub use self::{
    binding::{Binding, Claim},
    credentials::{Credentials, CredentialsError},
    fault::{ChannelFault, PeerFault},
    gate::{Expectation, Gate, NoGenesis, Peer},
    issue::{IssueError, Serial, issue_credentials},
    make::make_credentials,
    mutual::{Mutual, TlsError},
    verifier::AllianceIdentity,
    x509::{MakeError, NodeCertificate},
};
