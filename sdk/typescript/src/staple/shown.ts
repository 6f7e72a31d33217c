/**
 * What a chain shows of a holder, believed because of the chain and not because of the gateway that answers (docs/specs/trust.md, "Asked from outside"). The same checks in the same order as
 * crates/certificates/src/shown.rs; pure, the clock comes in as a number.
 *
 * No EVM runs here: the codes of the two contracts are those that the genesis of the chain has at their places, proven by the hash of the genesis (SHOWN-6); or the factory that the genesis
 * has at its place says that it has made the two (SHOWN-7).
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
import {
  readFactoryProof,
  readGenesisCodes,
  readPeriod,
  readShownProof,
  type ChainId,
  type FactoryProof,
  type GenesisCodes,
  type ShownProof,
} from './shown-file.js';
import { secondsOf } from './times.js';
import { after, inMapping, secondsAt, wordHex, wordOfName } from './words.js';

/** How long after its block a fact counts (TRUST-3). */
export const MAX_SHOWN_AGE_SECONDS = 900;

/** What a gateway answers of a kind: the members that are looked at. */
export interface ShownAnswer {
  readonly proof?: unknown;
  readonly genesis?: unknown;
  readonly factory?: unknown;
  readonly period?: unknown;
}

export interface ShownQuestion {
  /** Of the chain that shows it. Known by who asks, and never taken from the answer: with the id of another trusted chain, what that one shows is proven. */
  readonly chainId: number;
  /** Of the chain that carries certificates of the kind; the same holds of it. In a city, the id of the main chain and the place of the name (docs/specs/encodings.md, "Chains of a city"). */
  readonly followedId: number;
  readonly holder: string;
  /** 1 to 32 of `[a-z0-9-]`. */
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
  /** From which second on the certificate is not valid any more; absent where the contract is of a version that keeps none: then its end is not proven. */
  readonly validUntil?: number | 'unlimited';
}

/** Positions of `HeldCertificates` and `Anchor` (docs/specs/trust.md). */
const DISCLOSED_UNTIL = wordOf(3n);
const VALID_UNTIL = wordOf(7n);
const ANCHOR_FIXED = [0n, 1n, 4n, 6n] as const;
const RECORDS = wordOf(7n);
const RECORD_TIMES = 3n;
const GENERATION_MASK = (1n << 32n) - 1n;
/** Where a genesis has what shows certificates of the side chain of a number, which is the last byte (docs/specs/encodings.md). */
const SIDE_ANCHORS = 0xc4a0000000000000000000000000000000000100n;
const HELD_CERTIFICATES = 0xc4a0000000000000000000000000000000000200n;
const MAX_CHAINS = 255n;
/** Where a genesis has the factory, and the registry of certificates of every side chain. */
const FACTORY: Hex = '0xc4a000000000000000000000000000000000000f';
const CERTIFICATE_REGISTRY = wordOf(0xc4a0000000000000000000000000000000000006n);
/** Positions of `AnchorFactory`. */
const ANCHORS = wordOf(0n);
const HELD_OVER = wordOf(1n);
const SHOWN = hexOf(keccak(utf8Of('CertificateShown(address,bytes32,uint64,uint64,uint8)')));
const VALID = 1n;
const KIND = /^[a-z0-9-]{1,32}$/;

/**
 * Verifies that the chain shows the kind of the holder now, by the chains that are trusted.
 * @throws StapleFailure: those of crates/certificates/src/shown.rs and its modules, and `proof-present` for an answer without a proof, or with something that is none
 */
export function verifyShown(city: TrustedCity, answer: ShownAnswer, question: ShownQuestion): VerifiedKind {
  try {
    return verified(city, readShownProof(answer.proof), answer, question);
  } catch (error) {
    if (error instanceof VerifyError) throw new StapleFailure((error as VerifyError).check, error.message, { cause: error });
    if (error instanceof TrustError) throw new StapleFailure('trust-intact', error.message, { cause: error });
    throw error;
  }
}

