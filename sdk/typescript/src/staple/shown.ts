/**
 * What a chain shows of a holder, believed because of the chain and not because of the gateway that answers (docs/specs/trust.md, "Asked from outside"). The same checks in the same order as
 * crates/certificates/src/shown.rs; pure, the clock comes in as a number.
 *
 * No EVM runs here: the codes of the two contracts are those that the genesis of the chain has at their places, proven by the hash of the genesis (SHOWN-6).
 */
import { bytesOf, hexOf, keccak, numberOf, wordOf } from '../light/bytes.js';
import { TrustError, VerifyError } from '../light/error.js';
import type { FinalHeader } from '../light/header.js';
import { verifyReceipt } from '../light/inclusion.js';
import type { Log } from '../light/receipt.js';
import { verifyAccount, type AccountState } from '../light/state.js';
import { TrustedChain } from '../light/trust.js';
import { utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';
import { checkNotAhead } from './ages.js';
import { StapleFailure, require } from './failure.js';
import type { ProvenState } from './file.js';
import { MAX_ONLINE_AGE_SECONDS, type TrustedCity } from './online.js';
import { readGenesisCodes, readShownProof, type ChainId, type GenesisCodes, type ShownProof } from './shown-file.js';
import { secondsOf } from './times.js';
import { after, inMapping, secondsAt, wordHex, wordOfName } from './words.js';

/** How long after its block a fact counts (TRUST-3). */
export const MAX_SHOWN_AGE_SECONDS = 900;

/** What a gateway answers of a kind: the members that are looked at. */
export interface ShownAnswer {
  readonly proof?: unknown;
  readonly genesis?: unknown;
}

export interface ShownQuestion {
  /** Of the chain that shows it. */
  readonly chainId: number;
  readonly holder: string;
  readonly kind: string;
  /** The clock of whoever asks, Unix seconds. */
  readonly now: number;
}

/** What was proven. Times are Unix seconds. */
export interface VerifiedKind {
  /** Time of the block of the followed chain in which the certificate had the status "valid". */
  readonly asOf: number;
  readonly ageSeconds: number;
  /** Time of the block in which the holder agrees, and until when. */
  readonly agreedAt: number;
  readonly agreedUntil: number;
}

/** Positions of `HeldCertificates` and `Anchor` (docs/specs/trust.md). */
const DISCLOSED_UNTIL = wordOf(3n);
const ANCHOR_FIXED = [0n, 1n, 4n, 6n] as const;
const RECORDS = wordOf(7n);
const RECORD_TIMES = 3n;
const GENERATION_MASK = (1n << 32n) - 1n;
/** Where a genesis has what shows certificates of the side chain of a number, which is the last byte (docs/specs/encodings.md). */
const SIDE_ANCHORS = 0xc4a0000000000000000000000000000000000100n;
const HELD_CERTIFICATES = 0xc4a0000000000000000000000000000000000200n;
const MAX_CHAINS = 255n;
const SHOWN = hexOf(keccak(utf8Of('CertificateShown(address,bytes32,uint64,uint64,uint8)')));
const VALID = 1n;

/**
 * Verifies that the chain shows the kind of the holder now, by the chains that are trusted.
 * @throws StapleFailure: those of crates/certificates/src/shown.rs, and `proof-present` for an answer without a proof, or with something that is none
 */
export function verifyShown(city: TrustedCity, answer: ShownAnswer, question: ShownQuestion): VerifiedKind {
  try {
    return verified(city, readShownProof(answer.proof), answer.genesis, question);
  } catch (error) {
    if (error instanceof VerifyError) throw new StapleFailure((error as VerifyError).check, error.message, { cause: error });
    if (error instanceof TrustError) throw new StapleFailure('trust-intact', error.message, { cause: error });
    throw error;
  }
}

function verified(city: TrustedCity, proof: ShownProof, genesis: unknown, question: ShownQuestion): VerifiedKind {
  const host = trusted(city, question.chainId);
  const followed = trusted(city, proof.follows.chainId);
  checkChain(proof.chain, host);
  checkChain(proof.follows, followed);
  const consent = ofNow(proof.consent, host, question.now);
  const anchor = ofNow(proof.anchor, host, question.now);
  checkCodes(readGenesisCodes(genesis), host, anchor.account, consent.account);
  const agreedAt = secondsOf(consent.header);
  const agreedUntil = agreedUntilOf(consent.account, question, agreedAt);
  const event = eventOf(proof, host, consent.account.address, question);
  checkAnchor(anchor.account, followed, event);
  const isFresh = agreedAt <= event.time + MAX_SHOWN_AGE_SECONDS;
  require('shown-lapsed', isFresh, `it was shown of a block that is more than ${MAX_SHOWN_AGE_SECONDS} s older than the consent`);
  return { asOf: event.time, ageSeconds: Math.max(0, question.now - event.time), agreedAt, agreedUntil };
}

function trusted({ chains }: TrustedCity, chainId: number): TrustedChain {
  const known = chains.find((chain) => chain.chainId === chainId);
  require('WrongChain', known !== undefined, `chain ${chainId} is none of those that are trusted`);
  return new TrustedChain(known);
}

function checkChain(found: ChainId, expected: TrustedChain): void {
  if (found.chainId === expected.chainId && found.genesisHash === expected.genesisHash) return;
  throw new VerifyError('WrongChain', {
    expectedId: expected.chainId,
    expectedGenesis: expected.genesisHash,
    foundId: found.chainId,
    foundGenesis: found.genesisHash,
  });
}

/** A contract in a block of now. */
function ofNow(state: ProvenState, host: TrustedChain, now: number): { header: FinalHeader; account: AccountState } {
  const header = host.verifyFinality(state.finality);
  const account = verifyAccount(header, state.account);
  const at = secondsOf(header);
  checkNotAhead('a block', at, { now });
  require('shown-fresh', now - at <= MAX_ONLINE_AGE_SECONDS, `the chain proves what was so ${now - at} s ago; at most ${MAX_ONLINE_AGE_SECONDS} s are accepted`);
  return { header, account };
}

/** The codes are those that the genesis has put there, at the places of one side chain (SHOWN-6). */
function checkCodes(genesis: GenesisCodes | undefined, host: TrustedChain, anchor: AccountState, held: AccountState): void {
  require('shown-by', genesis !== undefined, 'the gateway does not prove what the genesis has at these addresses');
  const number = BigInt(held.address) - HELD_CERTIFICATES;
  const isPlace = number >= 1n && number <= MAX_CHAINS && BigInt(anchor.address) === SIDE_ANCHORS + number;
  require('shown-by', isPlace, `${held.address} and ${anchor.address} are not where the genesis has what shows certificates of a side chain`);
  const founded = provenInGenesis(genesis, host);
  const isSame = (one: AccountState, other: AccountState): boolean => one.address === other.address && one.codeHash === other.codeHash;
  require('shown-by', isSame(founded.anchor, anchor) && isSame(founded.held, held), 'another code stands there than the genesis has put');
}

function provenInGenesis(genesis: GenesisCodes, host: TrustedChain): { anchor: AccountState; held: AccountState } {
  try {
    const header = host.verifyGenesis(genesis.header);
    return { anchor: verifyAccount(header, genesis.anchor), held: verifyAccount(header, genesis.held) };
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    throw new StapleFailure('shown-by', error.message, { cause: error });
  }
}

function agreedUntilOf(held: AccountState, { holder, kind, now }: ShownQuestion, agreedAt: number): number {
  const [value] = valuesOf(held, [consentSlot(holder, kind)]) ?? [];
  if (value === undefined || value >> 64n !== 0n) {
    throw new StapleFailure('consent-stands', "the slot is not that of this holder's consent to this kind");
  }
  const until = Number(value);
  require('consent-stands', until >= agreedAt && until >= now, until === 0 ? 'the holder does not agree' : "the holder's consent is over");
  return until;
}

interface ShownEvent {
  /** Number and time of the block of the followed chain. */
  readonly number: bigint;
  readonly time: number;
}

/** The event, in a final block. One of another contract shows nothing. */
function eventOf(proof: ShownProof, host: TrustedChain, held: Hex, { holder, kind }: ShownQuestion): ShownEvent {
  const { receipt } = verifyReceipt(host.verifyFinality(proof.finality), proof.receipt);
  const logs = receipt.status === 'succeeded' ? receipt.logs.filter((log) => log.address === held) : [];
  const found = logs.map((log) => shownBy(log, holder, kind)).find((event) => event !== undefined);
  if (!found) throw new StapleFailure('shown-of-holder', `the receipt shows no valid certificate of ${kind} of ${holder}`);
  return found;
}

function shownBy({ topics, data }: Log, holder: string, kind: string): ShownEvent | undefined {
  const [event, ofHolder, ofKind, number] = topics;
  const bytes = bytesOf(data);
  const isOfAsked = event === SHOWN && ofHolder === wordHex(BigInt(holder)) && ofKind === hexOf(wordOfName(kind));
  if (!isOfAsked || number === undefined || topics.length !== 4 || bytes.length !== 64) return undefined;
  const [time, status] = [numberOf(bytes.subarray(0, 32)), numberOf(bytes.subarray(32))];
  return status === VALID && time >> 64n === 0n && BigInt(number) >> 64n === 0n ? { number: BigInt(number), time: Number(time) } : undefined;
}

/** That it follows the chain that is trusted, is not frozen, and has the block that the event names (TRUST-1, TRUST-5). */
function checkAnchor(anchor: AccountState, followed: TrustedChain, event: ShownEvent): void {
  const others = 'the slots are not those of the block that was shown';
  const generation = anchor.storage[ANCHOR_FIXED.length - 1];
  require('shown-anchored', generation !== undefined, others);
  const values = valuesOf(anchor, anchorSlots(generation.value & GENERATION_MASK, event.number));
  const [chain, genesis, conflict, , hash, times] = values ?? [];
  if (chain === undefined || genesis === undefined || conflict === undefined || hash === undefined || times === undefined) {
    throw new StapleFailure('shown-anchored', others);
  }
  const follows = secondsAt(chain, 0n) === followed.chainId && wordHex(genesis) === followed.genesisHash;
  require('anchor-follows', follows, 'the anchor follows another chain than that of the certificates');
  require('anchor-not-frozen', conflict === 0n, 'two final blocks of one number were shown of the chain of the certificates: nothing counts until its organizations have voted');
  const isAnchored = hash !== 0n && secondsAt(times, 0n) === event.time;
  require('shown-anchored', isAnchored, `block ${event.number.toString()} is not anchored, or has another time`);
}

/** The values of exactly these slots, in their order. */
function valuesOf(account: AccountState, expected: readonly bigint[]): bigint[] | undefined {
  const isSame = account.storage.length === expected.length && account.storage.every(({ slot }, at) => slot === expected[at]);
  return isSame ? account.storage.map(({ value }) => value) : undefined;
}

/** Holds until when a holder agrees that a kind is shown. */
export function consentSlot(holder: string, kind: string): bigint {
  return numberOf(inMapping(wordOfName(kind), inMapping(wordOf(BigInt(holder)), DISCLOSED_UNTIL)));
}

/** What an anchor says of a block, in the order of the proof: which chain, its genesis hash, whether it is frozen, its generation, and hash and times of the block. */
export function anchorSlots(generation: bigint, number: bigint): bigint[] {
  const record = inMapping(wordOf(number), inMapping(wordOf(generation), RECORDS));
  return [...ANCHOR_FIXED, numberOf(record), after(record, RECORD_TIMES)];
}
