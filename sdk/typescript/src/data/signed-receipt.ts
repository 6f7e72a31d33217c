/**
 * The signed text of a receipt: the evidence against whoever loses what was accepted (docs/specs/data.md, DATA-12). The same checks with the same names
 * as in crates/data/src/receipt.rs; pure, without network and clock.
 *
 * ```text
 * alone        JWS of the receipt
 * of several   JWS of {count, root} ~ receipt ~ index ~ path from the receipt to the root (RFC 9162)
 * ```
 */
import { bytesOfBase64url } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf } from '../light/bytes.js';
import { addressAt, FormError, hashAt, hexAt, membersAt, safeIntegerAt } from '../light/json.js';
import { PublicKey, type Jwk } from './jwk.js';
import { jsonOf, JwsError, MAX_JWS_BYTES, readJws, verifyJws, type Jws } from './jws.js';
import { isIncluded, leafHash } from './merkle.js';
import { SUBMISSION_KEY_BYTES } from './statement.js';

/** Longest receipt that is read, in characters. */
export const MAX_RECEIPT_LENGTH = 2 * MAX_JWS_BYTES;

const SEPARATOR = '~';
const HASH_BYTES = 32;
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/;
const MEMBERS = ['chainId', 'place', 'digest', 'source', 'key', 'count', 'acceptedAt'];

export type ReceiptCheck = 'receipt-readable' | 'receipt-signature' | 'receipt-in-group';

/** A receipt was refused: the first check that failed, by name, and what it found. */
export class ReceiptFailure extends Error {
  override readonly name = 'ReceiptFailure';

  constructor(
    readonly check: ReceiptCheck,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}

/** What the journal has signed. */
export interface SignedReceipt {
  /** The chain that will record it. */
  readonly chainId: number;
  /** Its place in the journal. */
  readonly place: number;
  /** SHA-256 of what the source signed. */
  readonly digest: Hex;
  readonly source: Address;
  /** Idempotency key, 16 bytes. */
  readonly key: Hex;
  /** How many operations. */
  readonly count: number;
  /** When it was accepted, Unix milliseconds. */
  readonly acceptedAt: number;
}

/**
 * Reads the member `receipt` of a receipt, and verifies that the journal's key has signed for it. `jwk`: what the city's operator hands out, `receipts.jwk`.
 * @throws ReceiptFailure with the first check that fails; InputError when `jwk` is no public key
 */
export function verifyReceipt(text: string, jwk: Jwk): SignedReceipt {
  const key = PublicKey.read(jwk);
  if (key === undefined) throw new InputError('the key of receipts is no public key (JWK)');
  if (text.length > MAX_RECEIPT_LENGTH) throw new ReceiptFailure('receipt-readable', `it is longer than ${MAX_RECEIPT_LENGTH} characters`);
  const [signed = '', ...rest] = text.split(SEPARATOR);
  if (rest.length === 0) {
    const jws = asFailure(() => readJws(signed, 'chancery-receipt+jws'));
    verify(jws, key);
    return receiptIn(jws.payload);
  }
  const [payload, index, path] = partsOf(rest);
  const jws = asFailure(() => readJws(signed, 'chancery-receipts+jws'));
  verify(jws, key);
  const { count, root } = asFailure(() => {
    const members = membersAt(jsonOf(jws.payload), 'root', ['count', 'root']);
    return { count: safeIntegerAt(members.count, 'count'), root: hashAt(members.root, 'root') };
  });
  if (!isIncluded(bytesOf(root), leafHash(payload), index, count, path)) {
    throw new ReceiptFailure('receipt-in-group', 'the receipt is not at this index under the signed root');
  }
  return receiptIn(payload);
}

function partsOf(parts: readonly string[]): [payload: Uint8Array, index: number, path: Uint8Array[]] {
  const [payload, path] = [parts[0], parts[2]].map((part) => (part === undefined ? undefined : bytesOfBase64url(part)));
  const index = parts[1] ?? '';
  if (parts.length !== 3 || !payload || !path || !INDEX.test(index) || path.length % HASH_BYTES !== 0) {
    throw new ReceiptFailure('receipt-readable', 'it is not the JWS of a root, a receipt, its index and its path, with ~ between them');
  }
  const hashes = Array.from({ length: path.length / HASH_BYTES }, (_, at) => path.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  return [payload, Number(index), hashes];
}

function verify(jws: Jws, key: PublicKey): void {
  try {
    verifyJws(jws, key);
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    throw new ReceiptFailure('receipt-signature', error.message, { cause: error });
  }
}

function receiptIn(payload: Uint8Array): SignedReceipt {
  return asFailure(() => {
    const members = membersAt(jsonOf(payload), 'receipt', MEMBERS);
    return {
      chainId: safeIntegerAt(members.chainId, 'chainId'),
      place: safeIntegerAt(members.place, 'place'),
      digest: hashAt(members.digest, 'digest'),
      source: addressAt(members.source, 'source'),
      key: hexAt(members.key, 'key', SUBMISSION_KEY_BYTES),
      count: safeIntegerAt(members.count, 'count'),
      acceptedAt: safeIntegerAt(members.acceptedAt, 'acceptedAt'),
    };
  });
}

function asFailure<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JwsError || error instanceof FormError)) throw error;
    throw new ReceiptFailure('receipt-readable', error.message, { cause: error });
  }
}
