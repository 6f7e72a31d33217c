/** What a file shows, found out without a request: outcome, time and age, or the check that refuses. */
import type { CertificateDocument } from '../protocol/document';
import type { VerifiedStaple } from '../staple';
import type { CityTrust } from './trust';

/** Why a file is refused, in the groups in which people read it. */
export type RefusalGroup = 'file' | 'city' | 'chain' | 'altered' | 'status' | 'right' | 'holder' | 'clock' | 'final';

export type OfflineFinding =
  | { readonly verified: VerifiedStaple; readonly document?: CertificateDocument; readonly maxAgeSeconds?: number; readonly at: Date }
  | { readonly refused: { readonly check: string; readonly group: RefusalGroup }; readonly at: Date };

/** The last second of year 9999: later ones have no date that people write. */
const LAST_SECOND = 253_402_300_799;

const GROUPS: readonly (readonly [RefusalGroup, RegExp])[] = [
  ['file', /^(file-|staple-|proof-)/],
  ['city', /^WrongChain$/],
  ['clock', /^time-/],
  ['holder', /^(presented-|presentation-)/],
  ['right', /^(right-|key-|organization-(registered|not))/],
  ['altered', /(-matches|-unaltered)$|^(one-status|certificate-issued|transaction-|issuer-|document-)|Not(Included|Proven)$|Malformed$|^ProofTooLarge$/],
  ['status', /^(status-|StateBeforeTransaction$)/],
];

export function groupOf(check: string): RefusalGroup {
  // A commitment that differs is another issue's status, though its name ends like that of a member.
  if (check === 'commitment-matches') return 'status';
  return GROUPS.find(([, pattern]) => pattern.test(check))?.[0] ?? 'final';
}

/** @throws nothing because of the file: what cannot be verified is refused, by name */
export async function examine(file: Uint8Array, trust: CityTrust, maxAgeSeconds: number | undefined, at: Date): Promise<OfflineFinding> {
  const { StapleFailure, TrustedChain, readStapled, verifyStapled } = await import('../staple');
  const refused = (check: string): OfflineFinding => ({ refused: { check, group: groupOf(check) }, at });
  try {
    const chainId = readStapled(file).proof?.chain.chainId;
    const chain = trust.chains.find((known) => known.chainId === chainId);
    const authority = trust.chains.find((known) => known.chainId === trust.authority);
    if (!chain || !authority) {
      return chainId === undefined ? refused('proof-present') : { refused: { check: 'WrongChain', group: 'chain' }, at };
    }
    const verified = verifyStapled({ chain: new TrustedChain(chain), authority: new TrustedChain(authority) }, file, {
      now: Math.floor(at.getTime() / 1000),
      ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    });
    const document = documentOf(verified);
    return { verified, at, ...(document && { document }), ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) };
  } catch (error) {
    if (error instanceof StapleFailure) return refused(error.check);
    throw error;
  }
}

/** What the holder shows, which is of the proven issue; its validity is the issue's, and nothing that the document says of it. */
function documentOf({ presented, certificate: { issue } }: VerifiedStaple): CertificateDocument | undefined {
  if (!presented) return undefined;
  const dateOf = (seconds: bigint): string => new Date(Math.min(Number(seconds), LAST_SECOND) * 1000).toISOString();
  return {
    ...presented.content,
    validFrom: dateOf(issue.validFrom),
    ...(issue.validUntil !== 0n && { validUntil: dateOf(issue.validUntil) }),
  };
}

/** Makes the verifier ready, so that a page that is open needs no request any more. */
export async function prepare(): Promise<void> {
  await import('../staple');
}
