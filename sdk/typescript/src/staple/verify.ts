/**
 * A certificate with its staple, verified without a network: what it amounts to, as of when, and how old that is (docs/specs/stapled.md). The same checks
 * in the same order as `chancery verify` makes them (crates/certificates/src/stapled.rs); pure, the clock comes in as a number.
 */
import { VerifyError } from '../light/error.js';
import type { TrustedChain } from '../light/trust.js';
import { ageOf, checkNotAhead, type Policy } from './ages.js';
import { verifyCertificate, type VerifiedCertificate } from './certificate.js';
import { StapleFailure, require } from './failure.js';
import { readStapled, type StapledFile } from './file.js';
import { shownDocument, type ShownDocument } from './document.js';
import { verifyRight, type VerifiedRight } from './right.js';
import { digestOfPresent, signerOf } from './signing.js';
import { bytesOf } from '../light/bytes.js';

/** The chains that whoever verifies trusts: the side chain of the certificate, and the main chain of the same city, which says who may issue what. */
export interface Trust {
  readonly chain: TrustedChain;
  readonly authority: TrustedChain;
}

export type StapledOutcome = 'valid' | 'revoked' | 'suspended' | 'expired' | 'cannot-determine' | 'refused';

/** What a stapled file proved. Times are Unix seconds. */
export interface VerifiedStaple {
  /** As of {@link asOf}; `refused` is a certificate that had not begun, `cannot-determine` a proof older than whoever verifies accepts. */
  readonly outcome: StapledOutcome;
  /** The time to which all that is proven holds: that of the older of the two blocks. */
  readonly asOf: number;
  readonly ageSeconds: number;
  readonly isTooOld: boolean;
  readonly certificate: VerifiedCertificate;
  readonly right: VerifiedRight;
  /** The document as its holder has shown it; absent where the file has no presentation. */
  readonly presented?: { readonly document: Uint8Array; readonly content: ShownDocument; readonly at: number; readonly ageSeconds: number };
  /** Members of the file that nothing in it proves: they may say anything. */
  readonly unproven: readonly string[];
}

/** Verifies everything. @throws StapleFailure with the first check that fails; what is out of force or too old is an outcome. */
export function verifyStapled(trust: Trust, file: Uint8Array | string, policy: Policy): VerifiedStaple {
  return naming(() => verified(trust, readStapled(file), policy));
}

function verified(trust: Trust, file: StapledFile, policy: Policy): VerifiedStaple {
  const certificate = verifyCertificate(file, trust.chain);
  checkNotAhead('the status', certificate.statusAt, policy);
  const right = verifyRight(file.staple.right, certificate, trust.authority, policy);
  const presented = file.presentation && verifyPresentation(file.presentation, certificate, trust.chain.chainId, policy);
  const ages = [ageOf(certificate.statusAt, policy), right.ageSeconds, presented?.ageSeconds ?? 0];
  const isTooOld = policy.maxAgeSeconds !== undefined && Math.max(...ages) > policy.maxAgeSeconds;
  const asOf = Math.min(certificate.statusAt, right.at);
  return {
    outcome: outcomeOf(certificate, policy, isTooOld),
    asOf,
    ageSeconds: ageOf(asOf, policy),
    isTooOld,
    certificate,
    right,
    ...(presented && { presented }),
    unproven: [...(file.organizationName === undefined ? [] : ['organizationName']), ...file.unknown],
  };
}

function verifyPresentation(
  shown: NonNullable<StapledFile['presentation']>,
  { issue }: VerifiedCertificate,
  chainId: number,
  policy: Policy,
): NonNullable<VerifiedStaple['presented']> {
  require('presentation-of-certificate', shown.certificateId === issue.certificateId, `the presentation is of certificate ${shown.certificateId}`);
  const content = shownDocument(shown.document, issue);
  const { certificateId, holder, contentHash } = issue;
  const { presentedAt, nonce } = shown;
  const signer = signerOf(digestOfPresent(chainId, { certificateId, holder, contentHash, presentedAt, nonce }), bytesOf(shown.signature));
  require('presented-by-holder', signer === holder, 'the holder whom the certificate names has not signed the presentation');
  checkNotAhead('the presentation', presentedAt, policy);
  return { document: shown.document, content, at: presentedAt, ageSeconds: ageOf(presentedAt, policy) };
}

/**
 * What was proven as of a block, and what its age takes back: a certificate may have ended meanwhile, and what may have changed is not known of a proof
 * that is too old. Nothing gets better by waiting.
 */
function outcomeOf(certificate: VerifiedCertificate, policy: Policy, isTooOld: boolean): StapledOutcome {
  const { statusAt } = certificate;
  const asOfBlock = outcomeAt(certificate, statusAt);
  if (asOfBlock === 'revoked' || asOfBlock === 'expired') return asOfBlock;
  const hasEnded = isAfter(certificate, statusAt + ageOf(statusAt, policy));
  if (hasEnded) return 'expired';
  return isTooOld ? 'cannot-determine' : asOfBlock;
}

/** Revocation and renewal are final, so they come before the end; the end cannot be undone by resuming, so it comes before suspension. */
function outcomeAt(certificate: VerifiedCertificate, time: number): StapledOutcome {
  const { status, issue } = certificate;
  if (status === 'revoked' || status === 'renewed') return 'revoked';
  if (isAfter(certificate, time)) return 'expired';
  if (status === 'suspended') return 'suspended';
  return BigInt(time) < issue.validFrom ? 'refused' : 'valid';
}

function isAfter({ issue }: VerifiedCertificate, time: number): boolean {
  return issue.validUntil !== 0n && BigInt(time) >= issue.validUntil;
}

function naming<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof VerifyError) throw new StapleFailure((error as VerifyError).check, error.message, { cause: error });
    // Members nested deeper, or numbers larger, than an engine bears.
    if (error instanceof RangeError) throw new StapleFailure('file-readable', error.message, { cause: error });
    throw error;
  }
}
