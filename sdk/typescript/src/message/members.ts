/**
 * Whose key is an organization's: slots of `OrganizationRegistry`, proven. Every key record that there is is proven, so that nobody leaves one out (MSG-2). The
 * same rules as crates/messages/src/chain/members.rs.
 */
import type { Address } from '../hex.js';
import { hexOf, wordOf } from '../light/bytes.js';
import type { Node } from '../share/state.js';
import { addressOf, after, hashOf, inMapping, secondsAt, wordHex, wordOfName } from '../staple/words.js';
import { MessageFailure } from './failure.js';
import { KEY_RECORDS_OF_A_PROOF, MAX_KEY_RECORDS } from './limits.js';
import { youngSlots } from './state.js';
import type { Correspondent } from './statement.js';

const ORGANIZATION_REGISTRY: Address = '0xc4a0000000000000000000000000000000000002';
/** Positions of the registry (docs/specs/trust.md). */
const ORGANIZATIONS = wordOf(2n);
const RIGHT_PERIODS = wordOf(5n);
const KEY_RECORDS = wordOf(6n);
const KEY_RECORD_SLOTS = 3n;
/** What a key needs to send, and to be sent to. */
export const RIGHT = 'submission';

/** One authorization of one key. */
export interface KeyRecord {
  readonly key: Address;
  readonly right: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revokedAt: number;
}

/** What proven slots say of an organization. */
export interface Membership {
  readonly registeredAt: number;
  readonly isSuspended: boolean;
  /** The last period of the right; zero is none. */
  readonly period: bigint;
  readonly records: readonly KeyRecord[];
  /** Unix seconds. */
  readonly judgedAt: number;
}

/** How a key stands: it counts, it counted once, or nothing proven says that it ever did. */
export type Standing = { readonly is: 'in-force' } | { readonly is: 'ended' | 'never'; readonly why: string };

/** All that decides about an organization's keys. @param now Unix seconds @throws MessageFailure */
export async function membershipOf(node: Node, organization: string, now: number): Promise<Membership> {
  const code = wordOfName(organization);
  const periods = inMapping(wordOfName(RIGHT), inMapping(code, RIGHT_PERIODS));
  const ofRecords = inMapping(code, KEY_RECORDS);
  const heads = await youngSlots(node, ORGANIZATION_REGISTRY, [after(periods, 0n), after(ofRecords, 0n)], now);
  const [periodCount = 0n, recordCount = 0n] = heads.values;
  if (recordCount > BigInt(MAX_KEY_RECORDS)) {
    throw new MessageFailure('key-of-organization', `${organization} has ${recordCount} key records, more than the ${MAX_KEY_RECORDS} that are proven`);
  }
  const last = periodCount === 0n ? 0n : periodCount - 1n;
  const words = await youngSlots(node, ORGANIZATION_REGISTRY, [after(inMapping(code, ORGANIZATIONS), 1n), after(hashOf(periods), last)], now);
  const [word = 0n, period = 0n] = words.values;
  let judgedAt = words.judgedAt;
  const records: KeyRecord[] = [];
  for (let first = 0n; first < recordCount; first += BigInt(KEY_RECORDS_OF_A_PROOF)) {
    const end = min(recordCount, first + BigInt(KEY_RECORDS_OF_A_PROOF));
    const slots = slotsOfRecords(hashOf(ofRecords), first, end);
    const page = await youngSlots(node, ORGANIZATION_REGISTRY, slots, now);
    judgedAt = Math.max(judgedAt, page.judgedAt);
    records.push(...recordsOf(page.values));
  }
  return { registeredAt: secondsAt(word, 160n), isSuspended: ((word >> 224n) & 1n) === 1n, period: periodCount === 0n ? 0n : period, records, judgedAt };
}

/** How the key of a correspondent stands. */
export function standingIn(shown: Membership, address: Address): Standing {
  const { judgedAt, period } = shown;
  const own = shown.records.filter(({ key, right }) => key === address && right === hexOf(wordOfName(RIGHT)));
  if (own.length === 0) return never('no authorization of it is recorded');
  if (shown.registeredAt === 0) return never('there is no such organization');
  if (period === 0n || secondsAt(period, 0n) > judgedAt) return never('the organization has not been granted the right');
  if (own.every(({ notBefore }) => notBefore > judgedAt)) return never('its authorization has not begun');
  if (shown.isSuspended) return ended('the organization is suspended');
  // What is taken away ends with the next second: a period that has an end is as good as over.
  if (secondsAt(period, 64n) !== 0) return ended('the organization no longer has the right');
  return own.some((record) => counts(record, judgedAt)) ? { is: 'in-force' } : ended('its authorization is not in force');
}

/** The addresses whose keys receive for an organization now. */
export function receiversOf(shown: Membership): Address[] {
  const addresses = new Set(shown.records.map(({ key }) => key));
  return [...addresses].filter((address) => standingIn(shown, address).is === 'in-force').sort();
}

/** That a key is its organization's now. @throws MessageFailure with `key-of-organization` */
export function requireInForce(shown: Membership, { organization, address }: Correspondent): void {
  const standing = standingIn(shown, address);
  if (standing.is === 'in-force') return;
  throw new MessageFailure('key-of-organization', `${address} is no key of ${organization} with the right ${RIGHT} in force: ${standing.why}`);
}

function slotsOfRecords(list: Uint8Array, first: bigint, end: bigint): bigint[] {
  const slots: bigint[] = [];
  for (let at = first * KEY_RECORD_SLOTS; at < end * KEY_RECORD_SLOTS; at += 1n) slots.push(after(list, at));
  return slots;
}

/** Three words each: key; right; beginning, end and revocation, 64 bits each. */
export function recordsOf(words: readonly bigint[]): KeyRecord[] {
  const records: KeyRecord[] = [];
  for (let at = 0; at + 2 < words.length; at += 3) {
    const [key = 0n, right = 0n, times = 0n] = words.slice(at, at + 3);
    const [notBefore, notAfter, revokedAt] = [secondsAt(times, 0n), secondsAt(times, 64n), secondsAt(times, 128n)];
    records.push({ key: addressOf(key), right: wordHex(right), notBefore, notAfter, revokedAt });
  }
  return records;
}

/** What is taken away carries the time of the next second, so that is looked at too. */
function counts({ key, notBefore, notAfter, revokedAt }: KeyRecord, time: number): boolean {
  const isOver = notAfter !== 0 && notAfter < time;
  const isRevoked = revokedAt !== 0 && revokedAt <= time + 1;
  return BigInt(key) !== 0n && notBefore <= time && !isOver && !isRevoked;
}

function never(why: string): Standing {
  return { is: 'never', why };
}

function ended(why: string): Standing {
  return { is: 'ended', why };
}

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
