import { generateKeyPairSync } from 'node:crypto';
import { recoverTypedDataAddress, verifyMessage } from 'viem';
import { parseSiweMessage } from 'viem/siwe';
import { describe, expect, it } from 'vitest';
import * as protocol from '../src/protocol';

const PHRASE = 'test test test test test test test test test test test junk';
const DOMAIN = { chainId: 7103, verifyingContract: protocol.CERTIFICATE_REGISTRY };
const keys = protocol.keysFromPhrase(PHRASE);
const stranger = protocol.keysFromPhrase('legal winner thank year wave sausage worth useful legal winner thank yellow');

const document = (): { document: protocol.CertificateDocument; bytes: Uint8Array } =>
  protocol.buildDocument({
    kind: 'degree',
    id: protocol.newCertificateId(),
    issuer: { organization: '12440300455765412A', name: 'Riverside University' },
    holder: keys.account.address,
    validFrom: '2026-11-21T00:00:00Z',
    subject: { name: 'Li Hua', degree: 'Bachelor of Science' },
  });

describe('encodings', () => {
  it('pads ASCII to the right', () => {
    expect(protocol.bytes32FromAscii('degree')).toBe(`0x646567726565${'0'.repeat(52)}`);
    expect(() => protocol.bytes32FromAscii('学位')).toThrow();
    expect(() => protocol.bytes32FromAscii('x'.repeat(33))).toThrow();
  });

  it('round-trips base64url without padding', () => {
    for (const length of [0, 1, 2, 3, 16, 31, 32, 33]) {
      const bytes = protocol.randomBytes(length);
      const text = protocol.base64urlFromBytes(bytes);
      expect(text).not.toContain('=');
      expect(protocol.bytesFromBase64url(text)).toEqual(bytes);
      expect(protocol.bytesFromHex(protocol.hexFromBytes(bytes))).toEqual(bytes);
    }
    expect(() => protocol.bytesFromBase64url('a+b')).toThrow();
    expect(() => protocol.bytesFromHex('0x123')).toThrow();
  });
});

describe('keys', () => {
  it('come from the phrase as everywhere else', () => {
    expect(keys.account.address).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
    expect(protocol.sampleKeys('degree').account.address).toBe('0x90F79bf6EB2c4f870365E785982E1f101E93b906');
    expect(protocol.sampleKeys('inspector').account.address).toBe('0x14dC79964da2C08b23698B3D3cc7Ca32193d9955');
    expect(keys.publicKey).toMatch(/^0x04[0-9a-f]{128}$/);
  });

  it('thumbprint is the one of RFC 8037 A.3', () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(protocol.thumbprint(key as unknown as protocol.EncryptionPublicKey)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('recognises phrases and names words that no phrase holds', () => {
    expect(protocol.isPhrase(protocol.newPhrase())).toBe(true);
    expect(protocol.isPhrase(`  ${PHRASE.toUpperCase()}\n`)).toBe(true);
    expect(protocol.isPhrase(PHRASE.replace('junk', 'test'))).toBe(false);
    expect(protocol.unknownWords('test tset junk')).toEqual(['tset']);
  });
});

describe('sealing', () => {
  it('opens for the recipient alone', async () => {
    const { bytes } = document();
    const sealed = await protocol.seal(bytes, keys.encryption.publicKey);
    expect(await protocol.unseal(sealed, keys)).toEqual(bytes);
    await expect(protocol.unseal(sealed, stranger)).rejects.toMatchObject({ reason: 'sealed-to-another-key' });
  });

  it('names damage', async () => {
    const sealed = await protocol.seal(document().bytes, keys.encryption.publicKey);
    const parts = sealed.split('.');
    const ciphertext = parts[3] ?? '';
    parts[3] = `${ciphertext.slice(0, -2)}${ciphertext.endsWith('AA') ? 'BB' : 'AA'}`;
    await expect(protocol.unseal(parts.join('.'), keys)).rejects.toMatchObject({ reason: 'damaged' });
    await expect(protocol.unseal('nothing', keys)).rejects.toMatchObject({ reason: 'malformed' });
  });

  it('says what it is in its header', async () => {
    const sealed = await protocol.seal(document().bytes, keys.encryption.publicKey);
    const header: unknown = JSON.parse(new TextDecoder().decode(protocol.bytesFromBase64url(sealed.split('.')[0] ?? '')));
    expect(header).toMatchObject({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: 'chancery-certificate+jwe',
      kid: protocol.thumbprint(keys.encryption.publicKey),
      epk: { kty: 'OKP', crv: 'X25519' },
    });
  });

  it('accepts keys that other software made', async () => {
    const { publicKey } = generateKeyPairSync('x25519');
    const jwk = publicKey.export({ format: 'jwk' }) as protocol.EncryptionPublicKey;
    expect((await protocol.seal(document().bytes, jwk)).split('.')).toHaveLength(5);
  });
});

describe('signing', () => {
  it('signs in with an EIP-4361 message that the gateway can parse', async () => {
    const message = protocol.signInMessage({
      address: keys.account.address,
      chainId: 7100,
      nonce: '6a2f9b0c5d7e4f3a8b1c2d3e4f5a6b7c',
      origin: 'http://127.0.0.1:8080',
      now: new Date('2026-11-21T08:00:00Z'),
    });
    expect(parseSiweMessage(message)).toMatchObject({ domain: '127.0.0.1:8080', chainId: 7100, uri: 'http://127.0.0.1:8080' });
    const signature = await keys.account.signMessage({ message });
    expect(await verifyMessage({ address: keys.account.address, message, signature })).toBe(true);
  });

  it('binds an operation to its chain', async () => {
    const issue = {
      certificateId: protocol.newCertificateId(),
      kind: 'degree',
      organization: '12440300455765412A',
      holder: keys.account.address,
      contentHash: protocol.ZERO_HASH,
      sealedHash: protocol.ZERO_HASH,
      validFrom: 1,
      validUntil: 0,
      deadline: 2,
    };
    const here = protocol.issueTypedData(DOMAIN, issue);
    const signature = await keys.account.signTypedData(here);
    expect(await recoverTypedDataAddress({ ...here, signature })).toBe(keys.account.address);
    const elsewhere = protocol.issueTypedData({ ...DOMAIN, chainId: 7101 }, issue);
    expect(protocol.digestOf(elsewhere)).not.toBe(protocol.digestOf(here));
    expect(await recoverTypedDataAddress({ ...elsewhere, signature })).not.toBe(keys.account.address);
  });
});

describe('codes', () => {
  it('are read from an address, from its fragment, and from nothing else', () => {
    const code = { id: 'a'.repeat(22), key: 'b'.repeat(43) };
    const text = protocol.codeText('https://city.example', code);
    expect(protocol.parseCode(text)).toEqual(code);
    expect(protocol.parseCode(` ${text.split('#')[1] ?? ''}\n`)).toEqual(code);
    for (const foreign of ['', 'https://elsewhere.example', `P.${code.id}`, `P.${code.id}.${'b'.repeat(42)}`, `X.${code.id}.${code.key}`]) {
      expect(protocol.parseCode(foreign)).toBeUndefined();
    }
  });
});
