//! What a TLS handshake verifies: that whoever answers has the key of a certificate whose binding is good, for this alliance. Whether the certificate counts
//! is asked of the chain right after it, before anything is said ([`super::Gate`]).

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerIncompatible, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use super::{Claim, NodeCertificate, PeerFault};

/// Which alliance certificates are to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllianceIdentity {
    /// EIP-155 id of the alliance chain.
    pub chain_id: u64,
    /// Its `Alliance` contract.
    pub contract: Address,
    /// Hash of that chain's genesis header.
    pub genesis_hash: B256,
}

impl AllianceIdentity {
    /// # Errors
    /// `WrongAlliance`.
    pub(super) fn check(&self, claim: &Claim) -> Result<(), PeerFault> {
        let its = Self { chain_id: claim.chain_id, contract: claim.contract, genesis_hash: claim.genesis_hash };
        let wrong = || PeerFault::WrongAlliance { chain_id: claim.chain_id, contract: claim.contract };
        if its == *self { Ok(()) } else { Err(wrong()) }
    }
}

/// Verifies either side of a handshake. Reads no clock: times are the alliance chain's.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    pub(super) alliance: AllianceIdentity,
    pub(super) provider: Arc<CryptoProvider>,
}

impl PeerVerifier {
    fn check(&self, end_entity: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), Error> {
        let checked = if others.is_empty() {
            NodeCertificate::read(end_entity).and_then(|certificate| self.alliance.check(&certificate.claim))
        } else {
            Err(PeerFault::malformed("a node shows one certificate"))
        };
        checked.map_err(|fault| CertificateError::Other(OtherError(Arc::new(fault))).into())
    }

    fn signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

/// Why a handshake failed on this side, if it was because of the other's certificate.
pub(crate) fn fault_of(error: &std::io::Error) -> Option<PeerFault> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    match inner {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref::<PeerFault>().cloned(),
        Error::NoCertificatesPresented => Some(PeerFault::Missing),
        _ => None,
    }
}
