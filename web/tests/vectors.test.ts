import { readFileSync } from 'node:fs';
import { recoverAddress, type Address, type Hex, type TypedDataDefinition } from 'viem';
import { describe, expect, it } from 'vitest';
import * as protocol from '../src/protocol';
import { attributeDigest } from '../src/protocol/registration';

// The same files hold the Rust and the Solidity side.
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../crates/${path}`, import.meta.url), 'utf8'));

interface OperationVector {
  title: string;
  type: string;
  chainId: number;
  verifyingContract: Address;
  operation: Record<string, unknown>;
  digest: Hex;
  signer: Address;
  signature: Hex;
}

const nameOf = <Names extends Record<string, number>>(names: Names, code: unknown): keyof Names => {
  const found = Object.entries(names).find(([name, number]) => number === code || name === code);
  if (!found) throw new Error(`no name for ${String(code)}`);
  return found[0];
};

function typedDataOf(vector: OperationVector): TypedDataDefinition | undefined {
  const domain = { chainId: vector.chainId, verifyingContract: vector.verifyingContract };
  const operation = Object.fromEntries(Object.entries(vector.operation).filter(([, value]) => value !== null));
  switch (vector.type) {
    case 'Issue':
      return protocol.issueTypedData(domain, operation as unknown as protocol.Issue);
    case 'ChangeStatus':
      return protocol.changeStatusTypedData(domain, {
        ...(operation as unknown as protocol.ChangeStatus),
        status: nameOf(protocol.STATUS_NUMBER, operation.status),
        reason: nameOf(protocol.REASON_NUMBER, operation.reason),
      });
    case 'Inspect':
      return protocol.inspectTypedData(domain, {
        ...(operation as unknown as protocol.Inspect),
        outcome: nameOf(protocol.OUTCOME_NUMBER, operation.outcome),
      });
    case 'Present':
      return protocol.presentTypedData(domain, operation as unknown as protocol.Present);
    default:
      return undefined;
  }
}

describe('shared vectors', () => {
  it('names in bytes32', () => {
    const { vectors } = read('primitives/vectors/names.json') as { vectors: { text: string; bytes32: Hex }[] };
    for (const { text, bytes32 } of vectors) expect(protocol.bytes32FromAscii(text)).toBe(bytes32);
  });

  const { vectors } = read('primitives/vectors/operations.json') as { vectors: OperationVector[] };
  const known = vectors.flatMap((vector) => {
    const data = typedDataOf(vector);
    return data ? [{ name: `${vector.type}: ${vector.title}`, vector, data }] : [];
  });

  it('cover every operation that a browser signs', () => {
    expect(new Set(known.map(({ vector }) => vector.type))).toEqual(new Set(['Issue', 'ChangeStatus', 'Inspect', 'Present']));
  });

  it.each(known)('$name', async ({ vector, data }) => {
    expect(protocol.digestOf(data)).toBe(vector.digest);
    expect(await recoverAddress({ hash: vector.digest, signature: vector.signature })).toBe(vector.signer);
  });

  const disclosures = (read('primitives/vectors/disclosures.json') as { vectors: OperationVector[] }).vectors;
  it.each(disclosures)('Disclose: $title', async (vector) => {
    const domain = { chainId: vector.chainId, verifyingContract: vector.verifyingContract };
    expect(protocol.digestOf(protocol.discloseTypedData(domain, vector.operation as unknown as protocol.Disclose))).toBe(vector.digest);
    expect(await recoverAddress({ hash: vector.digest, signature: vector.signature })).toBe(vector.signer);
  });

  it('ERC-1056 attributes', async () => {
    const vector = read('primitives/vectors/identity.json') as {
      identity: Address;
      setAttribute: { nonce: number; value: Hex; validity: number; digest: Hex; signature: Hex };
    };
    const { nonce, value, validity, digest, signature } = vector.setAttribute;
    const attribute = { name: protocol.ENCRYPTION_KEY_ATTRIBUTE, value, validity };
    expect(attributeDigest(vector.identity, nonce, attribute)).toBe(digest);
    expect(await recoverAddress({ hash: digest, signature })).toBe(vector.identity);
  });

  it('keys of a phrase, and what was sealed to them', async () => {
    const sealed = read('certificates/vectors/sealed-by-jose.json') as {
      phrase: string;
      publicKey: string;
      thumbprint: string;
      document: string;
      sealed: string;
    }[];
    expect(sealed.length).toBeGreaterThan(0);
    for (const vector of sealed) {
      const keys = protocol.keysFromPhrase(vector.phrase);
      expect(keys.encryption.publicKey.x).toBe(vector.publicKey);
      expect(protocol.thumbprint(keys.encryption.publicKey)).toBe(vector.thumbprint);
      expect(new TextDecoder().decode(await protocol.unseal(vector.sealed, keys))).toBe(vector.document);
    }
  });
});