function verified(city: TrustedCity, proof: ShownProof, answer: ShownAnswer, question: ShownQuestion): VerifiedKind {
  // Longer names, and those with other characters, may be the same word on chain.
  require('shown-of-holder', KIND.test(question.kind), 'that is no kind of certificate');
  const host = trusted(city, question.chainId);
  const followed = trusted(city, question.followedId);
  checkChain(proof.chain, host);
  checkChain(proof.follows, followed);
  const consent = ofNow(proof.consent, host, question.now);
  const anchor = ofNow(proof.anchor, host, question.now);
  const isFounded = isOfGenesis(anchor.account, consent.account);
  if (isFounded) checkCodes(readGenesisCodes(answer.genesis), host, anchor.account, consent.account);
  else checkFactory(readFactoryProof(answer.factory), { host, followed, now: question.now }, anchor.account, consent.account);
  const agreedAt = secondsOf(consent.header);
  const agreedUntil = agreedUntilOf(consent.account, question, agreedAt);
  const event = eventOf(proof, host, { held: consent.account.address, anchor: anchor.account }, question);
  checkAnchor(anchor.account, followed, event);
  const isFresh = agreedAt <= event.time + MAX_SHOWN_AGE_SECONDS;
  require('shown-lapsed', isFresh, `it was shown of a block that is more than ${MAX_SHOWN_AGE_SECONDS} s older than the consent`);
  const period = readPeriod(answer.period);
  require('shown-period', period !== undefined || isFounded, 'the gateway does not prove that its period is not over');
  const shown = { asOf: event.time, ageSeconds: Math.max(0, question.now - event.time), agreedAt, agreedUntil };
  if (!period) return shown;
  const held = ofNow(period, host, question.now).account;
  return { ...shown, validUntil: validUntilOf(held, { contract: consent.account.address, number: event.number }, question) };
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

/** Whether these are the places that a genesis has for what shows certificates of one side chain. */
function isOfGenesis(anchor: AccountState, held: AccountState): boolean {
  const number = BigInt(held.address) - HELD_CERTIFICATES;
  return number >= 1n && number <= MAX_CHAINS && BigInt(anchor.address) === SIDE_ANCHORS + number;
}

/** The codes are those that the genesis has put there (SHOWN-6). */
function checkCodes(genesis: GenesisCodes | undefined, host: TrustedChain, anchor: AccountState, held: AccountState): void {
  require('shown-by', genesis !== undefined, 'the gateway does not prove what the genesis has at these addresses');
  const founded = inGenesis(() => {
    const header = host.verifyGenesis(genesis.header);
    return { anchor: verifyAccount(header, genesis.anchor), held: verifyAccount(header, genesis.held) };
  });
  require('shown-by', isSame(founded.anchor, anchor) && isSame(founded.held, held), 'another code stands there than the genesis has put');
}

function isSame(one: AccountState, other: AccountState): boolean {
  return one.address === other.address && one.codeHash === other.codeHash;
}

interface Followed {
  readonly host: TrustedChain;
  readonly followed: TrustedChain;
  readonly now: number;
}

/** They are what the factory of the genesis has made to show certificates of the followed chain (SHOWN-7). */
function checkFactory(factory: FactoryProof | undefined, { host, followed, now }: Followed, anchor: AccountState, held: AccountState): void {
  const missing = `${held.address} and ${anchor.address} were made after the genesis, and the gateway does not prove by what`;
  require('shown-by', factory !== undefined, missing);
  const { founded, made } = inGenesis(() => ({
    founded: verifyAccount(host.verifyGenesis(factory.header), factory.founded),
    made: ofNow(factory.made, host, now).account,
  }));
  const isFactory = founded.address === FACTORY && isSame(founded, made);
  require('shown-by', isFactory, `what is shown is not the factory that the genesis has at ${FACTORY}`);
  const [madeAnchor, madeHeld] = valuesOf(made, factorySlots(followed, anchor.address)) ?? [];
  const isMade = madeAnchor === BigInt(anchor.address) && madeHeld === BigInt(held.address) && madeAnchor !== 0n && madeHeld !== 0n;
  require('shown-by', isMade, `${held.address} and ${anchor.address} are not what the factory of the genesis has made for that chain`);
}

/** Whatever of it is not proven: by these contracts nothing is shown. */
function inGenesis<Proven>(prove: () => Proven): Proven {
  try {
    return prove();
  } catch (error) {
    if (!(error instanceof VerifyError) && !(error instanceof StapleFailure)) throw error;
    throw new StapleFailure('shown-by', error.message, { cause: error });
  }
}

/** Until when the certificate is valid that was shown of this block of the followed chain (SHOWN-8). */
function validUntilOf(held: AccountState, shown: { contract: Hex; number: bigint }, { holder, kind, now }: ShownQuestion): number | 'unlimited' {
  const [value] = valuesOf(held, [periodSlot(holder, kind)]) ?? [];
  if (value === undefined || held.address !== shown.contract) {
    throw new StapleFailure('shown-period', "the slot is not that of this holder's certificates of this kind");
  }
  const number = value >> 64n;
  const differs = `it was shown of block ${shown.number.toString()}, and the end of the period is of block ${number.toString()}: ask again`;
  require('shown-period', number === shown.number, differs);
  const until = secondsAt(value, 0n);
  if (until === 0) return 'unlimited';
  require('shown-period', now < until, 'its period is over');
  return until;
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

/**
 * The event, in a final block. One of another contract shows nothing. In one transaction it may be shown of several blocks, by whom it may be: which of them is meant, the anchor's slots
 * say.
 */
function eventOf(proof: ShownProof, host: TrustedChain, by: { held: Hex; anchor: AccountState }, { holder, kind }: ShownQuestion): ShownEvent {
  const { receipt } = verifyReceipt(host.verifyFinality(proof.finality), proof.receipt);
  const logs = receipt.status === 'succeeded' ? receipt.logs.filter((log) => log.address === by.held) : [];
  const events = logs.map((log) => shownBy(log, holder, kind)).filter((event) => event !== undefined);
  const found = events.find(({ number }) => recordOf(by.anchor, number) !== undefined) ?? events[0];
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
  const [chain, genesis, conflict, , hash, times] = recordOf(anchor, event.number) ?? [];
  if (chain === undefined || genesis === undefined || conflict === undefined || hash === undefined || times === undefined) {
    throw new StapleFailure('shown-anchored', others);
  }
  const follows = secondsAt(chain, 0n) === followed.chainId && wordHex(genesis) === followed.genesisHash;
  require('anchor-follows', follows, 'the anchor follows another chain than that of the certificates');
  require('anchor-not-frozen', conflict === 0n, 'two final blocks of one number were shown of the chain of the certificates: nothing counts until its organizations have voted');
  const isAnchored = hash !== 0n && secondsAt(times, 0n) === event.time;
  require('shown-anchored', isAnchored, `block ${event.number.toString()} is not anchored, or has another time`);
}

/** What an anchor says of a block; `undefined`: its slots are those of another. */
function recordOf(anchor: AccountState, number: bigint): bigint[] | undefined {
  const generation = anchor.storage[ANCHOR_FIXED.length - 1];
  return generation && valuesOf(anchor, anchorSlots(generation.value & GENERATION_MASK, number));
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

/** Holds until when the certificate that stands for a kind is valid, and from bit 64 the block that showed it. */
export function periodSlot(holder: string, kind: string): bigint {
  return numberOf(inMapping(wordOfName(kind), inMapping(wordOf(BigInt(holder)), VALID_UNTIL)));
}

/** Where the factory keeps the anchor of a chain, and what it has made over `anchor` to show certificates of its registry. */
export function factorySlots(followed: { chainId: number; genesisHash: Hex }, anchor: Hex): bigint[] {
  const ofRegistry = inMapping(CERTIFICATE_REGISTRY, inMapping(wordOf(BigInt(anchor)), HELD_OVER));
  const ofChain = inMapping(wordOf(BigInt(followed.chainId)), ANCHORS);
  return [
    numberOf(inMapping(wordOf(BigInt(followed.genesisHash)), ofChain)),
    numberOf(inMapping(wordOf(BigInt(MAX_SHOWN_AGE_SECONDS)), ofRegistry)),
  ];
}

/** What an anchor says of a block, in the order of the proof: which chain, its genesis hash, whether it is frozen, its generation, and hash and times of the block. */
export function anchorSlots(generation: bigint, number: bigint): bigint[] {
  const record = inMapping(wordOf(number), inMapping(wordOf(generation), RECORDS));
  return [...ANCHOR_FIXED, numberOf(record), after(record, RECORD_TIMES)];
}
