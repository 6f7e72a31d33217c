/** A chain made by hand and finalized with real keys, so that what it claims can be altered before it is final and everything else is right. */
import { bls12_381 } from '@noble/curves/bls12-381';
import { bytesOf, hexOf, keccak, numberOf, wordOf } from '../../src/light/bytes.js';
import { finalizeNamespace } from '../../src/light/certificate.js';
import { validatorSetHash } from '../../src/light/extra-data.js';
import { EMPTY_ROOT } from '../../src/light/trie.js';
import type { ChainEssentials } from '../../src/light/trust.js';
import { concat } from '../../src/staple/words.js';
import type { Hex } from '../../src/hex.js';
import { number, rlp, trieOf, type Trie } from './trie.js';

const CIPHERSUITE = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const EMPTY_UNCLES: Hex = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';
const NO_REQUESTS: Hex = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const VALIDATOR_REGISTRY: Hex = '0xc4a0000000000000000000000000000000000007';
export const EPOCH_LENGTH = 4n;

/** Slots by number, and their values. */
export type Storage = readonly (readonly [bigint, bigint])[];
export type State = Readonly<Record<Hex, Storage>>;
/** Codes of accounts, a byte each; an account without one here has the code 1. */
export type Codes = Readonly<Record<Hex, number>>;

export interface Block {
  readonly header: Uint8Array;
  readonly hash: Hex;
  readonly number: bigint;
  readonly time: number;
  readonly epoch: number;
  readonly state: State;
  readonly codes: Codes;
}

interface Content {
  readonly time: number;
  readonly state?: State;
  readonly codes?: Codes;
  readonly transactionsRoot?: Hex;
  readonly receiptsRoot?: Hex;
  readonly epoch?: number;
}

/** A validator's secret, from a small number: these keys guard nothing. */
export const secretOf = (seed: number): Uint8Array => wordOf(BigInt(seed) + 0x1234_5678_9abcn);
export const keyOf = (secret: Uint8Array): Uint8Array => bls12_381.getPublicKey(secret);

export class HandmadeChain {
  readonly genesis: Block;
  readonly essentials: ChainEssentials;

  constructor(
    readonly chainId: number,
    readonly secrets: readonly Uint8Array[],
    time: number,
    // What its genesis has besides the validators.
    { state = {}, codes = {} }: { readonly state?: State; readonly codes?: Codes } = {},
  ) {
    const keys = secrets.map(keyOf);
    const stateRoot = stateTrie(state, codes).root;
    const header = encodeHeader({ parent: hexOf(new Uint8Array(32)), number: 0n, time, extra: bytesOf(validatorSetHash(keys)), stateRoot });
    this.genesis = { header, hash: hexOf(keccak(header)), number: 0n, time, epoch: 0, state, codes };
    this.essentials = { chainId, genesisHash: this.genesis.hash, validators: keys.map(hexOf) };
  }

  block(parent: Block, { time, state = {}, codes = {}, transactionsRoot, receiptsRoot, epoch = 0 }: Content): Block {
    const next = parent.number + 1n;
    const extra = concat(Uint8Array.of(1), wordOf(BigInt(epoch)).subarray(28), wordOf(next).subarray(24), wordOf(parent.number).subarray(24), new Uint8Array(11));
    const header = encodeHeader({ parent: parent.hash, number: next, time, extra, stateRoot: stateTrie(state, codes).root, transactionsRoot, receiptsRoot });
    return { header, hash: hexOf(keccak(header)), number: next, time, epoch, state, codes };
  }

