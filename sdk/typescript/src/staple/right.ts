/**
 * The issuer's right, from slots of OrganizationRegistry in the state of a final block of the main chain: what `isAuthorized` answers there for the
 * time of the issue (STAPLE-4 to STAPLE-6). The same checks in the same order as crates/certificates/src/stapled/right.rs.
 */
import { hexOf, wordOf } from '../light/bytes.js';
import { VerifyError } from '../light/error.js';
import { verifyAccount, type AccountState } from '../light/state.js';
import type { TrustedChain } from '../light/trust.js';
import type { Hex } from '../hex.js';
import { ageOf, checkNotAhead, type Policy } from './ages.js';
import type { VerifiedCertificate } from './certificate.js';
import { StapleFailure, require } from './failure.js';
import type { Staple } from './file.js';
import { secondsOf } from './times.js';
import { addressOf, after, hashOf, inMapping, secondsAt, wordHex, wordOfName } from './words.js';

const ORGANIZATION_REGISTRY: Hex = '0xc4a0000000000000000000000000000000000002';
/** Positions of OrganizationRegistry (docs/specs/trust.md). */
const ORGANIZATIONS = wordOf(2n);
const SUSPENSIONS = wordOf(3n);
const RIGHT_PERIODS = wordOf(5n);
const KEY_RECORDS = wordOf(6n);
const KEY_RECORD_SLOTS = 3n;
/** Most periods of one right, and most suspensions, that the registry keeps. */
const MAX_PERIODS = 64n;
const FIXED_SLOTS = 6;

/** The right that was proven. */
export interface VerifiedRight {
  /** The block of the main chain, and its time. */
  readonly block: bigint;
  readonly at: number;
  readonly ageSeconds: number;
  /** Whether the organization is suspended in that block. What it issued before stays good. */
  readonly isOrganizationSuspended: boolean;
  /** Whether key and right still count in that block. What was issued before stays good. */
  readonly isInForce: boolean;
}

export interface RightPlaces {
  readonly organization: string;
  readonly right: string;
  readonly period: number;
  readonly keyRecord: number;
  readonly suspensions: bigint;
}

/** The slots in the order of the proof: organization, number of suspensions, period, the three of the key's record, each suspension. */
export function slotsOf({ organization, right, period, keyRecord, suspensions }: RightPlaces): bigint[] {
  const code = wordOfName(organization);
  const ofSuspensions = inMapping(code, SUSPENSIONS);
  const record = hashOf(inMapping(code, KEY_RECORDS));
  const first = BigInt(keyRecord) * KEY_RECORD_SLOTS;
  const slots = [
    after(inMapping(code, ORGANIZATIONS), 1n),
    after(ofSuspensions, 0n),
    after(hashOf(inMapping(wordOfName(right), inMapping(code, RIGHT_PERIODS))), BigInt(period)),
    after(record, first),
    after(record, first + 1n),
    after(record, first + 2n),
  ];
  for (let index = 0n; index < suspensions; index += 1n) slots.push(after(hashOf(ofSuspensions), index));
  return slots;
}

export function verifyRight(
  proof: Staple['right'],
  certificate: VerifiedCertificate,
  authority: TrustedChain,
  policy: Policy,
): VerifiedRight {
  checkChain(proof, authority);
  const header = authority.verifyFinality(proof.state.finality);
  const account = verifyAccount(header, proof.state.account);
  require('right-of-registry', account.address === ORGANIZATION_REGISTRY, `the proof of the right is of ${account.address}`);
  const { issue, issuedAt, issuerKey } = certificate;
  const shown = shownBy(account, proof, issue.organization, issue.kind);
  judge(shown, issuerKey, issue.kind, issuedAt);
  const at = secondsOf(header);
  require('right-after-issue', at >= issuedAt, `the block that shows the right is ${issuedAt - at} s older than the issue`);
  checkNotAhead('the proof of the right', at, policy);
  return {
    block: header.number,
    at,
    ageSeconds: ageOf(at, policy),
    isOrganizationSuspended: shown.isSuspended,
    isInForce: !shown.isSuspended && contains(shown.period, at) && counts(shown.record, at),
  };
}

function checkChain({ chain: found }: Staple['right'], authority: TrustedChain): void {
  if (found.chainId === authority.chainId && found.genesisHash === authority.genesisHash) return;
  throw new VerifyError('WrongChain', {
    expectedId: authority.chainId,
    expectedGenesis: authority.genesisHash,
    foundId: found.chainId,
    foundGenesis: found.genesisHash,
  });
}

interface KeyRecord {
  readonly key: Hex;
  readonly right: Hex;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revokedAt: number;
}

interface Shown {
  readonly registeredAt: number;
  readonly isSuspended: boolean;
  /** A packed word each; zero is no period. */
  readonly period: bigint;
  readonly suspensions: readonly bigint[];
  readonly record: KeyRecord;
}

/** Reads exactly the slots that decide: no more, no less, in their order. */
function shownBy(account: AccountState, proof: Staple['right'], organization: string, right: string): Shown {
  const values = account.storage.map(({ value }) => value);
  const [word, count, period, key, keyRight, times] = values;
  const suspensions = count ?? MAX_PERIODS + 1n;
  const others = "the slots are not those of the issuer's organization, right and key, with every suspension";
  require('right-complete', suspensions <= MAX_PERIODS, others);
  const expected = slotsOf({ organization, right, period: proof.period, keyRecord: proof.keyRecord, suspensions });
  const isComplete = values.length === expected.length && account.storage.every(({ slot }, at) => slot === expected[at]);
  if (!isComplete || word === undefined || period === undefined || key === undefined || keyRight === undefined || times === undefined) {
    throw new StapleFailure('right-complete', others);
  }
  return {
    registeredAt: secondsAt(word, 160n),
    isSuspended: ((word >> 224n) & 1n) === 1n,
    period,
    suspensions: values.slice(FIXED_SLOTS),
    record: {
      key: addressOf(key),
      right: wordHex(keyRight),
      notBefore: secondsAt(times, 0n),
      notAfter: secondsAt(times, 64n),
      revokedAt: secondsAt(times, 128n),
    },
  };
}

function judge(shown: Shown, issuer: Hex, right: string, issuedAt: number): void {
  require('organization-registered', shown.registeredAt !== 0, 'the main chain knows no such organization');
  require(
    'organization-not-suspended',
    !shown.suspensions.some((period) => contains(period, issuedAt)),
    'the organization was suspended when the certificate was recorded',
  );
  require('right-granted', contains(shown.period, issuedAt), `the organization did not have the right ${right} when the certificate was recorded`);
  const isOwn = shown.record.key === issuer && shown.record.right === hexOf(wordOfName(right));
  require('key-authorized', isOwn && counts(shown.record, issuedAt), `the key ${issuer} was not authorized when the certificate was recorded`);
}

/** Whether a time lies in a period: its first second and the first second after it, zero being without end. */
function contains(period: bigint, time: number): boolean {
  const until = secondsAt(period, 64n);
  return period !== 0n && secondsAt(period, 0n) <= time && (until === 0 || time < until);
}

function counts(record: KeyRecord, time: number): boolean {
  const isOver = record.notAfter !== 0 && record.notAfter < time;
  const isRevoked = record.revokedAt !== 0 && record.revokedAt <= time;
  return BigInt(record.key) !== 0n && record.notBefore <= time && !isOver && !isRevoked;
}
