/** An Ethereum transaction before EIP-1559, signed for one chain (EIP-155): every Ethereum node takes it. */
import { keccak } from '../light/bytes.js';
import { encodeRlpList, shortestNumber } from '../light/rlp.js';

const CHAIN_V_OFFSET = 35n;

export interface LegacyTransaction {
  readonly chainId: bigint;
  readonly nonce: bigint;
  /** Wei. */
  readonly gasPrice: bigint;
  readonly gasLimit: bigint;
  /** 20 bytes. */
  readonly to: Uint8Array;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
}

/** A signature of secp256k1. */
export interface Signature {
  readonly r: bigint;
  readonly s: bigint;
  /** 0 or 1. */
  readonly recovery: number;
}

/** What is sent with `eth_sendRawTransaction`. */
export function signedTransaction(transaction: LegacyTransaction, sign: (digest: Uint8Array) => Signature): Uint8Array {
  const { chainId, nonce, gasPrice, gasLimit, to, value, data } = transaction;
  const numbers = [nonce, gasPrice, gasLimit].map(shortestNumber);
  const fields = [...numbers, to, shortestNumber(value), data];
  const { r, s, recovery } = sign(keccak(encodeRlpList([...fields, ...[chainId, 0n, 0n].map(shortestNumber)])));
  const v = chainId * 2n + CHAIN_V_OFFSET + BigInt(recovery);
  return encodeRlpList([...fields, ...[v, r, s].map(shortestNumber)]);
}
