/**
 * Certificates with a staple: verified without a network, knowing the genesis of two chains alone (docs/specs/stapled.md).
 *
 * ```text
 * file -> readStapled -> certificate (side chain) + status (side chain) + right (main chain) + presentation (holder) -> VerifiedStaple
 * ```
 *
 * Pure: no network, no storage, no clock. What does not hold is thrown as `StapleFailure`, whose `check` names what failed. Load it with `import()` where it is
 * needed: BLS12-381 is large.
 */
export { TrustError, TrustedChain, type ChainEssentials } from '../light/index.js';
export { essentialsOf } from '../trust.js';
export { MAX_CLOCK_SKEW_SECONDS, type Policy } from './ages.js';
export type { CertificateStatus, VerifiedCertificate } from './certificate.js';
export type { ShownDocument } from './document.js';
export { StapleFailure } from './failure.js';
export { MAX_STAPLED_BYTES, readStapled, STAPLE_VERSION, type StapledFile } from './file.js';
export { trustFingerprint } from './fingerprint.js';
export type { Issue } from './issue.js';
export { checkWord, MAX_ONLINE_AGE_SECONDS, verifyOnline, type GatewayWord, type ProvenStanding, type TrustedCity } from './online.js';
export type { VerifiedRight } from './right.js';
export { MAX_SHOWN_AGE_SECONDS, verifyShown, type ShownAnswer, type ShownQuestion, type VerifiedKind } from './shown.js';
export { verifyStapled, type StapledOutcome, type Trust, type VerifiedStaple } from './verify.js';
