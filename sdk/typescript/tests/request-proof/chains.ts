/** An alliance of two chains on a third, made by hand: the request that they bring to its end, and the proof of it. Solidity's and EIP-712's words are written out here once more. */
import { bytesOf, hexOf, numberOf, wordOf } from '../../src/light/bytes.js';
import { utf8Of } from '../../src/encoding.js';
import type { Hex } from '../../src/hex.js';
import { after, concat, hashOf, inMapping, wordOfName } from '../../src/staple/words.js';
import { accountProof, HandmadeChain, onlyOne, secretOf, type Block, type Storage } from '../staple/chain.js';
import { number, rlp } from '../staple/trie.js';

const NOW = 1_800_000_000;
export const NUMBER = 7n;
export const CONTRACT: Hex = '0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1';
/** Codes of the contracts. */
export const [SEQUENCED, COMMITTED, ABORTED, INVALID] = [1n, 2n, 3n, 4n];
export const STALE = 1n;

export const home = new HandmadeChain(7100, [secretOf(31)], NOW);
export const bankChain = new HandmadeChain(7101, [secretOf(32)], NOW + 1);
export const landChain = new HandmadeChain(7102, [secretOf(33)], NOW + 2);
export const ABROAD = 31_337;

const hash = (text: string): Uint8Array => hashOf(utf8Of(text));
const word = (value: bigint | number): Uint8Array => wordOf(BigInt(value));
const address = (byte: number): Hex => hexOf(new Uint8Array(20).fill(byte));

export interface Write {
  readonly key: Uint8Array;
  readonly version: bigint;
  readonly value: Uint8Array;
}

export interface Party {
  readonly name: Uint8Array;
  /** None: a foreign one. */
  readonly chain?: HandmadeChain;
  readonly node: Hex;
  readonly reads: readonly (readonly [Uint8Array, bigint])[];
  readonly writes: readonly Write[];
}

/** Both rest on a version and write. */
export const bank: Party = {
  name: wordOfName('bank'),
  chain: bankChain,
  node: address(0xb1),
  reads: [[wordOfName('balance'), 4n]],
  writes: [
    { key: wordOfName('balance'), version: 5n, value: word(60) },
    { key: wordOfName('loan'), version: 1n, value: wordOfName('loan 7') },
  ],
};
export const land: Party = {
  name: wordOfName('land registry'),
  chain: landChain,
  node: address(0xb2),
  reads: [[wordOfName('parcel 7'), 0n]],
  writes: [{ key: wordOfName('parcel 7'), version: 1n, value: wordOfName('loan 7') }],
};
/** Without finality certificates. */
export const abroad: Party = { name: wordOfName('partner abroad'), node: address(0xb3), reads: [], writes: [] };

/** EIP-712 `hashStruct` of a part. */
function partHash(party: Party): Uint8Array {
  const [read, write] = ['Read(bytes32 key,uint64 version)', 'Write(bytes32 key,bytes32 value)'];
  const reads = party.reads.map(([key, version]) => hashOf(hash(read), key, word(version)));
  const writes = party.writes.map(({ key, value }) => hashOf(hash(write), key, value));
  const type = hash(`Part(bytes32 member,bytes call,Read[] reads,Write[] writes)${read}${write}`);
  return hashOf(type, party.name, hashOf(utf8Of('call')), hashOf(...reads), hashOf(...writes));
}

export function partOf(party: Party): object {
  return {
    member: hexOf(party.name),
    call: hexOf(utf8Of('call')),
    reads: party.reads.map(([key, version]) => ({ key: hexOf(key), version: Number(version) })),
    writes: party.writes.map(({ key, value }) => ({ key: hexOf(key), value: hexOf(value) })),
  };
}

export interface Log {
  readonly at: Hex;
  readonly topics: readonly Uint8Array[];
  readonly data?: Uint8Array;
}

/** What one of the alliance's chain, or somebody else on it or on another chain, has put up as `Alliance`. */
export interface Place {
  readonly chain: HandmadeChain;
  readonly contract: Hex;
}
export const GENUINE: Place = { chain: home, contract: CONTRACT };

const logOf = (at: Hex, event: string, indexed: readonly Uint8Array[], ...data: readonly Uint8Array[]): Log => ({
  at,
  topics: [hash(event), ...indexed],
  data: concat(...data),
});

export const committedLog = (of = NUMBER, contract = CONTRACT): Log => logOf(contract, 'Committed(uint64)', [word(of)]);
export const invalidatedLog = (): Log =>
  logOf(CONTRACT, 'Invalidated(uint64,bytes32,bytes32,uint64)', [word(NUMBER), word(1), word(2)], word(3));
