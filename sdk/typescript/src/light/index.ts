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
export { BLS_PUBLIC_KEY_BYTES, BLS_SIGNATURE_BYTES } from './bls.js';
export {
  BUNDLE_VERSION,
  verifyBundle,
  type ProofBundle,
  type StateProof,
  type VerifiedBundle,
} from './bundle.js';
export {
  decodeCertificate,
  finalityNamespace,
  MAX_CERTIFICATE_BYTES,
  MAX_VALIDATORS,
  quorum,
  type FinalityCertificate,
} from './certificate.js';
export { TrustError, VerifyError, type CheckName, type Distrusts, type DistrustName, type Refusals } from './error.js';
export type { CertificateFault, HandoverFault, HeaderFault, KeyFault, RoundFault } from './faults.js';
export { MAX_HANDOVERS, type Handover } from './handover.js';
export { MAX_HEADER_BYTES, type FinalHeader } from './header.js';
export {
  verifyReceipt,
  verifyTransaction,
  type ReceiptInclusion,
  type TransactionInclusion,
  type VerifiedReceipt,
  type VerifiedTransaction,
} from './inclusion.js';
export { MAX_LINKING_HEADERS, type FinalityProof } from './linking.js';
export { MAX_BUNDLE_BYTES, readAccountProof, readBundle, readFinalityProof } from './reading.js';
export type { Log, Receipt } from './receipt.js';
export { MAX_STORAGE_SLOTS, verifyAccount, type AccountProof, type AccountState, type StorageProof } from './state.js';
export type { Transaction } from './transaction.js';
export { MAX_PROOF_NODE_BYTES, MAX_PROOF_NODES } from './trie.js';
export { TrustedChain, type ChainEssentials } from './trust.js';
