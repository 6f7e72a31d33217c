/** The root of a trie from all that stands in it: whoever computes it knows that nothing was left out (Ethereum Yellow Paper, appendix D). */
import type { Hex } from '../hex.js';
import { hexOf, keccak, WORD_BYTES } from './bytes.js';
import { encodeRlpItems, encodeRlpString, shortestNumber } from './rlp.js';
import { EMPTY_ROOT } from './trie.js';

const LEAF = 2;
const ODD = 1;
const BRANCHES = 16;
const NOTHING = encodeRlpString(new Uint8Array());

interface Entry {
  readonly path: readonly number[];
  readonly value: Uint8Array;
}

/** Of items under RLP of their index, as a block has its receipts. */
export function orderedTrieRoot(items: readonly Uint8Array[]): Hex {
  if (items.length === 0) return EMPTY_ROOT;
  const entries = items.map((value, index) => ({ path: nibblesOf(encodeRlpString(shortestNumber(BigInt(index)))), value }));
  return hexOf(keccak(nodeOf(entries, 0)));
}

/** The node below which these entries stand; their paths agree up to `depth`. No path begins another. */
function nodeOf(entries: readonly Entry[], depth: number): Uint8Array {
  const [first, ...others] = entries;
  if (first === undefined) return NOTHING;
  if (others.length === 0) return pathNode(first.path.slice(depth), LEAF, encodeRlpString(first.value));
  let end = depth;
  while (others.every(({ path }) => path[end] === first.path[end])) end += 1;
  if (end > depth) return pathNode(first.path.slice(depth, end), 0, referenceTo(nodeOf(entries, end)));
  const below: Entry[][] = Array.from({ length: BRANCHES }, () => []);
  for (const entry of entries) below[entry.path[depth] ?? 0]?.push(entry);
  const children = below.map((those) => (those.length === 0 ? NOTHING : referenceTo(nodeOf(those, depth + 1))));
  return encodeRlpItems([...children, NOTHING]);
}

/** A leaf or an extension: its path, packed with flags, and what is encoded already. */
function pathNode(path: readonly number[], flags: number, target: Uint8Array): Uint8Array {
  const isOdd = path.length % 2 === 1;
  const nibbles = isOdd ? [flags | ODD, ...path] : [flags, 0, ...path];
  const packed = Uint8Array.from({ length: nibbles.length / 2 }, (_, at) => ((nibbles[2 * at] ?? 0) << 4) | (nibbles[2 * at + 1] ?? 0));
  return encodeRlpItems([encodeRlpString(packed), target]);
}

/** A node shorter than a hash stands in its parent itself. */
function referenceTo(node: Uint8Array): Uint8Array {
  return node.length < WORD_BYTES ? node : encodeRlpString(keccak(node));
}

function nibblesOf(bytes: Uint8Array): number[] {
  return Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 0x0f]);
}
