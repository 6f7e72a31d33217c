//! A university with an issuing key on one chain, and a holder.

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue as _;
use chancery_contracts::{CertificateRegistry, GenesisAccessManager, HeldCertificates, OrganizationRegistry};

use crate::support::{chain::TestChain, partnership::name};

/// An hour: no test waits for it.
pub(crate) const MAX_AGE_S: u64 = 3600;

pub(crate) fn university() -> B256 {
    name("UNIVERSITY-1")
}

pub(crate) fn degree() -> B256 {
    name("degree")
}

pub(crate) fn master() -> B256 {
    name("master-degree")
}

/// Where the registry keeps whether the university stands (`contracts/src/libraries/RegistrySlots.sol`).
pub(crate) fn standing_slot() -> B256 {
    let first = keccak256((university(), U256::from(2)).abi_encode());
    U256::from_be_bytes(first.0).wrapping_add(U256::ONE).into()
}

fn sealed() -> Bytes {
    Bytes::from_static(b"sealed payload")
}

pub(crate) struct Bodies {
    /// The chain's `OrganizationRegistry`.
    pub(crate) registry: Address,
    pub(crate) issuer: PrivateKeySigner,
    pub(crate) successor: PrivateKeySigner,
    pub(crate) holder: PrivateKeySigner,
}

impl Bodies {
    /// The operator of the chain registers the university, which authorizes its issuer for degrees.
    pub(crate) async fn found(chain: &TestChain) -> Self {
        let (operator, code) = (chain.operator(), university());
        let arguments = GenesisAccessManager::constructorCall {
            administrator: operator,
            operators: vec![operator],
            submitters: vec![operator],
            contractOperators: Vec::new(),
        };
        let authority = chain.deploy(&GenesisAccessManager::BYTECODE, &arguments).await;
        let arguments = OrganizationRegistry::constructorCall { authority };
        let registry = chain.deploy(&OrganizationRegistry::BYTECODE, &arguments).await;
        let bodies = Self {
            registry,
            issuer: PrivateKeySigner::random(),
            successor: PrivateKeySigner::random(),
            holder: PrivateKeySigner::random(),
        };
        let register = OrganizationRegistry::registerOrganizationCall {
            code,
            name: "University".to_owned(),
            metadataHash: B256::ZERO,
            administrator: operator,
        };
        chain.call(registry, &register).await;
        chain.call(registry, &OrganizationRegistry::grantRightCall { code, right: degree() }).await;
        let key = bodies.issuer.address();
        let (right, begin, end) = (degree(), 0, 0);
        let authorize = OrganizationRegistry::authorizeKeyCall { code, key, right, notBefore: begin, notAfter: end };
        chain.call(registry, &authorize).await;
        bodies
    }

    pub(crate) async fn rotate(&self, chain: &TestChain) {
        let rotate = OrganizationRegistry::rotateKeyCall {
            code: university(),
            retired: self.issuer.address(),
            successor: self.successor.address(),
            right: degree(),
            notAfter: 0,
        };
        chain.call(self.registry, &rotate).await;
    }

    /// To the holder, signed by the issuer.
    pub(crate) async fn issue(
        &self,
        chain: &TestChain,
        certificates: Address,
        kind: B256,
        number: u8,
    ) -> CertificateRegistry::issueCall {
        signed_issue(&self.issuer, &self.holder, chain, certificates, kind, number).await
    }

    pub(crate) async fn successor_issues(
        &self,
        chain: &TestChain,
        certificates: Address,
        kind: B256,
        number: u8,
    ) -> CertificateRegistry::issueCall {
        signed_issue(&self.successor, &self.holder, chain, certificates, kind, number).await
    }

    pub(crate) async fn issue_to(
        &self,
        holder: &PrivateKeySigner,
        chain: &TestChain,
        certificates: Address,
        kind: B256,
        number: u8,
    ) -> CertificateRegistry::issueCall {
        signed_issue(&self.issuer, holder, chain, certificates, kind, number).await
    }

    pub(crate) async fn revoke(
        &self,
        chain: &TestChain,
        certificates: Address,
        number: u8,
    ) -> CertificateRegistry::changeStatusCall {
        const REVOKED: u8 = 3;
        let operation = CertificateRegistry::ChangeStatus {
            certificateId: B256::with_last_byte(number),
            status: REVOKED,
            reason: 0,
            revision: 0,
            deadline: deadline(chain).await,
        };
        let digest = CertificateRegistry::changeStatusDigestCall { operation: operation.clone() };
        let signature = signature(&self.issuer, chain.view(certificates, &digest).await);
        CertificateRegistry::changeStatusCall { operation, issuer: self.issuer.address(), signature }
    }

    /// The holder agrees that a kind is shown for so many seconds.
    pub(crate) async fn disclose(
        &self,
        chain: &TestChain,
        held: Address,
        kind: B256,
        seconds: u64,
    ) -> HeldCertificates::discloseCall {
        let until = chain.time_s().await + seconds;
        disclosure(&self.holder, chain, held, kind, until).await
    }

    /// Takes it back.
    pub(crate) async fn withdraw(
        &self,
        chain: &TestChain,
        held: Address,
        kind: B256,
    ) -> HeldCertificates::discloseCall {
        disclosure(&self.holder, chain, held, kind, 0).await
    }
}

/// Whoever has a key agrees to whatever they like.
pub(crate) async fn disclosure(
    holder_key: &PrivateKeySigner,
    chain: &TestChain,
    held: Address,
    kind: B256,
    until: u64,
) -> HeldCertificates::discloseCall {
    let holder = holder_key.address();
    let digest = chain.view(held, &HeldCertificates::discloseDigestCall { holder, kind, until }).await;
    HeldCertificates::discloseCall { holder, kind, until, signature: signature(holder_key, digest) }
}

async fn signed_issue(
    issuer: &PrivateKeySigner,
    holder: &PrivateKeySigner,
    chain: &TestChain,
    certificates: Address,
    kind: B256,
    number: u8,
) -> CertificateRegistry::issueCall {
    let operation = CertificateRegistry::Issue {
        certificateId: B256::with_last_byte(number),
        kind,
        organization: university(),
        holder: holder.address(),
        contentHash: keccak256("document"),
        sealedHash: keccak256(sealed()),
        validFrom: 0,
        validUntil: 0,
        previous: B256::ZERO,
        deadline: deadline(chain).await,
    };
    let digest = CertificateRegistry::issueDigestCall { operation: operation.clone() };
    let signature = signature(issuer, chain.view(certificates, &digest).await);
    CertificateRegistry::issueCall { operation, issuer: issuer.address(), signature, sealedPayload: sealed() }
}

/// Long enough for nodes that were built without optimisation on a loaded machine.
async fn deadline(chain: &TestChain) -> u64 {
    chain.time_s().await + 1800
}

fn signature(key: &PrivateKeySigner, digest: B256) -> Bytes {
    key.sign_hash_sync(&digest).unwrap().as_bytes().into()
}