  /** A finality proof's JSON; those who sign are the genesis' validators unless others are given. */
  finality(block: Block, signers = this.secrets, handovers: readonly object[] = []): Record<string, unknown> {
    return {
      header: hexOf(block.header),
      certificate: hexOf(this.#certificate(block, signers)),
      ...(handovers.length > 0 && { handovers }),
    };
  }

  /** The last block of an epoch, and the set that its state names. */
  handover(block: Block, next: readonly Uint8Array[], signers = this.secrets): Record<string, unknown> {
    return {
      ...this.finality(block, signers),
      registry: accountProof(block, VALIDATOR_REGISTRY, [0n, 1n]),
      validators: next.map((secret) => hexOf(keyOf(secret))),
    };
  }

  #certificate(block: Block, signers: readonly Uint8Array[]): Uint8Array {
    const message = concat(varint(block.epoch), varint(Number(block.number)), varint(Number(block.number) - 1), bytesOf(block.hash));
    const namespace = finalizeNamespace(this.chainId, this.genesis.hash);
    const signed = concat(varint(namespace.length), namespace, message);
    const point = bls12_381.G2.hashToCurve(signed, { DST: CIPHERSUITE });
    const sum = signers
      .map((secret) => bls12_381.G2.ProjectivePoint.fromAffine(point.toAffine()).multiply(numberOf(secret)))
      .reduce((one, other) => one.add(other));
    const bitmap = Uint8Array.of((1 << signers.length) - 1);
    return concat(message, wordOf(BigInt(signers.length)).subarray(24), bitmap, sum.toRawBytes(true));
  }
}

/** The registry's slots in the last block of an epoch: who decides next, and how long an epoch is. */
export function registryOf(next: readonly Uint8Array[]): State {
  return { [VALIDATOR_REGISTRY]: [[0n, BigInt(validatorSetHash(next.map(keyOf)))], [1n, EPOCH_LENGTH]] };
}

/** What `eth_getProof` answers about slots of an account of a block. */
export function accountProof(block: Block, address: Hex, slots: readonly bigint[]): Record<string, unknown> {
  const storage = block.state[address] ?? [];
  const trie = storageTrie(storage);
  return {
    address,
    balance: '0x0',
    codeHash: hexOf(codeHash(block.codes, address)),
    nonce: '0x1',
    storageHash: trie.root,
    accountProof: stateTrie(block.state, block.codes).prove(keccak(bytesOf(address))).map(hexOf),
    storageProof: slots.map((slot) => ({
      key: quantity(slot),
      value: quantity(storage.find(([known]) => known === slot)?.[1] ?? 0n),
      proof: trie.prove(keccak(wordOf(slot))).map(hexOf),
    })),
  };
}

const quantity = (value: bigint): string => `0x${value.toString(16)}`;

function storageTrie(storage: Storage): Trie {
  return trieOf(storage.filter(([, value]) => value !== 0n).map(([slot, value]) => [keccak(wordOf(slot)), rlp(number(value))]));
}

const codeHash = (codes: Codes, address: Hex): Uint8Array => keccak(Uint8Array.of(codes[address] ?? 1));

function stateTrie(state: State, codes: Codes): Trie {
  const account = (address: Hex, storage: Storage): Uint8Array =>
    rlp([number(1n), number(0n), bytesOf(storageTrie(storage).root), codeHash(codes, address)]);
  return trieOf((Object.entries(state) as [Hex, Storage][]).map(([address, storage]) => [keccak(bytesOf(address)), account(address, storage)]));
}

/** The trie of a block's only transaction, or its receipt. */
export function onlyOne(encoded: Uint8Array): { root: Hex; proof: Hex[] } {
  const key = rlp(number(0n));
  const trie = trieOf([[key, encoded]]);
  return { root: trie.root, proof: trie.prove(key).map(hexOf) };
}

function encodeHeader(header: {
  parent: Hex;
  number: bigint;
  time: number;
  extra: Uint8Array;
  stateRoot?: Hex;
  transactionsRoot?: Hex | undefined;
  receiptsRoot?: Hex | undefined;
}): Uint8Array {
  const root = (hash: Hex | undefined): Uint8Array => bytesOf(hash ?? EMPTY_ROOT);
  const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);
  return rlp([
    bytesOf(header.parent), bytesOf(EMPTY_UNCLES), zeros(20), root(header.stateRoot), root(header.transactionsRoot), root(header.receiptsRoot),
    zeros(256), number(0n), number(header.number), number(100_000_000n), number(0n), number(BigInt(header.time)), header.extra, zeros(32), zeros(8),
    number(0n), bytesOf(EMPTY_ROOT), number(0n), number(0n), zeros(32), bytesOf(NO_REQUESTS),
  ]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) | 128);
  }
}
