//! What binds a TLS key to a node: the identity key's signature over it, as a URI that a certificate carries.

use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256, Bytes, hex, keccak256};
use alloy_sol_types::SolStruct;
use chancery_primitives::{SignedOperation, SigningDomain};

use super::PeerFault;

/// Scheme of the URI.
const SCHEME: &str = "chancery-alliance";
/// Version of its form.
const VERSION: &str = "1";
/// Parts between its colons, the scheme included.
const PARTS: usize = 10;
/// Longest URI that is read, in bytes: its parts have fixed lengths but for three numbers.
const MAX_URI_BYTES: usize = 512;
/// Length of a secp256k1 signature: r, s, v.
const SIGNATURE_BYTES: usize = 65;

mod typed {
    alloy_sol_types::sol! {
        struct BindTransportKey {
            bytes32 genesisHash;
            bytes32 member;
            uint64 identity;
            uint64 transaction;
            bytes32 publicKeyHash;
            uint64 notBefore;
            uint64 notAfter;
        }
    }
}

/// Which node of which alliance a certificate is about, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// EIP-155 id of the alliance chain.
    pub chain_id: u64,
    /// Its `Alliance` contract.
    pub contract: Address,
    /// Hash of that chain's genesis header.
    pub genesis_hash: B256,
    /// The node's member.
    pub member: B256,
    /// The key that the identity certificate names; it has signed the binding.
    pub key: Address,
    /// Serial number of the identity certificate.
    pub identity: u64,
    /// Serial number of the transaction certificate; `None`: it says who the node is, and not what it may do.
    pub transaction: Option<u64>,
}

/// What the identity key signs (EIP-712; domain: the alliance chain's id and its `Alliance` contract).
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound<'a> {
    pub(super) claim: &'a Claim,
    /// `SubjectPublicKeyInfo`, DER.
    pub(super) public_key_info: &'a [u8],
    /// First second.
    pub(super) not_before: u64,
    /// Last second.
    pub(super) not_after: u64,
}

impl Bound<'_> {
    pub(super) fn domain(&self) -> SigningDomain {
        SigningDomain::new(self.claim.chain_id, self.claim.contract)
    }
}

impl SignedOperation for Bound<'_> {
    fn struct_hash(&self) -> B256 {
        typed::BindTransportKey {
            genesisHash: self.claim.genesis_hash,
            member: self.claim.member,
            identity: self.claim.identity,
            transaction: self.claim.transaction.unwrap_or_default(),
            publicKeyHash: keccak256(self.public_key_info),
            notBefore: self.not_before,
            notAfter: self.not_after,
        }
        .eip712_hash_struct()
    }
}

/// A claim with the signature that binds a TLS key to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What is claimed.
    pub claim: Claim,
    /// Of the identity key; 65 bytes.
    pub signature: Bytes,
}

impl Binding {
    /// Checks that the identity key has signed for this TLS key and these times.
    ///
    /// # Errors
    /// `BindingWrong`.
    pub(super) fn verify(&self, public_key_info: &[u8], not_before: u64, not_after: u64) -> Result<(), PeerFault> {
        let bound = Bound { claim: &self.claim, public_key_info, not_before, not_after };
        bound.verify(&bound.domain(), &self.signature, self.claim.key).map_err(|_| PeerFault::BindingWrong)
    }
}

/// `chancery-alliance:1:<chain id>:<contract>:<genesis hash>:<member>:<key>:<identity>:<transaction>:<signature>`; numbers in decimal, bytes in lower-case
/// hexadecimal, no transaction certificate as 0.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = &self.claim;
        write!(
            f,
            "{SCHEME}:{VERSION}:{}:{}:{}:{}:{}:{}:{}:{}",
            claim.chain_id,
            hex::encode(claim.contract),
            hex::encode(claim.genesis_hash),
            hex::encode(claim.member),
            hex::encode(claim.key),
            claim.identity,
            claim.transaction.unwrap_or_default(),
            hex::encode(&self.signature)
        )
    }
}

impl FromStr for Binding {
    type Err = PeerFault;

    fn from_str(text: &str) -> Result<Self, PeerFault> {
        let malformed = || PeerFault::malformed("its subjectAltName is not that of a node");
        if text.len() > MAX_URI_BYTES {
            return Err(malformed());
        }
        let parts: Vec<&str> = text.split(':').collect();
        let Ok([SCHEME, VERSION, chain_id, contract, genesis_hash, member, key, identity, transaction, signature]) =
            <[&str; PARTS]>::try_from(parts)
        else {
            return Err(malformed());
        };
        let number = |text: &str| text.parse::<u64>().map_err(|_| malformed());
        let word = |text: &str| hex::decode_to_array::<_, 32>(text).map(B256::from).map_err(|_| malformed());
        let address = |text: &str| hex::decode_to_array::<_, 20>(text).map(Address::from).map_err(|_| malformed());
        let claim = Claim {
            chain_id: number(chain_id)?,
            contract: address(contract)?,
            genesis_hash: word(genesis_hash)?,
            member: word(member)?,
            key: address(key)?,
            identity: number(identity)?,
            transaction: Some(number(transaction)?).filter(|serial| *serial != 0),
        };
        let signature = hex::decode_to_array::<_, SIGNATURE_BYTES>(signature).map_err(|_| malformed())?;
        let binding = Self { claim, signature: signature.to_vec().into() };
        // One text for one binding: no sign, leading zero or capital letter.
        if binding.to_string() == text { Ok(binding) } else { Err(malformed()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn claim() -> Claim {
        Claim {
            chain_id: 7100,
            contract: Address::repeat_byte(0x11),
            genesis_hash: B256::repeat_byte(0x22),
            member: B256::repeat_byte(0x33),
            key: Address::repeat_byte(0x44),
            identity: 5,
            transaction: Some(6),
        }
    }

    // A-CERT. The digest was computed by another implementation of EIP-712 and Keccak.
    #[test]
    fn what_is_signed_has_its_digest() {
        let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d03010703420004").unwrap();
        let public_key_info = [prefix.as_slice(), &[0x55; 64]].concat();
        let claim = claim();
        let bound = Bound {
            claim: &claim,
            public_key_info: &public_key_info,
            not_before: 1_700_000_000,
            not_after: 1_700_600_000,
        };
        let expected = "71d588194adee43246866fad3df700c1266f9ec7d2ca1a2c51022b11b0581405";
        assert_eq!(hex::encode(bound.digest(&bound.domain())), expected);
    }

    // A-CERT
    #[test]
    fn a_binding_has_one_text() {
        let binding = Binding { claim: claim(), signature: vec![0x66; 65].into() };
        let hex = |byte: &str, count| byte.repeat(count);
        let text = format!(
            "chancery-alliance:1:7100:{}:{}:{}:{}:5:6:{}",
            hex("11", 20),
            hex("22", 32),
            hex("33", 32),
            hex("44", 20),
            hex("66", 65)
        );
        assert_eq!(binding.to_string(), text);
        assert_eq!(text.parse(), Ok(binding));
        let other_texts = [
            text.replace(":5:", ":05:"),
            text.replace(":5:", ":+5:"),
            text.replace(":7100:", ":7100:0x"),
            text.replace("alliance:1:", "alliance:2:"),
            format!("{text}:"),
            text.replace(":5:6:", ":5:"),
            text.replace("66", "6"),
            text.replace(":5:", ":18446744073709551616:"),
        ];
        for other in other_texts {
            assert!(matches!(other.parse::<Binding>(), Err(PeerFault::Malformed { .. })), "{other}");
        }
    }
}
