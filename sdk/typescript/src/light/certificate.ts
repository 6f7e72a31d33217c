/** Finality certificates: their one encoding (FINALITY-2), quorums, and what validators sign (FINALITY-1). */
import { utf8ToBytes } from '@noble/hashes/utils';
import type { Hex } from '../hex.js';
import { BLS_SIGNATURE_BYTES } from './bls.js';
import { hexOf, numberOf, WORD_BYTES } from './bytes.js';
import { VerifyError } from './error.js';
import type { CertificateFault } from './faults.js';

/** Most validators that a chain may have: it bounds every certificate. */
export const MAX_VALIDATORS = 256;
const MAX_VARINT_BYTES = 10;
const SET_SIZE_BYTES = 8;
/** Longest encoding of a certificate: three varints, hash, size of the set, bitmap, signature. */
export const MAX_CERTIFICATE_BYTES =
  3 * MAX_VARINT_BYTES + WORD_BYTES + SET_SIZE_BYTES + Math.ceil(MAX_VALIDATORS / 8) + BLS_SIGNATURE_BYTES;

const FINALIZE_SUFFIX = '_FINALIZE';

/** A quorum's aggregate signature over one block, with the round in which it was decided. */
export interface FinalityCertificate {
  /** Epoch of the validator set. */
  readonly epoch: bigint;
  /** View in which the block was finalised. */
  readonly view: bigint;
  /** View of the parent that the proposal was built on. */
  readonly parentView: bigint;
  readonly blockHash: Hex;
  /** The size of the set that the bitmap is over. */
  readonly validators: number;
  /** Positions of the signers in the set, ascending. */
  readonly signers: readonly number[];
  /** Aggregate signature, not yet checked to be a point. */
  readonly signature: Uint8Array;
  /** What the validators signed, without the namespace: epoch, view, parent view, block hash, as encoded. */
  readonly message: Uint8Array;
}

/** Votes needed among `validators`: all but the third that may be faulty (n - floor((n - 1) / 3)). */
export function quorum(validators: number): number {
  return validators - Math.floor(Math.max(validators - 1, 0) / 3);
}

/** The base namespace of everything that a chain's validators sign: ASCII `chancery-<chain id>-<genesis hash>`. */
export function finalityNamespace(chainId: number, genesisHash: Hex): Uint8Array {
  return utf8ToBytes(`chancery-${chainId}-${genesisHash}`);
}

/** The namespace of votes to finalise, as the signature has it. `genesisHash` in lower-case digits. */
export function finalizeNamespace(chainId: number, genesisHash: Hex): Uint8Array {
  return Uint8Array.of(...finalityNamespace(chainId, genesisHash), ...utf8ToBytes(FINALIZE_SUFFIX));
}

/** Reads a certificate; throws `CertificateMalformed`, which names what is wrong. */
export function decodeCertificate(bytes: Uint8Array): FinalityCertificate {
  if (bytes.length > MAX_CERTIFICATE_BYTES) throw malformed('TooLong');
  const cursor = new Cursor(bytes);
  const epoch = readVarint(cursor);
  const view = readVarint(cursor);
  const parentView = readVarint(cursor);
  const blockHash = hexOf(cursor.take(WORD_BYTES));
  // Numbers have one encoding, so these bytes are the message whoever encodes it.
  const message = bytes.slice(0, cursor.position);
  const setSize = numberOf(cursor.take(SET_SIZE_BYTES));
  if (setSize < 1n || setSize > BigInt(MAX_VALIDATORS)) throw malformed('SetSizeOutOfRange');
  const validators = Number(setSize);
  const signers = readBitmap(cursor, validators);
  const signature = cursor.take(BLS_SIGNATURE_BYTES).slice();
  if (!cursor.isAtEnd) throw malformed('BytesFollow');
  return { epoch, view, parentView, blockHash, validators, signers, signature, message };
}

class Cursor {
  #position = 0;

  constructor(readonly bytes: Uint8Array) {}

  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position === this.bytes.length;
  }

  take(count: number): Uint8Array {
    const end = this.#position + count;
    if (end > this.bytes.length) throw malformed('Truncated');
    const taken = this.bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}

function readBitmap(cursor: Cursor, validators: number): number[] {
  const signers: number[] = [];
  cursor.take(Math.ceil(validators / 8)).forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit += 1) {
      if (((byte >> bit) & 1) === 1) signers.push(8 * at + bit);
    }
  });
  if (signers.some((signer) => signer >= validators)) throw malformed('BitBeyondSet');
  return signers;
}

/** LEB128 in its shortest form, at most 64 bits. */
function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let position = 0; position < MAX_VARINT_BYTES; position += 1) {
    const byte = Number(numberOf(cursor.take(1)));
    // Nine bytes hold 63 bits, so the tenth has one left.
    if (position === MAX_VARINT_BYTES - 1 && byte > 1) throw malformed('NumberTooLarge');
    value |= BigInt(byte & 0x7f) << BigInt(7 * position);
    if ((byte & 0x80) === 0) {
      if (byte === 0 && position > 0) throw malformed('NumberNotShortest');
      return value;
    }
  }
  throw malformed('NumberTooLarge');
}

function malformed(reason: CertificateFault): VerifyError {
  return new VerifyError('CertificateMalformed', { reason });
}
