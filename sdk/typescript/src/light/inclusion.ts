/** Transactions and receipts, proven to stand in a final block (FINALITY-9). */
import type { Hex } from '../hex.js';
import { sameBytes } from './bytes.js';
import { VerifyError } from './error.js';
import type { FinalHeader } from './header.js';
import { decodeReceipt, type Receipt } from './receipt.js';
import { encodeRlpString, readingRlp, shortestNumber } from './rlp.js';
import { decodeTransaction, type Transaction } from './transaction.js';
import { followPath } from './trie.js';

/** A transaction and its place in a block. */
export interface TransactionInclusion {
  /** Index in the block; a safe integer, not negative. */
  readonly index: number;
  /** EIP-2718 encoding. */
  readonly transaction: Uint8Array;
  /** Nodes of the transactions trie, root first. */
  readonly proof: readonly Uint8Array[];
}

/** A receipt and its place in a block. */
export interface ReceiptInclusion {
  /** Index in the block; a safe integer, not negative. */
  readonly index: number;
  /** EIP-2718 encoding. */
  readonly receipt: Uint8Array;
  /** Nodes of the receipts trie, root first. */
  readonly proof: readonly Uint8Array[];
}

/** A transaction that was proven to be in a final block. */
export interface VerifiedTransaction {
  readonly index: number;
  readonly transaction: Transaction;
}

/** A receipt that was proven to be in a final block. */
export interface VerifiedReceipt {
  readonly index: number;
  readonly receipt: Receipt;
}

/** Throws `TransactionNotIncluded`, `TransactionMalformed`, `ProofTooLarge`. */
export function verifyTransaction(header: FinalHeader, inclusion: TransactionInclusion): VerifiedTransaction {
  const { index, transaction, proof } = inclusion;
  if (!standsAt(header.transactionsRoot, index, transaction, proof)) {
    throw new VerifyError('TransactionNotIncluded', { index, block: header.hash });
  }
  const decoded = readingRlp(
    () => decodeTransaction(transaction),
    () => new VerifyError('TransactionMalformed', {}),
  );
  return { index, transaction: decoded };
}

/** Throws `ReceiptNotIncluded`, `ReceiptMalformed`, `ProofTooLarge`. */
export function verifyReceipt(header: FinalHeader, inclusion: ReceiptInclusion): VerifiedReceipt {
  const { index, receipt, proof } = inclusion;
  if (!standsAt(header.receiptsRoot, index, receipt, proof)) {
    throw new VerifyError('ReceiptNotIncluded', { index, block: header.hash });
  }
  const decoded = readingRlp(
    () => decodeReceipt(receipt),
    () => new VerifyError('ReceiptMalformed', {}),
  );
  return { index, receipt: decoded };
}

/** Whether `item` stands under RLP(index) in the trie with this root. */
function standsAt(root: Hex, index: number, item: Uint8Array, proof: readonly Uint8Array[]): boolean {
  const key = encodeRlpString(shortestNumber(BigInt(index)));
  const path = followPath(root, key, proof);
  // An empty item would mean that nothing is there, which is never a proof of inclusion.
  return item.length > 0 && path.end === 'value' && sameBytes(path.value, item);
}
