/** Receipts as they stand in a block: EIP-2718 bytes. */
import type { Hex } from '../hex.js';
import { hexOf, WORD_BYTES } from './bytes.js';
import { addressOf, decodeRlp, fixedOf, listOf, RlpError, stringOf, tupleOf, uintOf, type Rlp } from './rlp.js';
import { readHash, splitType } from './transaction.js';

/** What a transaction did. */
export interface Receipt {
  /** EIP-2718 type of the transaction; 0 for one without. */
  readonly type: number;
  /** `unknown` where a receipt from before EIP-658 has a state root instead. */
  readonly status: 'succeeded' | 'failed' | 'unknown';
  /** Gas of the block's transactions up to this one. */
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly Log[];
}

/** An event that a contract emitted. */
export interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

const BLOOM_BYTES = 256;
const RECEIPT_MEMBERS = 4;
const LOG_MEMBERS = 3;

/** Reads a receipt; throws `RlpError`. */
export function decodeReceipt(encoded: Uint8Array): Receipt {
  const { type, payload } = splitType(encoded);
  const [status, gas, bloom, logs] = tupleOf(decodeRlp(payload), RECEIPT_MEMBERS);
  fixedOf(bloom, BLOOM_BYTES);
  return {
    type,
    status: readStatus(stringOf(status)),
    cumulativeGasUsed: uintOf(gas, 64),
    logs: listOf(logs).map(readLog),
  };
}

function readStatus(status: Uint8Array): Receipt['status'] {
  if (status.length === 0) return 'failed';
  if (status.length === 1 && status[0] === 1) return 'succeeded';
  if (status.length === WORD_BYTES) return 'unknown';
  throw new RlpError('a status is 0 or 1');
}

function readLog(item: Rlp): Log {
  const [address, topics, data] = tupleOf(item, LOG_MEMBERS);
  return { address: addressOf(address), topics: listOf(topics).map(readHash), data: hexOf(stringOf(data)) };
}
