/**
 * The certificate document: UTF-8 JSON, committed to byte for byte (docs/specs/encodings.md).
 */
import { keccak256, type Address, type Hex } from 'viem';
import { base64urlFromBytes, hexFromBytes, isAddressText, isHash, randomBytes } from './encoding';

const SALT_BYTES = 16;

export interface CertificateDocument {
  format: string;
  id: Hex;
  issuer: { organization: string; name: string };
  holder: Address;
  /** RFC 3339. */
  validFrom: string;
  validUntil?: string;
  previous?: Hex;
  subject: Record<string, unknown>;
  salt: string;
}

export type NewDocument = Omit<CertificateDocument, 'format' | 'salt'> & { kind: string };

export function newCertificateId(): Hex {
  return hexFromBytes(randomBytes(32));
}

/** The document with a fresh salt, and the bytes to seal and to hash. */
export function buildDocument(input: NewDocument): { document: CertificateDocument; bytes: Uint8Array } {
  const { kind, ...rest } = input;
  const document: CertificateDocument = {
    format: `chancery/${kind}/1`,
    ...rest,
    salt: base64urlFromBytes(randomBytes(SALT_BYTES)),
  };
  return { document, bytes: new TextEncoder().encode(JSON.stringify(document)) };
}

export function contentHash(bytes: Uint8Array): Hex {
  return keccak256(bytes);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a document; `undefined` if the bytes are not one. Says nothing about whether it is genuine. */
export function parseDocument(bytes: Uint8Array): CertificateDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value.issuer) || !isRecord(value.subject)) return undefined;
  const wellFormed =
    typeof value.format === 'string' &&
    isHash(value.id) &&
    typeof value.issuer.organization === 'string' &&
    typeof value.issuer.name === 'string' &&
    isAddressText(value.holder) &&
    typeof value.validFrom === 'string' &&
    (value.validUntil === undefined || typeof value.validUntil === 'string') &&
    (value.previous === undefined || isHash(value.previous)) &&
    typeof value.salt === 'string';
  return wellFormed ? (value as unknown as CertificateDocument) : undefined;
}

/** `degree` of `chancery/degree/1`. */
export function kindOfFormat(format: string): string | undefined {
  return /^chancery\/([a-z-]+)\/\d+$/.exec(format)?.[1];
}
