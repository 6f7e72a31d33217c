/**
 * A certificate whose standing is asked with a network (docs/specs/stapled.md, "With a network"): the gateway is asked, and not believed. What it says counts
 * where the chains prove the same as of a block of now. The same rules in the same order as crates/certificates/src/stapled/online.rs; pure.
 */
import { TrustedChain, type ChainEssentials } from '../light/trust.js';
import { require } from './failure.js';
import { readStapled } from './file.js';
import { verifyStapled, type VerifiedStaple } from './verify.js';

/**
 * The oldest proof on which an inspection with a network decides: an idle chain has a block every ten seconds, a leader that is silent costs another fourteen,
 * clocks differ by up to a minute, and an answer takes its time.
 */
export const MAX_ONLINE_AGE_SECONDS = 120;

/** The chains of one city that whoever asks trusts. */
export interface TrustedCity {
  /** Chain id of the main chain, which says who may issue what. */
  readonly authority: number;
  readonly chains: readonly ChainEssentials[];
}

/** What was proven, and of which chain. Its outcome is of now: `cannot-determine` is none of them. */
export interface ProvenStanding extends VerifiedStaple {
  readonly chainId: number;
}

/** What a gateway says of a certificate: the members of its answer that a proof shows too. */
export interface GatewayWord {
  readonly certificateId: string;
  readonly kind: string;
  readonly holder: string;
  readonly organization: string;
  readonly contentHash: string;
  readonly status: string;
  readonly outcome: string;
}

/**
 * Verifies what a gateway answers as the staple of a certificate, by the chains that are trusted and at this time (Unix seconds).
 * @throws StapleFailure: those of `verifyStapled`, `certificate-asked` for another certificate's, `WrongChain` for a chain that is not trusted, `proof-fresh` for one
 * of a block that is too old to say what is so now
 */
export function verifyOnline(city: TrustedCity, file: Uint8Array | string, asked: string, now: number): ProvenStanding {
  const { certificateId, proof } = readStapled(file);
  require('certificate-asked', isSame(certificateId, asked), `asked for ${asked}, given ${certificateId}`);
  const chainId = proof?.chain.chainId ?? city.authority;
  const trust = { chain: trusted(city, chainId), authority: trusted(city, city.authority) };
  const verified = verifyStapled(trust, file, { now, maxAgeSeconds: MAX_ONLINE_AGE_SECONDS });
  require(
    'proof-fresh',
    verified.outcome !== 'cannot-determine',
    `the chains prove what was so ${verified.ageSeconds} s ago; at most ${MAX_ONLINE_AGE_SECONDS} s are accepted`,
  );
  const hasBegun = verified.outcome === 'refused' && BigInt(now) >= verified.certificate.issue.validFrom;
  return { ...verified, outcome: hasBegun ? 'valid' : verified.outcome, chainId };
}

/** Holds what the gateway says against what is proven. @throws StapleFailure with `gateway-agrees` and the first member that differs */
export function checkWord(word: GatewayWord, proven: ProvenStanding): void {
  const { issue, status } = proven.certificate;
  const members: readonly (readonly [name: string, said: string, shown: string])[] = [
    ['certificateId', word.certificateId, issue.certificateId],
    ['kind', word.kind, issue.kind],
    ['holder', word.holder, issue.holder],
    ['organization', word.organization, issue.organization],
    ['contentHash', word.contentHash, issue.contentHash],
    ['status', word.status, status],
    // Whoever could not find out contradicts nobody.
    ['outcome', word.outcome === 'cannot-determine' ? proven.outcome : word.outcome, proven.outcome],
  ];
  const other = members.find(([, said, shown]) => !isSame(said, shown));
  const [name, said, shown] = other ?? ['', '', ''];
  require('gateway-agrees', other === undefined, `${name}: the gateway says ${said}, the chains prove ${shown}`);
}

function trusted({ chains }: TrustedCity, chainId: number): TrustedChain {
  const known = chains.find((chain) => chain.chainId === chainId);
  require('WrongChain', known !== undefined, `chain ${chainId} is none of those that are trusted`);
  return new TrustedChain(known);
}

/** Addresses and hashes come in any spelling. */
function isSame(one: string, other: string): boolean {
  return one === other || (/^0x/i.test(one) && one.toLowerCase() === other.toLowerCase());
}
