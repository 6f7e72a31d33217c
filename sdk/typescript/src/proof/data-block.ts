/**
 * Membership in a data block (docs/specs/encodings.md): the tree of `@openzeppelin/merkle-tree`, whose leaves are hashed twice and whose inner nodes
 * hash the sorted pair.
 */
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, wordOf, WORD_BYTES } from '../light/bytes.js';
import { utf8Of } from '../encoding.js';

/** Longest proof that is looked at: the depth of the largest tree. */
export const MAX_DATA_BLOCK_PROOF = 16;

/** One operation as it stands in a data block. */
export interface Leaf {
  readonly operationDigest: Hex;
  readonly source: Address;
  /** At most 32 bytes of ASCII. */
  readonly type: string;
  readonly contentHash: Hex;
  /** Unix seconds. */
  readonly time: bigint;
}

/** `keccak256(keccak256(abi.encode(bytes32, address, bytes32, bytes32, uint64)))`. */
export function dataBlockLeafHash(leaf: Leaf): Uint8Array {
  const name = new Uint8Array(WORD_BYTES);
  name.set(utf8Of(leaf.type));
  const words = [bytesOf(leaf.operationDigest), wordOf(BigInt(leaf.source)), name, bytesOf(leaf.contentHash), wordOf(leaf.time)];
  return keccak(keccak(joined(words)));
}

/** Whether the leaf stands in the data block with this root. */
export function isInDataBlock(root: Hex, leaf: Leaf, siblings: readonly Uint8Array[]): boolean {
  if (siblings.length > MAX_DATA_BLOCK_PROOF) return false;
  const top = siblings.reduce((node, sibling) => keccak(joined(sorted(node, sibling))), dataBlockLeafHash(leaf));
  return hexOf(top) === root;
}

function sorted(one: Uint8Array, other: Uint8Array): [Uint8Array, Uint8Array] {
  return hexOf(one) <= hexOf(other) ? [one, other] : [other, one];
}

function joined(words: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(words.length * WORD_BYTES);
  words.forEach((word, at) => all.set(word, at * WORD_BYTES));
  return all;
}
