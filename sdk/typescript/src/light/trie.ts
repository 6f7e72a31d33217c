/** Merkle-Patricia proofs: how a key's path through a trie ends (FINALITY-9). */
import type { Hex } from '../hex.js';
import { hexOf, keccak, WORD_BYTES } from './bytes.js';
import { VerifyError } from './error.js';
import { decodeRlp, listOf, RlpError, stringOf, type Rlp } from './rlp.js';

/** Most nodes in one trie proof: a key of 32 bytes has 64 nibbles, and the root. */
export const MAX_PROOF_NODES = 65;
/** Longest trie node accepted, in bytes. The value of an included transaction or receipt is in its leaf. */
export const MAX_PROOF_NODE_BYTES = 1024 * 1024;
/** `keccak256(RLP(""))`: the root of a trie that holds nothing. */
export const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

const BRANCH_ITEMS = 17;
const PATH_ITEMS = 2;
/** Longest path in a node: a flag, padding, and the 64 nibbles of a hash. */
const MAX_PATH_BYTES = 1 + WORD_BYTES;
/** A node shorter than a hash stands in its parent itself. */
const MAX_SHORT_NODE_BYTES = WORD_BYTES - 1;
/** RLP of the empty string: how some nodes show the root of an empty trie. */
const EMPTY_NODE = 0x80;

/** How a key's path ends. `unproven`: the nodes are no path from the root, or do not lead to the end of it. */
export type PathEnd =
  | { readonly end: 'value'; readonly value: Uint8Array }
  | { readonly end: 'absent' }
  | { readonly end: 'unproven' };

type Step = PathEnd | { readonly end: 'continues'; readonly hash: Hex; readonly rest: readonly number[] };

const ABSENT = { end: 'absent' } as const;
const UNPROVEN = { end: 'unproven' } as const;

/** Throws `ProofTooLarge`. */
export function checkBounds(proof: readonly Uint8Array[]): void {
  if (proof.length > MAX_PROOF_NODES) {
    throw new VerifyError('ProofTooLarge', { found: proof.length, limit: MAX_PROOF_NODES });
  }
  const long = proof.find((node) => node.length > MAX_PROOF_NODE_BYTES);
  if (long) throw new VerifyError('ProofTooLarge', { found: long.length, limit: MAX_PROOF_NODE_BYTES });
}

/**
 * Follows `key` through the nodes, root first. A node is looked into only when its hash is the one expected, and the last one
 * must be where the path ends. Throws `ProofTooLarge`.
 *
 * No other key of the trie may begin with `key` or be its beginning: so it is for RLP of an index and for hashes.
 */
export function followPath(root: Hex, key: Uint8Array, proof: readonly Uint8Array[]): PathEnd {
  checkBounds(proof);
  if (isEmptyTrie(proof)) return root === EMPTY_ROOT ? ABSENT : UNPROVEN;
  let expected = root;
  let rest: readonly number[] = nibblesOf(key);
  for (const [position, node] of proof.entries()) {
    if (hexOf(keccak(node)) !== expected) return UNPROVEN;
    const step = enterNode(node, rest);
    if (step.end !== 'continues') return position === proof.length - 1 ? step : UNPROVEN;
    expected = step.hash;
    rest = step.rest;
  }
  return UNPROVEN;
}

function isEmptyTrie(proof: readonly Uint8Array[]): boolean {
  const [first] = proof;
  return first === undefined || (proof.length === 1 && first.length === 1 && first[0] === EMPTY_NODE);
}

/** Through a node, and the short nodes that stand in it. What is not a node proves nothing. */
function enterNode(encoded: Uint8Array, path: readonly number[]): Step {
  try {
    let node = decodeRlp(encoded);
    let rest = path;
    for (;;) {
      const items = listOf(node);
      const step = items.length === BRANCH_ITEMS ? enterBranch(items, rest) : enterPath(items, rest);
      if (!('child' in step)) return step;
      if (step.child instanceof Uint8Array) return followReference(step.child, step.rest);
      if (step.child.encodedBytes > MAX_SHORT_NODE_BYTES) return UNPROVEN;
      node = step.child;
      rest = step.rest;
    }
  } catch (error) {
    if (error instanceof RlpError) return UNPROVEN;
    throw error;
  }
}

interface Child {
  readonly child: Rlp;
  readonly rest: readonly number[];
}

function followReference(hash: Uint8Array, rest: readonly number[]): Step {
  return hash.length === WORD_BYTES ? { end: 'continues', hash: hexOf(hash), rest } : UNPROVEN;
}

function enterBranch(items: readonly Rlp[], path: readonly number[]): PathEnd | Child {
  // A value in a branch belongs to a key that is another's beginning: none of these tries has one.
  if (stringOf(items[BRANCH_ITEMS - 1]).length !== 0) return UNPROVEN;
  const [nibble, ...rest] = path;
  if (nibble === undefined) return ABSENT;
  const child = items[nibble];
  if (child === undefined) return UNPROVEN;
  return child instanceof Uint8Array && child.length === 0 ? ABSENT : { child, rest };
}

/** A leaf, or an extension. */
function enterPath(items: readonly Rlp[], path: readonly number[]): PathEnd | Child {
  const [encodedPath, target] = items;
  if (items.length !== PATH_ITEMS || target === undefined) return UNPROVEN;
  const pathBytes = stringOf(encodedPath);
  if (pathBytes.length > MAX_PATH_BYTES) return UNPROVEN;
  const [flags, ...after] = nibblesOf(pathBytes);
  // Flags: 2 for a leaf, 1 for an odd length; an even one is followed by a nibble of padding.
  if (flags === undefined || flags > 3) return UNPROVEN;
  const isOdd = (flags & 1) === 1;
  if (!isOdd && after[0] !== 0) return UNPROVEN;
  const nibbles = isOdd ? after : after.slice(1);
  const isBeginning = nibbles.length <= path.length && nibbles.every((nibble, at) => nibble === path[at]);
  if ((flags & 2) === 2) {
    const value = stringOf(target);
    return isBeginning && nibbles.length === path.length ? { end: 'value', value } : ABSENT;
  }
  if (nibbles.length === 0) return UNPROVEN;
  return isBeginning ? { child: target, rest: path.slice(nibbles.length) } : ABSENT;
}

function nibblesOf(bytes: Uint8Array): number[] {
  return Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 0x0f]);
}
