/** What an issuer signed, as the registry's event has it (docs/specs/certificate-registry.md). */
import { bytesOf, hexOf, keccak, numberOf, WORD_BYTES } from '../light/bytes.js';
import type { Log } from '../light/receipt.js';
import { utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';
import { addressOf, nameOfWord } from './words.js';

export interface Issue {
  readonly certificateId: Hex;
  readonly kind: string;
  readonly organization: string;
  readonly holder: Hex;
  readonly contentHash: Hex;
  readonly sealedHash: Hex;
  /** Unix seconds; the end is zero when there is none. */
  readonly validFrom: bigint;
  readonly validUntil: bigint;
  readonly previous: Hex;
  readonly deadline: bigint;
}

/** A certificate as its event has it. */
export interface IssuedCertificate {
  readonly issue: Issue;
  readonly issuer: Hex;
  /** As the registry recorded it. */
  readonly digest: Hex;
  readonly signature: Uint8Array;
}

const ISSUED = hexOf(
  keccak(
    utf8Of(
      'CertificateIssued(bytes32,bytes32,address,(bytes32,bytes32,bytes32,address,bytes32,bytes32,uint64,uint64,bytes32,uint64),address,bytes32,bytes,bytes)',
    ),
  ),
);
const HEAD_WORDS = 14;
const SIGNATURE_AT = 12;

/** Reads a log; `undefined` when it is another event, or holds what no registry writes. */
export function issuedCertificate({ topics, data }: Log): IssuedCertificate | undefined {
  const bytes = bytesOf(data);
  if (topics[0] !== ISSUED || bytes.length < HEAD_WORDS * WORD_BYTES) return undefined;
  const word = (at: number): Uint8Array => bytes.subarray(at * WORD_BYTES, (at + 1) * WORD_BYTES);
  const number = (at: number): bigint => numberOf(word(at));
  const signature = bytesAt(bytes, number(SIGNATURE_AT));
  if (!signature) return undefined;
  return {
    issue: {
      certificateId: hexOf(word(0)),
      kind: nameOfWord(word(1)),
      organization: nameOfWord(word(2)),
      holder: addressOf(number(3)),
      contentHash: hexOf(word(4)),
      sealedHash: hexOf(word(5)),
      validFrom: number(6),
      validUntil: number(7),
      previous: hexOf(word(8)),
      deadline: number(9),
    },
    issuer: addressOf(number(10)),
    digest: hexOf(word(11)),
    signature,
  };
}

/** `bytes` of the ABI: its length, and as many bytes. */
function bytesAt(data: Uint8Array, offset: bigint): Uint8Array | undefined {
  if (offset + BigInt(WORD_BYTES) > BigInt(data.length)) return undefined;
  const from = Number(offset) + WORD_BYTES;
  const length = numberOf(data.subarray(from - WORD_BYTES, from));
  return BigInt(from) + length > BigInt(data.length) ? undefined : data.slice(from, from + Number(length));
}
