/** The shared vectors of what a chain shows of a holder: what both verifiers have to say about each (docs/specs/trust.md, "Asked from outside"). */
import { bytesOf, hexOf, keccak, wordOf } from '../../src/light/bytes.js';
import type { ChainEssentials } from '../../src/light/trust.js';
import { utf8Of } from '../../src/encoding.js';
import type { Hex } from '../../src/hex.js';
import { anchorSlots, consentSlot, factorySlots, periodSlot, type VerifiedKind } from '../../src/staple/shown.js';
import { concat, wordOfName } from '../../src/staple/words.js';
import { accountProof, HandmadeChain, onlyOne, secretOf, type Block, type Codes, type State } from './chain.js';
import { number, rlp } from './trie.js';

const NOW = 1_800_000_000;
/** What stands in the genesis for the side chain of number 1. */
const ANCHOR: Hex = '0xc4a0000000000000000000000000000000000101';
const HELD: Hex = '0xc4a0000000000000000000000000000000000201';
/** The same of another chain. */
const OTHER_HELD: Hex = '0xc4a0000000000000000000000000000000000202';
/** Made after the genesis, with the same codes. */
const LATER: State = { '0x00000000000000000000000000000000000000c1': [], '0x00000000000000000000000000000000000000c2': [] };
const [LATER_ANCHOR, LATER_HELD] = Object.keys(LATER) as [Hex, Hex];
/** Makes such contracts after the genesis. */
const FACTORY: Hex = '0xc4a000000000000000000000000000000000000f';
const CODES: Codes = { [ANCHOR]: 2, [HELD]: 3, [OTHER_HELD]: 3, [LATER_ANCHOR]: 2, [LATER_HELD]: 3, [FACTORY]: 4 };

const HOLDER: Hex = '0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1';
const STRANGER: Hex = '0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2';
const KIND = 'degree';
const NUMBER = 41n;
const GENERATION = 3n;
const SHOWN_AT = NOW - 60;
const AGREED_AT = NOW - 10;
const AGREED_UNTIL = NOW + 86_400;
const VALID_UNTIL = NOW + 1_000_000;
const MAX_AGE = 900;

const FOUNDED = { state: { [ANCHOR]: [], [HELD]: [], [OTHER_HELD]: [], [FACTORY]: [] }, codes: CODES } as const;
const host = new HandmadeChain(7104, [secretOf(1)], NOW - 2000, FOUNDED);
/** The same validators, and another code in the genesis. */
const otherHost = new HandmadeChain(7104, [secretOf(1)], NOW - 2000, { ...FOUNDED, codes: { ...CODES, [HELD]: 9 } });
const followed = new HandmadeChain(7103, [secretOf(1)], NOW - 2500);

interface Claim {
  readonly holder?: Hex;
  readonly kind?: string;
  readonly status?: bigint;
  /** Blocks of which it is shown in the same transaction, before that of the anchor's slots. */
  readonly before?: readonly bigint[];
  readonly emitter?: Hex;
  readonly succeeded?: boolean;
  readonly time?: number;
  readonly agreedAt?: number;
  readonly until?: bigint;
  readonly followsGenesis?: bigint;
  readonly conflict?: bigint;
  readonly anchoredAt?: number;
  readonly anchorAt?: Hex;
  readonly heldAt?: Hex;
  readonly codes?: Codes;
  readonly shownGeneration?: bigint;
  readonly validUntil?: number;
  /** The block of the followed chain whose period stands there. */
  readonly periodOf?: bigint;
  /** What the factory says that it has made: anchor, and what shows certificates over it. */
  readonly made?: readonly [Hex, Hex];
  /** For which chain, and how long what is shown counts. */
  readonly madeFor?: { chainId: number; genesisHash: Hex };
}

export interface ShownFile {
  readonly proof: unknown;
  readonly genesis: unknown;
  readonly factory?: unknown;
  readonly period?: unknown;
}

