use alloy_primitives::B256;
use chancery_execution::GenesisConfig;
use chancery_light::{ChainEssentials, TrustedChain, finality_namespace};
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

/// What a light client of this chain has to know.
#[must_use]
pub fn chain_essentials(genesis: &GenesisConfig, genesis_hash: B256) -> ChainEssentials {
    ChainEssentials {
        chain_id: genesis.chain_id,
        genesis_hash,
        validators: genesis.validators.iter().map(|validator| validator.bls_public_key).collect(),
    }
}

/// The validators of a chain, checked, with the namespace that binds their votes to it.
#[derive(Clone, Debug)]
pub struct ValidatorSet {
    members: BiMap<PeerKey, BlsPublicKey>,
    trusted: TrustedChain,
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
        Ok(Self { members, trusted, name: genesis.name.clone() })
    }

    /// What verifies this chain's certificates.
    #[must_use]
    pub const fn trusted(&self) -> &TrustedChain {
        &self.trusted
    }

    /// The peer keys, ascending.
    #[must_use]
    pub const fn peers(&self) -> &Set<PeerKey> {
        self.members.keys()
    }

    /// The scheme with which a node of this role takes part: a validator votes, a follower only verifies.
    ///
    /// # Errors
    /// [`NodeError::NotAValidator`], [`NodeError::KeyMismatch`], [`NodeError::FollowerIsValidator`].
    pub fn scheme(&self, role: Role, keys: &ValidatorKeys) -> Result<ConsensusScheme, NodeError> {
        match role {
            Role::Validator => self.signer(keys),
            Role::Follower if self.members.keys().iter().any(|peer| *peer == keys.peer_public_key()) => {
                Err(NodeError::FollowerIsValidator { chain: self.name.clone() })
            }
            Role::Follower => Ok(ConsensusScheme::verifier(&self.namespace(), self.members.clone())),
        }
    }

    fn namespace(&self) -> Vec<u8> {
        let essentials = self.trusted.essentials();
        finality_namespace(essentials.chain_id, essentials.genesis_hash)
    }

    fn signer(&self, keys: &ValidatorKeys) -> Result<ConsensusScheme, NodeError> {
        let not_a_validator = || NodeError::NotAValidator { chain: self.name.clone() };
        let position =
            self.members.keys().iter().position(|peer| *peer == keys.peer_public_key()).ok_or_else(not_a_validator)?;
        let essentials = self.trusted.essentials();
        if essentials.validators.get(position) != Some(&keys.bls_public_key()) {
            return Err(NodeError::KeyMismatch);
        }
        ConsensusScheme::signer(&self.namespace(), self.members.clone(), keys.bls().clone()).ok_or_else(not_a_validator)
    }
}
