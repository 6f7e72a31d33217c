/** Merkle-Patricia tries and RLP, made for tests: the kernel itself only reads them. */
import { hexOf, keccak } from '../../src/light/bytes.js';
import { EMPTY_ROOT } from '../../src/light/trie.js';
import { concat } from '../../src/staple/words.js';
import type { Hex } from '../../src/hex.js';

export type Item = Uint8Array | readonly Item[];

export interface Trie {
  readonly root: Hex;
  readonly prove: (key: Uint8Array) => Uint8Array[];
}

interface Entry {
  readonly path: readonly number[];
  readonly value: Uint8Array;
}

const NOTHING = new Uint8Array();

export function rlp(item: Item): Uint8Array {
  if (!(item instanceof Uint8Array)) {
    const contents = concat(...item.map(rlp));
    return concat(prefix(0xc0, contents.length), contents);
  }
  const [first] = item;
  if (item.length === 1 && first !== undefined && first < 0x80) return item;
  return concat(prefix(0x80, item.length), item);
}

function prefix(offset: number, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(offset + length);
  const digits = number(BigInt(length));
  return concat(Uint8Array.of(offset + 55 + digits.length), digits);
}

/** A number without leading zeros. */
export function number(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return value === 0n ? NOTHING : Uint8Array.from((digits.length % 2 === 0 ? digits : `0${digits}`).match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A trie over these keys, as they are: whoever wants hashed keys hashes them. */
export function trieOf(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Trie {
  const leaves = entries.map(([key, value]) => ({ path: nibbles(key), value }));
  if (leaves.length === 0) return { root: EMPTY_ROOT, prove: () => [] };
  const top = node(leaves);
  return { root: hexOf(keccak(rlp(top))), prove: (key) => [rlp(top), ...below(leaves, nibbles(key))] };
}

function node(entries: readonly Entry[]): Item {
  const [only] = entries;
  if (only && entries.length === 1) return [compact(only.path, true), only.value];
  const shared = sharedLength(entries);
  if (shared > 0) return [compact(only?.path.slice(0, shared) ?? [], false), reference(node(entries.map((entry) => cut(entry, shared))))];
  return [...Array.from({ length: 16 }, (_, nibble) => child(entries, nibble)), NOTHING];
}

function child(entries: readonly Entry[], nibble: number): Item {
  const own = under(entries, nibble);
  return own.length === 0 ? NOTHING : reference(node(own));
}

const under = (entries: readonly Entry[], nibble: number | undefined): Entry[] =>
  entries.filter(({ path }) => path[0] === nibble).map((entry) => cut(entry, 1));

const cut = ({ path, value }: Entry, count: number): Entry => ({ path: path.slice(count), value });

function reference(item: Item): Item {
  const encoded = rlp(item);
  return encoded.length < 32 ? item : keccak(encoded);
}

/** The nodes on a path below the root that are referred to by hash. */
function below(entries: readonly Entry[], path: readonly number[]): Uint8Array[] {
  if (entries.length === 1) return [];
  const shared = sharedLength(entries);
  const step = Math.max(shared, 1);
  const leads = shared === 0 || entries[0]?.path.slice(0, shared).every((nibble, at) => nibble === path[at]) === true;
  const rest = shared > 0 ? entries.map((entry) => cut(entry, shared)) : under(entries, path[0]);
  if (!leads || rest.length === 0) return [];
  const encoded = rlp(node(rest));
  return [...(encoded.length < 32 ? [] : [encoded]), ...below(rest, path.slice(step))];
}

function sharedLength(entries: readonly Entry[]): number {
  const [first, ...others] = entries;
  let length = 0;
  while (first && length < first.path.length && others.every(({ path }) => path[length] === first.path[length])) length += 1;
  return length;
}

function nibbles(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
}

function compact(path: readonly number[], isLeaf: boolean): Uint8Array {
  const flag = isLeaf ? 2 : 0;
  const digits = path.length % 2 === 0 ? [flag, 0, ...path] : [flag + 1, ...path];
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => ((digits[2 * at] ?? 0) << 4) | (digits[2 * at + 1] ?? 0));
}
