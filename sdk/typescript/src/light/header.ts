/** Block headers: their one encoding, their hash, and what makes one final. */
import type { Hex } from '../hex.js';
import { hexOf, keccak, WORD_BYTES } from './bytes.js';
import { VerifyError } from './error.js';
import { decodeContext, MILLISECONDS_PER_SECOND, type ConsensusContext } from './extra-data.js';
import { addressOf, decodeRlp, fixedOf, listOf, readingRlp, RlpError, stringOf, uintOf, type Rlp } from './rlp.js';

/** Longest header accepted, in bytes of RLP. One of this chain has about 620. */
export const MAX_HEADER_BYTES = 2048;

const BLOOM_BYTES = 256;
const NONCE_BYTES = 8;
/** Where the members that are looked at stand. */
const PARENT_HASH = 0;
const STATE_ROOT = 3;
const TRANSACTIONS_ROOT = 4;
const RECEIPTS_ROOT = 5;
const NUMBER = 8;
const TIMESTAMP = 11;
const EXTRA_DATA = 12;

type Member = (item: Rlp) => unknown;
const hash: Member = (item) => fixedOf(item, WORD_BYTES);
const number64: Member = (item) => uintOf(item, 64);

/** Members that every header has, in order. */
const REQUIRED_MEMBERS: readonly Member[] = [
  hash, // parent
  hash, // ommers
  addressOf, // beneficiary
  hash, // state
  hash, // transactions
  hash, // receipts
  (item) => fixedOf(item, BLOOM_BYTES),
  (item) => uintOf(item, 256), // difficulty
  number64, // number
  number64, // gas limit
  number64, // gas used
  number64, // timestamp
  stringOf, // extraData
  hash, // mix hash
  (item) => fixedOf(item, NONCE_BYTES),
];
/** Members that later rules of Ethereum added, in order; a header has none of them that follows one it lacks. */
const ADDED_MEMBERS: readonly Member[] = [
  number64, // base fee
  hash, // withdrawals
  number64, // blob gas used
  number64, // excess blob gas
  hash, // parent beacon block root
  hash, // requests
  hash, // block access list
  number64, // slot number
];
const MEMBERS = [...REQUIRED_MEMBERS, ...ADDED_MEMBERS];

/** A header decoded and hashed, nothing proven yet. */
export interface ParsedHeader {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly transactionsRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly extraData: Uint8Array;
}

/** Decodes exactly one canonically encoded header; throws `HeaderMalformed`. */
export function decodeHeader(rlp: Uint8Array): ParsedHeader {
  if (rlp.length > MAX_HEADER_BYTES) throw new VerifyError('HeaderMalformed', { reason: 'TooLong' });
  return readingRlp(
    () => readHeader(rlp),
    () => new VerifyError('HeaderMalformed', { reason: 'NotAHeader' }),
  );
}

function readHeader(rlp: Uint8Array): ParsedHeader {
  const items = listOf(decodeRlp(rlp));
  if (items.length < REQUIRED_MEMBERS.length || items.length > MEMBERS.length) throw new RlpError('not the members of a header');
  items.forEach((item, at) => MEMBERS[at]?.(item));
  return {
    hash: hexOf(keccak(rlp)),
    parentHash: fixedOf(items[PARENT_HASH], WORD_BYTES),
    stateRoot: fixedOf(items[STATE_ROOT], WORD_BYTES),
    transactionsRoot: fixedOf(items[TRANSACTIONS_ROOT], WORD_BYTES),
    receiptsRoot: fixedOf(items[RECEIPTS_ROOT], WORD_BYTES),
    number: uintOf(items[NUMBER], 64),
    timestamp: uintOf(items[TIMESTAMP], 64),
    extraData: stringOf(items[EXTRA_DATA]).slice(),
  };
}

/** What consensus committed to in a header that is not the genesis; throws `HeaderMalformed`. */
export function contextOf(header: ParsedHeader): ConsensusContext {
  return decodeContext(header.extraData);
}

/** A header that was proven final. Only {@link TrustedChain} makes one; outside this folder there is no constructor. */
export class FinalHeader {
  readonly #header: ParsedHeader;
  readonly #millisecond: number;

  constructor(
    header: ParsedHeader,
    /** The chain on which it is final. */
    readonly chainId: number,
    millisecond: number,
  ) {
    this.#header = header;
    this.#millisecond = millisecond;
  }

  get hash(): Hex {
    return this.#header.hash;
  }

  get number(): bigint {
    return this.#header.number;
  }

  get stateRoot(): Hex {
    return this.#header.stateRoot;
  }

  get transactionsRoot(): Hex {
    return this.#header.transactionsRoot;
  }

  get receiptsRoot(): Hex {
    return this.#header.receiptsRoot;
  }

  /** Milliseconds since 1970 at which the leader says it made the block. */
  get timeMs(): bigint {
    return this.#header.timestamp * BigInt(MILLISECONDS_PER_SECOND) + BigInt(this.#millisecond);
  }
}
