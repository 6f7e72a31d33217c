/** The Merkle tree hash of RFC 9162, section 2.1 (SHA-256), over the operations of one submission. */
import { sha256 } from '@noble/hashes/sha2';
import { sameBytes } from '../light/bytes.js';

/** Longest inclusion path that is looked at: that of the largest submission. */
export const MAX_PATH_NODES = 10;

const LEAF = 0x00;
const NODE = 0x01;

/** Hash of a leaf: an operation's name. */
export function leafHash(bytes: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(LEAF)).update(bytes).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(NODE)).update(left).update(right).digest();
}

/** The root over leaf hashes, of which there is at least one. */
export function merkleRoot(leaves: readonly [Uint8Array, ...Uint8Array[]]): Uint8Array {
  let level: readonly Uint8Array[] = leaves;
  while (level.length > 1) {
    // An odd node at the end rises as it is.
    level = level.flatMap((node, at) => {
      const right = level[at + 1];
      if (at % 2 === 1) return [];
      return [right === undefined ? node : nodeHash(node, right)];
    });
  }
  return level[0] ?? leaves[0];
}

/** Whether the leaf stands at `index` of `count` under the root (section 2.1.3.2). */
export function isIncluded(
  root: Uint8Array,
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): boolean {
  if (index >= count || path.length > MAX_PATH_NODES) return false;
  let [node, place, last] = [leaf, index, count - 1];
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      node = nodeHash(sibling, node);
      // Levels in which this node had no sibling.
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2);
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(node, root);
}
