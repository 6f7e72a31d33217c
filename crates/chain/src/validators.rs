use alloy_primitives::B256;
use chancery_execution::{GenesisConfig, RegisteredValidator, chain_essentials};
use chancery_light::{TrustedChain, finality_namespace};
use commonware_codec::DecodeExt;
use commonware_consensus::simplex::scheme::bls12381_multisig;
use commonware_cryptography::{bls12381::primitives::variant::MinPk, ed25519};
use commonware_utils::ordered::{BiMap, Set};

use crate::{
    Role, ValidatorKeys,
    error::NodeError,
    keys::{BlsPublicKey, possessed},
};

/// The Ed25519 key that a validator's connections are authenticated with.
pub type PeerKey = ed25519::PublicKey;

/// How votes are signed: BLS12-381 with public keys in G1, aggregated, every signer named.
pub type ConsensusScheme = bls12381_multisig::Scheme<PeerKey, MinPk>;

/// The validators of a chain in one epoch, checked, with the namespace that binds their votes to it.
#[derive(Clone, Debug)]
pub struct ValidatorSet {
    members: BiMap<PeerKey, BlsPublicKey>,
    trusted: TrustedChain,
    /// Who runs each, in the order of the set.
    organizations: Vec<String>,
    name: String,
}

impl ValidatorSet {
    /// Reads the set from a genesis file.
    ///
    /// # Errors
    /// [`NodeError::Validators`], [`NodeError::PeerKey`], [`NodeError::Possession`], [`NodeError::ValidatorOrder`].
    pub fn new(genesis: &GenesisConfig, genesis_hash: B256) -> Result<Self, NodeError> {
        let trusted = TrustedChain::new(chain_essentials(genesis, genesis_hash))?;
        let mut members: Vec<(PeerKey, BlsPublicKey)> = Vec::with_capacity(genesis.validators.len());
        for (index, validator) in genesis.validators.iter().enumerate() {
            let peer = PeerKey::decode(validator.peer_public_key.to_vec()).map_err(|_| NodeError::PeerKey(index))?;
            let bls = BlsPublicKey::decode(validator.bls_public_key.to_vec())
                .map_err(|_| chancery_light::TrustError::MalformedKey(index))?;
            if !possessed(&bls, &validator.proof_of_possession) {
                return Err(NodeError::Possession { validator: validator.name.clone() });
            }
            if members.last().is_some_and(|(previous, _)| *previous >= peer) {
                return Err(NodeError::ValidatorOrder(index));
            }
            members.push((peer, bls));
        }
        let count = members.len();
        let members = BiMap::try_from(members).map_err(|_| NodeError::ValidatorOrder(count))?;
        let organizations = genesis.validators.iter().map(|validator| validator.name.clone()).collect();
        Ok(Self { members, trusted, organizations, name: genesis.name.clone() })
    }

    /// The validators of a later epoch of the same chain, as its registry has them. Proofs of possession were checked there when they were
    /// proposed.
    ///
    /// # Errors
    /// [`NodeError::Validators`], [`NodeError::PeerKey`], [`NodeError::ValidatorOrder`]: what the registry would have refused.
    pub(crate) fn in_epoch(&self, epoch: u64, registered: &[RegisteredValidator]) -> Result<Self, NodeError> {
        let keys = registered.iter().map(|validator| validator.bls_public_key).collect();
        let trusted = TrustedChain::at_epoch(self.trusted.essentials().clone(), epoch, keys)?;
        let mut members: Vec<(PeerKey, BlsPublicKey)> = Vec::with_capacity(registered.len());
        for (index, validator) in registered.iter().enumerate() {
            let peer = PeerKey::decode(validator.peer_public_key.to_vec()).map_err(|_| NodeError::PeerKey(index))?;
            let bls = BlsPublicKey::decode(validator.bls_public_key.to_vec())
                .map_err(|_| chancery_light::TrustError::MalformedKey(index))?;
            if members.last().is_some_and(|(previous, _)| *previous >= peer) {
                return Err(NodeError::ValidatorOrder(index));
            }
            members.push((peer, bls));
        }
        let count = members.len();
        let members = BiMap::try_from(members).map_err(|_| NodeError::ValidatorOrder(count))?;
        let organizations = registered.iter().map(RegisteredValidator::organization_name).collect();
        Ok(Self { members, trusted, organizations, name: self.name.clone() })
    }

    /// The chain's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The epoch in which they decide.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.trusted.epoch()
    }

    /// What verifies this chain's certificates.
    #[must_use]
    pub const fn trusted(&self) -> &TrustedChain {
        &self.trusted
    }

    /// The organizations that run them, in the order of the set.
    #[must_use]
    pub fn organizations(&self) -> &[String] {
        &self.organizations
    }

    /// The peer keys, ascending.
    #[must_use]
    pub const fn peers(&self) -> &Set<PeerKey> {
        self.members.keys()
    }

    /// Whether a node with these keys may have this role. It is said of the genesis: who votes later follows from the chain alone, and a restart
    /// with unchanged flags must do after any change.
    ///
    /// # Errors
    /// [`NodeError::NotAValidator`], [`NodeError::KeyMismatch`], [`NodeError::FollowerIsValidator`].
    pub fn check_role(&self, role: Role, keys: &ValidatorKeys) -> Result<(), NodeError> {
        match (role, self.position(keys)) {
            (Role::Validator, None) => Err(NodeError::NotAValidator { chain: self.name.clone() }),
            (Role::Validator, Some(position)) if !self.has_bls_key(position, keys) => Err(NodeError::KeyMismatch),
            (Role::Follower, Some(_)) => Err(NodeError::FollowerIsValidator { chain: self.name.clone() }),
            _ => Ok(()),
        }
    }

    /// The scheme with which a node takes part: one of the validators votes, any other only verifies.
    #[must_use]
    pub fn scheme(&self, keys: &ValidatorKeys) -> ConsensusScheme {
        let signer = self
            .position(keys)
            .filter(|position| self.has_bls_key(*position, keys))
            .and_then(|_| ConsensusScheme::signer(&self.namespace(), self.members.clone(), keys.bls().clone()));
        signer.unwrap_or_else(|| self.verifier())
    }

    /// The scheme of whoever only verifies.
    pub(crate) fn verifier(&self) -> ConsensusScheme {
        ConsensusScheme::verifier(&self.namespace(), self.members.clone())
    }

    fn position(&self, keys: &ValidatorKeys) -> Option<usize> {
        self.members.keys().iter().position(|peer| *peer == keys.peer_public_key())
    }

    fn has_bls_key(&self, position: usize, keys: &ValidatorKeys) -> bool {
        self.trusted.validators().get(position) == Some(&keys.bls_public_key())
    }

    fn namespace(&self) -> Vec<u8> {
        let essentials = self.trusted.essentials();
        finality_namespace(essentials.chain_id, essentials.genesis_hash)
    }
}
