/**
 * The trust kernel in the browser: decides whether a block is final, and whether something stands in it. The same checks as
 * crates/light, held to the same vectors (docs/specs/finality.md).
 *
 * ```text
 * ChainEssentials -> TrustedChain --follow--> TrustedChain of the next validators
 *                    TrustedChain --verifyFinality--> FinalHeader --verifyTransaction, verifyReceipt, verifyAccount-->
 * ```
 *
 * Pure: no network, no storage, no clock. Nothing here answers a check with a bare boolean: what does not hold is thrown as
 * `VerifyError` (of a proof) or `TrustError` (of a chain's essentials), whose `check` names what failed; bytes from outside
 * cause no other error. A `FinalHeader` is exported as a type alone, so having one is the proof that its header was checked.
 *
 * Load it with `import()` where it is needed: BLS12-381 is large, and no page needs it to show itself.
 */
export { BLS_PUBLIC_KEY_BYTES, BLS_SIGNATURE_BYTES } from './bls';
export {
  BUNDLE_VERSION,
  verifyBundle,
  type ProofBundle,
  type StateProof,
  type VerifiedBundle,
} from './bundle';
export {
  decodeCertificate,
  finalityNamespace,
  MAX_CERTIFICATE_BYTES,
  MAX_VALIDATORS,
  quorum,
  type FinalityCertificate,
} from './certificate';
export { TrustError, VerifyError, type CheckName, type Distrusts, type DistrustName, type Refusals } from './error';
export type { CertificateFault, HandoverFault, HeaderFault, KeyFault, RoundFault } from './faults';
export { MAX_HANDOVERS, type Handover } from './handover';
export { MAX_HEADER_BYTES, type FinalHeader } from './header';
export {
  verifyReceipt,
  verifyTransaction,
  type ReceiptInclusion,
  type TransactionInclusion,
  type VerifiedReceipt,
  type VerifiedTransaction,
} from './inclusion';
export { MAX_LINKING_HEADERS, type FinalityProof } from './linking';
export { MAX_BUNDLE_BYTES, readAccountProof, readBundle, readFinalityProof } from './reading';
export type { Log, Receipt } from './receipt';
export { MAX_STORAGE_SLOTS, verifyAccount, type AccountProof, type AccountState, type StorageProof } from './state';
export type { Transaction } from './transaction';
export { MAX_PROOF_NODE_BYTES, MAX_PROOF_NODES } from './trie';
export { TrustedChain, type ChainEssentials } from './trust';