/** By `party`; nobody: the deadline has passed. */
export const abortedLog = (party?: Party, expected = 4n): Log =>
  logOf(
    CONTRACT,
    'Aborted(uint64,bytes32,uint8,uint64,uint64)',
    [word(NUMBER), party?.name ?? word(0)],
    ...(party ? [word(STALE), word(expected), word(5)] : [word(0), word(0), word(0)]),
  );
export const writtenLog = (party: Party, { key, version, value }: Write): Log =>
  logOf(party.node, 'Written(bytes32,uint64,bytes32)', [key], word(version), value);
export const appliedLog = (party: Party, of = NUMBER): Log => logOf(party.node, 'Applied(uint64)', [word(of)]);
/** What the node contract logs when it applies the part. */
export const applying = (party: Party): Log[] => [...party.writes.map((write) => writtenLog(party, write)), appliedLog(party)];
export const refusedLog = (party: Party, reason = STALE): Log =>
  logOf(party.node, 'Refused(uint64,uint8,bytes32,uint64,uint64)', [word(NUMBER)], word(reason), party.reads[0]?.[0] ?? word(0), word(4), word(5));

export interface Recorded {
  readonly block: Block;
  readonly bundle: Record<string, unknown>;
}

/** A block with one transaction, which has logged this. */
export function recorded(chain: HandmadeChain, logs: readonly Log[], succeeded = true): Recorded {
  const content = logs.map(({ at, topics, data }) => [bytesOf(at), topics, data ?? new Uint8Array()]);
  const receipt = concat(Uint8Array.of(2), rlp([number(succeeded ? 1n : 0n), number(50_000n), new Uint8Array(256), content]));
  const one = number(1n);
  const fields = [number(BigInt(chain.chainId)), number(0n), number(0n), number(0n), number(100_000n), bytesOf(CONTRACT), number(0n), new Uint8Array(), [], number(0n), one, one];
  const transaction = concat(Uint8Array.of(2), rlp(fields));
  const [transactions, receipts] = [onlyOne(transaction), onlyOne(receipt)];
  const block = chain.block(chain.genesis, { time: NOW + 100, transactionsRoot: transactions.root, receiptsRoot: receipts.root });
  const bundle = {
    version: 1,
    chain: { chainId: chain.chainId, genesisHash: chain.genesis.hash },
    finality: chain.finality(block),
    transaction: { index: 0, transaction: hexOf(transaction), proof: transactions.proof },
    receipt: { index: 0, receipt: hexOf(receipt), proof: receipts.proof },
  };
  return { block, bundle };
}

/** The alliance's slots of a request with these parties, and what stands there. */
function storageOf(state: bigint, parties: readonly Party[], named: readonly Party[]): { all: Storage; shown: bigint[] } {
  const request = numberOf(inMapping(word(NUMBER), word(0)));
  const parts = inMapping(word(NUMBER), word(1));
  const slots = (party: Party): readonly (readonly [bigint, bigint])[] => {
    const record = inMapping(party.name, word(6));
    const chainId = BigInt(party.chain?.chainId ?? ABROAD);
    const authority = numberOf(bytesOf(address(0xcc))) | (chainId << 160n) | (1n << 224n) | (1n << 232n);
    return [
      [numberOf(inMapping(party.name, parts)), numberOf(partHash(party))],
      [after(record, 0n), authority],
      [after(record, 1n), party.chain ? BigInt(party.chain.genesis.hash) : 0n],
      [after(record, 2n), BigInt(party.node)],
    ];
  };
  const decision = state | (BigInt(NOW + 160) << 8n) | (BigInt(parties.length) << 72n) | (BigInt((1 << parties.length) - 1) << 88n);
  const all = [[request, decision] as const, ...parties.flatMap(slots)];
  return { all, shown: [request, ...named.flatMap((party) => slots(party).map(([slot]) => slot))] };
}

/** The proof of the alliance's own part: the transaction, and the state in a later block. `named` are the members whose slots are shown, `at` says whose it is. */
export function ofAlliance(logs: readonly Log[], state: bigint, parties: readonly Party[], named = parties, at = GENUINE): Record<string, unknown> {
  const { chain, contract } = at;
  const { block, bundle } = recorded(chain, logs);
  const { all, shown } = storageOf(state, parties, named);
  const later = chain.block(block, { time: NOW + 101, state: { [contract]: all } });
  return { ...bundle, state: { finality: chain.finality(later), account: accountProof(later, contract, shown) } };
}

export const memberOf = (party: Party, logs = applying(party)): Record<string, unknown> => ({
  member: hexOf(party.name),
  part: partOf(party),
  ...(party.chain && { proof: recorded(party.chain, logs).bundle }),
});

export const fileOf = (alliance: object, members: readonly object[]): Record<string, unknown> => ({
  version: 1,
  number: Number(NUMBER),
  contract: CONTRACT,
  alliance,
  members,
});
