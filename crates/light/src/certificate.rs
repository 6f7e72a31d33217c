use alloy_primitives::{B256, Bytes, FixedBytes};

use crate::VerifyError;

/// Bytes of a compressed BLS12-381 G1 point: a validator's public key.
pub const BLS_PUBLIC_KEY_BYTES: usize = 48;
/// Bytes of a compressed BLS12-381 G2 point: a signature.
pub const BLS_SIGNATURE_BYTES: usize = 96;
/// Most validators that a chain may have: it bounds every certificate.
pub const MAX_VALIDATORS: usize = 256;
/// Longest encoding of a certificate: three varints, hash, bitmap length, bitmap, signature.
pub const MAX_CERTIFICATE_BYTES: usize =
    3 * MAX_VARINT_BYTES + 32 + 8 + MAX_VALIDATORS.div_ceil(8) + BLS_SIGNATURE_BYTES;

const MAX_VARINT_BYTES: usize = 10;
const FINALIZE_SUFFIX: &str = "_FINALIZE";

/// Votes needed among `validators`: all but the third that may be faulty (n - floor((n - 1) / 3)).
#[must_use]
pub const fn quorum(validators: usize) -> usize {
    validators - validators.saturating_sub(1) / 3
}

/// The base namespace of everything that a chain's validators sign (FINALITY-1):
/// ASCII `chancery-<chain id>-0x<genesis hash in lower-case hex>`.
#[must_use]
pub fn finality_namespace(chain_id: u64, genesis_hash: B256) -> Vec<u8> {
    format!("chancery-{chain_id}-{genesis_hash}").into_bytes()
}

/// The namespace of votes to finalise, as the signature has it.
pub(crate) fn finalize_namespace(chain_id: u64, genesis_hash: B256) -> Vec<u8> {
    let mut namespace = finality_namespace(chain_id, genesis_hash);
    namespace.extend_from_slice(FINALIZE_SUFFIX.as_bytes());
    namespace
}

/// Which validators signed, by their position in the validator set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerBitmap {
    validators: usize,
    bytes: Vec<u8>,
}

impl SignerBitmap {
    /// The size of the set that the bitmap is over.
    #[must_use]
    pub const fn validators(&self) -> usize {
        self.validators
    }

    /// How many validators signed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// Positions of the signers, ascending.
    pub fn signers(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.validators).filter(|index| self.bytes[index / 8] >> (index % 8) & 1 == 1)
    }
}

/// A finality certificate: a quorum's aggregate signature over one block, with the round in which it was decided.
///
/// Layout (FINALITY-2): epoch, view and parent view as canonical LEB128 varints, the block hash (32 bytes), the size of
/// the validator set (big-endian u64), the signer bitmap (validator *i* is bit *i* mod 8 of byte *i* / 8, lowest bit
/// first, unused bits zero), the aggregate signature (compressed G2, 96 bytes). Nothing may follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalityCertificate {
    /// Epoch of the validator set.
    pub epoch: u64,
    /// View in which the block was finalised.
    pub view: u64,
    /// View of the parent that the proposal was built on.
    pub parent_view: u64,
    /// Hash of the block.
    pub block_hash: B256,
    /// Who signed.
    pub signers: SignerBitmap,
    /// Aggregate signature, not yet checked to be a point.
    pub signature: FixedBytes<BLS_SIGNATURE_BYTES>,
}

impl FinalityCertificate {
    /// Reads a certificate; every valid certificate has exactly one encoding.
    ///
    /// # Errors
    /// [`VerifyError::CertificateMalformed`], which names what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_CERTIFICATE_BYTES {
            return Err(malformed("longer than a certificate can be"));
        }
        let mut rest = bytes;
        let epoch = read_varint(&mut rest)?;
        let view = read_varint(&mut rest)?;
        let parent_view = read_varint(&mut rest)?;
        let block_hash = B256::from(read_array::<32>(&mut rest)?);
        let validators = u64::from_be_bytes(read_array::<8>(&mut rest)?);
        let validators = usize::try_from(validators)
            .ok()
            .filter(|count| (1..=MAX_VALIDATORS).contains(count))
            .ok_or_else(|| malformed("size of the validator set out of range"))?;
        let signers = read_bitmap(&mut rest, validators)?;
        let signature = FixedBytes::from(read_array::<BLS_SIGNATURE_BYTES>(&mut rest)?);
        if !rest.is_empty() {
            return Err(malformed("bytes follow the signature"));
        }
        Ok(Self { epoch, view, parent_view, block_hash, signers, signature })
    }

    /// The certificate's one encoding.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = self.message();
        out.extend_from_slice(&(self.signers.validators as u64).to_be_bytes());
        out.extend_from_slice(&self.signers.bytes);
        out.extend_from_slice(self.signature.as_slice());
        out.into()
    }

    /// What the validators signed, without the namespace: epoch, view, parent view, block hash (FINALITY-1).
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_CERTIFICATE_BYTES);
        write_varint(&mut out, self.epoch);
        write_varint(&mut out, self.view);
        write_varint(&mut out, self.parent_view);
        out.extend_from_slice(self.block_hash.as_slice());
        out
    }
}

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::CertificateMalformed { reason }
}

fn read_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], VerifyError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or_else(|| malformed("truncated"))?;
    *rest = tail;
    Ok(*head)
}

fn read_bitmap(rest: &mut &[u8], validators: usize) -> Result<SignerBitmap, VerifyError> {
    let (bytes, tail) = rest.split_at_checked(validators.div_ceil(8)).ok_or_else(|| malformed("truncated"))?;
    *rest = tail;
    let used_in_last = validators % 8;
    if used_in_last != 0 && bytes[bytes.len() - 1] >> used_in_last != 0 {
        return Err(malformed("bitmap has bits beyond the validator set"));
    }
    Ok(SignerBitmap { validators, bytes: bytes.to_vec() })
}

fn read_varint(rest: &mut &[u8]) -> Result<u64, VerifyError> {
    let mut value = 0u64;
    for position in 0..MAX_VARINT_BYTES {
        let [byte] = read_array::<1>(rest)?;
        let bits = u64::from(byte & 0x7f);
        if position == MAX_VARINT_BYTES - 1 && byte > 1 {
            return Err(malformed("number does not fit 64 bits"));
        }
        value |= bits << (7 * position);
        if byte & 0x80 == 0 {
            if byte == 0 && position > 0 {
                return Err(malformed("number is not in its shortest form"));
            }
            return Ok(value);
        }
    }
    Err(malformed("number does not fit 64 bits"))
}

pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