/** What the host says; the truth unless something else is claimed. */
function told(claim: Claim = {}): ShownFile {
  const { holder = HOLDER, kind = KIND, time = SHOWN_AT, anchorAt = ANCHOR, heldAt = HELD } = claim;
  const topicsOf = (number: bigint): Uint8Array[] => [
    keccak(utf8Of('CertificateShown(address,bytes32,uint64,uint64,uint8)')), wordOf(BigInt(holder)), wordOfName(kind), wordOf(number),
  ];
  const data = concat(wordOf(BigInt(time)), wordOf(claim.status ?? 1n));
  const logs = [...(claim.before ?? []), NUMBER].map((number) => [bytesOf(claim.emitter ?? heldAt), topicsOf(number), data]);
  const receipt = concat(Uint8Array.of(2), rlp([number(claim.succeeded === false ? 0n : 1n), number(50_000n), new Uint8Array(256), logs]));
  const receipts = onlyOne(receipt);
  const showing = host.block(host.genesis, { time: SHOWN_AT, receiptsRoot: receipts.root });
  const slots = anchorSlots(GENERATION, NUMBER);
  const values = [
    // Beside the id, the first epoch; beside the generation, the newest number; beside the time, its millisecond.
    BigInt(followed.chainId) | (5n << 64n),
    claim.followsGenesis ?? BigInt(followed.genesis.hash),
    claim.conflict ?? 0n,
    GENERATION | (77n << 32n),
    0xfeedn,
    BigInt(claim.anchoredAt ?? time) | (250n << 64n),
  ];
  const consent = consentSlot(holder, kind);
  const period = periodSlot(holder, kind);
  const ofFactory = factorySlots(claim.madeFor ?? followed.essentials, anchorAt);
  const made = (claim.made ?? [LATER_ANCHOR, LATER_HELD]).map(BigInt);
  const state: State = {
    [anchorAt]: slots.map((slot, at) => [slot, values[at] ?? 0n] as const),
    [heldAt]: [
      [consent, claim.until ?? BigInt(AGREED_UNTIL)],
      [period, ((claim.periodOf ?? NUMBER) << 64n) | BigInt(claim.validUntil ?? VALID_UNTIL)],
    ],
    [FACTORY]: ofFactory.map((slot, at) => [slot, made[at] ?? 0n] as const),
  };
  const agreeing = host.block(showing, { time: claim.agreedAt ?? AGREED_AT, state, codes: claim.codes ?? CODES });
  const proven = (address: Hex, shown: readonly bigint[]): Record<string, unknown> => ({
    finality: host.finality(agreeing),
    account: accountProof(agreeing, address, shown),
  });
  const proof = {
    version: 1,
    chain: { chainId: host.chainId, genesisHash: host.genesis.hash },
    follows: { chainId: followed.chainId, genesisHash: followed.genesis.hash },
    finality: host.finality(showing),
    receipt: { index: 0, receipt: hexOf(receipt), proof: receipts.proof },
    consent: proven(heldAt, [consent]),
    anchor: proven(anchorAt, anchorSlots(claim.shownGeneration ?? GENERATION, NUMBER)),
  };
  const factory = { header: hexOf(host.genesis.header), founded: accountProof(host.genesis, FACTORY, []), made: proven(FACTORY, ofFactory) };
  const beside = heldAt === LATER_HELD ? { genesis: null, factory } : { genesis: genesisOf(host.genesis, ANCHOR, HELD) };
  return { proof, ...beside, period: proven(heldAt, [period]) };
}

/** As a chain tells that was founded before the one whose certificates it shows: its factory has made the contracts. */
const byFactory = (claim: Claim = {}): ShownFile => told({ anchorAt: LATER_ANCHOR, heldAt: LATER_HELD, ...claim });
const members = (file: ShownFile): Change[] => Object.entries(file).map(([name, value]) => [`/${name}`, value] as const);

function genesisOf(block: Block, anchor: Hex, held: Hex): Record<string, unknown> {
  return { header: hexOf(block.header), anchor: accountProof(block, anchor, []), held: accountProof(block, held, []) };
}

/** A member of the answer is replaced, or removed where there is no value. */
export type Change = readonly [pointer: string, value?: unknown];

export interface ShownCase {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly now: number;
  readonly holder: Hex;
  readonly kind: string;
  /** `ok`, or the check that refuses. */
  readonly expect: string;
  readonly verified?: VerifiedKind;
}

