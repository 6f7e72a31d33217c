/**
 * ERC-8128: requests signed with an Ethereum key. An RFC 9421 signature over method, authority, path, query and, with a body, its digest
 * (RFC 9530), as docs/specs/rest.md asks.
 */
import { sha256 } from '@noble/hashes/sha2';
import { base64Of } from '../encoding.js';
import type { EthereumKey } from './key.js';

/** For how long a signed request is valid, in seconds; the gateway takes at most 300. */
export const VALIDITY_SECONDS = 60;
const LABEL = 'eth';

/** What is signed of a request, as it is sent. */
export interface SignedParts {
  readonly method: string;
  readonly url: URL;
  /** Absent or empty: no digest is signed, and none is sent. */
  readonly body?: Uint8Array | undefined;
}

export interface SignatureTerms {
  /** EIP-155 id of the city's main chain, on which the address is known. */
  readonly chainId: number;
  /** Unix seconds. */
  readonly created: number;
  /** 11 to 128 characters of base64url; counts once. */
  readonly nonce: string;
}

/** `Content-Digest` (RFC 9530) of a body. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${base64Of(sha256(body))}:`;
}

/** The text that is signed (RFC 9421, section 2.5), and the parameters in it. */
export function signatureBase(
  parts: SignedParts,
  keyId: string,
  terms: SignatureTerms,
): { base: string; parameters: string } {
  const { method, url, body } = parts;
  const covered: [string, string][] = [
    ['@method', method],
    // A URL's host is in lower case and without the scheme's own port, as section 2.2.3 wants it.
    ['@authority', url.host],
    ['@path', url.pathname],
    ['@query', url.search === '' ? '?' : url.search],
  ];
  if (body !== undefined && body.length > 0) covered.push(['content-digest', contentDigest(body)]);
  const names = covered.map(([name]) => `"${name}"`).join(' ');
  const { created, nonce } = terms;
  const parameters = `(${names});created=${created};expires=${created + VALIDITY_SECONDS};nonce="${nonce}";keyid="${keyId}"`;
  const lines = covered.map(([name, value]) => `"${name}": ${value}`);
  return { base: [...lines, `"@signature-params": ${parameters}`].join('\n'), parameters };
}

/** The headers that make it a signed request. */
export function signatureHeaders(key: EthereumKey, parts: SignedParts, terms: SignatureTerms): Record<string, string> {
  const { base, parameters } = signatureBase(parts, `erc8128:${terms.chainId}:${key.address}`, terms);
  const { body } = parts;
  return {
    'signature-input': `${LABEL}=${parameters}`,
    signature: `${LABEL}=:${base64Of(key.signMessage(base))}:`,
    ...(body !== undefined && body.length > 0 && { 'content-digest': contentDigest(body) }),
  };
}
