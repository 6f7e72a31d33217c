//! Which chain carries what: the only thing that this application is told about the city.

use std::collections::BTreeMap;

use chancery_contracts::predeploys;
use chancery_primitives::{CertificateKind, SigningDomain};
use chancery_reference_points::{Code, DoorError, DoorResult, operation::ChainName};

/// Name of the main chain.
pub const MAIN_CHAIN: &str = "main";
/// EIP-155 chain id of the main chain of a development city; its side chains follow in the order of the kinds.
pub const FIRST_CITY_MAIN_CHAIN_ID: u64 = 7100;

/// The main chain, and the side chain of each kind, with their chain ids. A side chain is named like its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityDirectory {
    main_chain_id: u64,
    kinds: BTreeMap<CertificateKind, u64>,
}

impl CityDirectory {
    /// A city with these chain ids.
    #[must_use]
    pub fn new(main_chain_id: u64, kinds: impl IntoIterator<Item = (CertificateKind, u64)>) -> Self {
        Self { main_chain_id, kinds: kinds.into_iter().collect() }
    }

    /// The development city of `docs/specs/encodings.md`.
    #[must_use]
    pub fn first_city() -> Self {
        Self::of_city(FIRST_CITY_MAIN_CHAIN_ID)
    }

    /// A city whose main chain has this id; its side chains have the next ones, in the order of the kinds.
    #[must_use]
    pub fn of_city(main_chain_id: u64) -> Self {
        let ids = (1..).map(|number| main_chain_id.saturating_add(number));
        Self::new(main_chain_id, CertificateKind::FIRST_CITY.into_iter().zip(ids))
    }

    /// The main chain.
    #[must_use]
    pub fn main(&self) -> ChainName {
        ChainName(MAIN_CHAIN.to_owned())
    }

    /// Chain id of the main chain.
    #[must_use]
    pub const fn main_chain_id(&self) -> u64 {
        self.main_chain_id
    }

    /// All kinds, in the order of their chains.
    #[must_use]
    pub fn kinds(&self) -> Vec<CertificateKind> {
        let mut kinds: Vec<_> = self.kinds.iter().map(|(kind, id)| (*id, *kind)).collect();
        kinds.sort_unstable();
        kinds.into_iter().map(|(_, kind)| kind).collect()
    }

    /// The chain that carries a kind.
    ///
    /// # Errors
    /// `UnknownKind`.
    pub fn chain_of(&self, kind: CertificateKind) -> DoorResult<ChainName> {
        self.chain_id_of(kind).map(|_| ChainName(kind.as_str().to_owned()))
    }

    /// The kind that a side chain carries.
    ///
    /// # Errors
    /// `WrongChain` when the chain carries no kind.
    pub fn kind_of(&self, chain: &ChainName) -> DoorResult<CertificateKind> {
        let wrong = || DoorError::new(Code::WrongChain, format!("chain `{chain}` carries no certificates"));
        let kind: CertificateKind = chain.0.parse().map_err(|_| wrong())?;
        self.kinds.contains_key(&kind).then_some(kind).ok_or_else(wrong)
    }

    /// The EIP-712 domain of operations on certificates of a kind.
    ///
    /// # Errors
    /// `UnknownKind`.
    pub fn certificate_domain(&self, kind: CertificateKind) -> DoorResult<SigningDomain> {
        Ok(SigningDomain::new(self.chain_id_of(kind)?, predeploys::CERTIFICATE_REGISTRY))
    }

    /// The EIP-712 domain of data operations on a chain.
    ///
    /// # Errors
    /// `UnknownChain`.
    pub fn data_domain(&self, chain: &ChainName) -> DoorResult<SigningDomain> {
        let id = if chain.0 == MAIN_CHAIN {
            self.main_chain_id
        } else {
            let kind = self.kind_of(chain).map_err(|_| unknown_chain(chain))?;
            self.chain_id_of(kind)?
        };
        Ok(SigningDomain::new(id, predeploys::DATA_BLOCK_REGISTRY))
    }

    /// Reads a kind's name and checks that the city has it.
    ///
    /// # Errors
    /// `UnknownKind`.
    pub fn parse_kind(&self, name: &str) -> DoorResult<CertificateKind> {
        let kind = name.parse().map_err(|_| DoorError::new(Code::UnknownKind, "this is not the name of a kind"))?;
        self.chain_id_of(kind).map(|_| kind)
    }

    fn chain_id_of(&self, kind: CertificateKind) -> DoorResult<u64> {
        let known = self.kinds.get(&kind).copied();
        known.ok_or_else(|| DoorError::new(Code::UnknownKind, format!("there is no kind `{kind}`")))
    }
}

fn unknown_chain(chain: &ChainName) -> DoorError {
    DoorError::new(Code::UnknownChain, format!("there is no chain `{chain}`")).with("chain", chain.0.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // C-CHAINS
    #[test]
    fn the_first_city_is_that_of_the_encodings() {
        let city = CityDirectory::first_city();
        assert_eq!(city.main_chain_id(), 7100);
        assert_eq!(city.kinds(), CertificateKind::FIRST_CITY);
        let domain = city.certificate_domain(CertificateKind::HEALTH_LICENCE).unwrap();
        assert_eq!((domain.chain_id, domain.verifying_contract), (7105, predeploys::CERTIFICATE_REGISTRY));
        assert_eq!(city.data_domain(&city.main()).unwrap().chain_id, 7100);
        assert_eq!(city.data_domain(&ChainName("degree".into())).unwrap().chain_id, 7103);
    }

    // C-CHAINS, FOUND-2
    #[test]
    fn a_city_with_ids_of_its_own_signs_for_no_other() {
        let city = CityDirectory::of_city(3_377_699_720_527_999);
        assert_eq!(city.kinds(), CertificateKind::FIRST_CITY);
        for kind in CertificateKind::FIRST_CITY {
            let (own, first) = (city.certificate_domain(kind), CityDirectory::first_city().certificate_domain(kind));
            assert_eq!(own.unwrap().chain_id - 3_377_699_720_527_999, first.unwrap().chain_id - 7100);
        }
    }

    #[test]
    fn what_the_city_does_not_have_is_named() {
        let city = CityDirectory::first_city();
        assert_eq!(city.parse_kind("fishing").unwrap_err().code(), Code::UnknownKind);
        assert_eq!(city.parse_kind("Not A Kind").unwrap_err().code(), Code::UnknownKind);
        assert_eq!(city.kind_of(&city.main()).unwrap_err().code(), Code::WrongChain);
        assert_eq!(city.data_domain(&ChainName("moon".into())).unwrap_err().code(), Code::UnknownChain);
    }
}