const of = (name: string, expect: string, changes: readonly Change[], asked: Partial<ShownCase> = {}): ShownCase => ({
  name, changes, now: NOW, holder: HOLDER, kind: KIND, expect, ...asked,
});
/** Another answer in the place of the true one. */
const claimed = (name: string, expect: string, claim: Claim, asked: Partial<ShownCase> = {}): ShownCase => of(name, expect, members(told(claim)), asked);
const factory = (name: string, expect: string, claim: Claim = {}, changes: readonly Change[] = [], asked: Partial<ShownCase> = {}): ShownCase =>
  of(name, expect, [...members(byFactory(claim)), ...changes], asked);
const withoutEnd: VerifiedKind = { asOf: SHOWN_AT, ageSeconds: 60, agreedAt: AGREED_AT, agreedUntil: AGREED_UNTIL };
const verified: VerifiedKind = { ...withoutEnd, validUntil: VALID_UNTIL };

function cases(): ShownCase[] {
  const mixed = told({ holder: STRANGER }).proof as { finality: unknown; receipt: unknown };
  return [
    of('shown now, of a holder who agrees', 'ok', [], { verified }),
    of('the last second of the consent', 'ok', members(told({ until: BigInt(NOW) })), { verified: { ...verified, agreedUntil: NOW } }),
    of('as long ago as counts', 'ok', members(told({ time: AGREED_AT - MAX_AGE })), {
      verified: { ...verified, asOf: AGREED_AT - MAX_AGE, ageSeconds: 10 + MAX_AGE },
    }),
    of('the block of now is as old as is accepted', 'ok', [], { now: AGREED_AT + 120, verified: { ...verified, ageSeconds: AGREED_AT + 120 - SHOWN_AT } }),
    of('no proof', 'proof-present', [['/proof']]),
    of('a member that nobody knows', 'proof-present', [['/proof/note', 'genuine']]),
    of('another version', 'shown-version', [['/proof/version', 2]]),
    of('the chain of another genesis', 'WrongChain', [['/proof/chain/genesisHash', otherHost.genesis.hash]]),
    of('certificates of a chain that nobody trusts', 'WrongChain', [['/proof/follows/chainId', 7105]]),
    of('certificates of a chain of another genesis', 'WrongChain', [['/proof/follows/genesisHash', host.genesis.hash]]),
    of('a block of now that is too old', 'shown-fresh', [], { now: AGREED_AT + 121 }),
    of('a block from ahead', 'time-not-ahead', [], { now: AGREED_AT - 61 }),
    of('nothing of the genesis', 'shown-by', [['/genesis']]),
    of('a genesis of others', 'shown-by', [['/genesis', genesisOf(otherHost.genesis, ANCHOR, HELD)]]),
    of('another code than the genesis has, said to be its own', 'shown-by', [['/genesis/held/codeHash', hexOf(keccak(Uint8Array.of(9)))]]),
    of('the code of another contract of the genesis', 'shown-by', [['/genesis/held', accountProof(host.genesis, OTHER_HELD, [])]]),
    claimed('another code at the place now', 'shown-by', { codes: { ...CODES, [HELD]: 9 } }),
    of('contracts that were made after the genesis, with the same codes', 'shown-by', [...members(byFactory()), ['/factory'], ['/genesis', genesisOf(host.genesis, ANCHOR, HELD)]]),
    factory('made by the factory of the genesis', 'ok', {}, [], { verified }),
    factory('nothing of the factory', 'shown-by', {}, [['/factory', null]]),
    factory('a factory that has made nothing', 'shown-by', { made: ['0x0000000000000000000000000000000000000000', '0x0000000000000000000000000000000000000000'] }),
    factory('a factory that has made another anchor', 'shown-by', { made: [ANCHOR, LATER_HELD] }),
    factory('a factory that has made another contract over the anchor', 'shown-by', { made: [LATER_ANCHOR, STRANGER] }),
    factory('made for certificates of another chain', 'shown-by', { madeFor: { chainId: 7105, genesisHash: followed.genesis.hash } }),
    factory('made for another branch of the chain', 'shown-by', { madeFor: { chainId: followed.chainId, genesisHash: host.genesis.hash } }),
    factory('a factory of another code now', 'shown-by', { codes: { ...CODES, [FACTORY]: 9 } }),
    factory('a factory of another genesis', 'shown-by', {}, [['/factory/header', hexOf(otherHost.genesis.header)]]),
    factory('a factory elsewhere', 'shown-by', {}, [
      ['/factory/founded', accountProof(host.genesis, HELD, [])],
      ['/factory/made/account', (told().proof as { consent: { account: unknown } }).consent.account],
    ]),
    factory('a member of the factory that nobody knows', 'shown-by', {}, [['/factory/note', 'genuine']]),
    factory('made by the factory, and nothing of the period', 'shown-period', {}, [['/period']]),
    factory('made by the factory, and the period is over', 'shown-period', { validUntil: NOW }),
    claimed('what is shown of another chain, over this anchor', 'shown-by', { heldAt: OTHER_HELD }),
    claimed('a consent that was taken back', 'consent-stands', { until: 0n }),
    claimed('a consent that is over', 'consent-stands', { until: BigInt(NOW) - 1n }),
    of('asked for somebody else', 'consent-stands', [], { holder: STRANGER }),
    of('asked for another kind', 'consent-stands', [], { kind: 'marriage' }),
    claimed('shown by another contract', 'shown-of-holder', { emitter: STRANGER }),
    claimed('a transaction that failed', 'shown-of-holder', { succeeded: false }),
    claimed('a certificate that was revoked', 'shown-of-holder', { status: 3n }),
    of('what was shown of somebody else, with the consent of this holder', 'shown-of-holder', [
      ['/proof/finality', mixed.finality],
      ['/proof/receipt', mixed.receipt],
    ]),
    claimed('an anchor of another chain', 'anchor-follows', { followsGenesis: 7n }),
    claimed('an anchor that is frozen', 'anchor-not-frozen', { conflict: 9n }),
    claimed('a block that the anchor has with another time', 'shown-anchored', { anchoredAt: SHOWN_AT - 1 }),
    claimed('slots of an earlier generation', 'shown-anchored', { shownGeneration: GENERATION - 1n }),
    of('nothing of the period, by contracts of the genesis, which may be of an earlier version', 'ok', [['/period']], { verified: withoutEnd }),
    claimed('shown of another block before, in the same transaction', 'ok', { before: [NUMBER - 1n] }, { verified }),
    claimed('a certificate without an end', 'ok', { validUntil: 0 }, { verified: { ...verified, validUntil: 'unlimited' } }),
    claimed('the last second of the period', 'ok', { validUntil: NOW + 1 }, { verified: { ...verified, validUntil: NOW + 1 } }),
    claimed('a period that is over', 'shown-period', { validUntil: NOW }),
    claimed('the period of what was shown later', 'shown-period', { periodOf: NUMBER + 1n }),
    claimed('the period of a certificate that was lost', 'shown-period', { periodOf: 0n, validUntil: 0 }),
    of('the period of somebody else', 'shown-period', [['/period', told({ holder: STRANGER }).period]]),
    of('the consent said to be the period', 'shown-period', [['/period', (told().proof as { consent: unknown }).consent]]),
    of('a period from ahead of its proof', 'shown-period', [['/period', 7]]),
    claimed('a second longer ago than counts', 'shown-lapsed', { time: AGREED_AT - MAX_AGE - 1 }),
    of('a receipt that is not in the block', 'ReceiptNotIncluded', [['/proof/receipt/index', 1]]),
  ];
}

export interface ShownVectors {
  readonly description: string;
  readonly host: ChainEssentials;
  readonly followed: ChainEssentials;
  readonly base: ShownFile;
  readonly cases: readonly ShownCase[];
}

export function shownVectors(): ShownVectors {
  return {
    description: 'What a chain shows of a holder (docs/specs/trust.md, "Asked from outside"): the chains that are trusted, an answer, and what every verifier says about each change of it',
    host: host.essentials,
    followed: followed.essentials,
    base: told(),
    cases: cases(),
  };
}

/** A copy of the answer with a case's changes. */
export function answerOf(base: ShownFile, { changes }: ShownCase): ShownFile {
  const copy = structuredClone(base);
  for (const [pointer, value] of changes) {
    const path = pointer.split('/').slice(1);
    const last = path.pop() ?? '';
    const parent = path.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy as unknown as Record<string, unknown>);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return copy;
}
