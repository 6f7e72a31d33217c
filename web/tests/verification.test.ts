import { describe, expect, it } from 'vitest';
import * as protocol from '../src/protocol';

// C-QR, and "five outcomes incl. cannot determine": an outage is never a verdict.

const holder = protocol.keysFromPhrase('test test test test test test test test test test test junk');
const thief = protocol.keysFromPhrase('legal winner thank year wave sausage worth useful legal winner thank yellow');
const domain = { chainId: 7103, verifyingContract: protocol.CERTIFICATE_REGISTRY };
const NOW = 1_795_300_000;

interface City {
  facts: protocol.Facts;
  record: protocol.RegistryRecord;
}

/** Somebody shows a genuine certificate; `change` makes of it what a test needs. */
async function shown(options: { signer?: protocol.PersonKeys; presentedAt?: number } = {}): Promise<City> {
  const { document, bytes } = protocol.buildDocument({
    kind: 'degree',
    id: protocol.newCertificateId(),
    issuer: { organization: '12440300455765412A', name: 'Riverside University' },
    holder: holder.account.address,
    validFrom: '2026-11-21T00:00:00Z',
    subject: { name: 'Li Hua' },
  });
  const signer = options.signer ?? holder;
  const { ciphertext, key } = await protocol.makePresentation({
    domain,
    chain: 'degree',
    document,
    bytes,
    now: options.presentedAt ?? NOW,
    sign: (data) => signer.account.signTypedData(data),
  });
  const presentation = await protocol.openPresentation(ciphertext, key);
  if (!presentation) throw new Error('the presentation does not open');
  const record: protocol.RegistryRecord = {
    certificateId: document.id,
    kind: 'degree',
    holder: holder.account.address,
    organization: document.issuer.organization,
    contentHash: protocol.contentHash(bytes),
    validFrom: document.validFrom,
    outcome: 'valid',
    issuerAuthorized: true,
  };
  return { facts: { presentation, registry: { state: 'known', record }, domain, now: NOW }, record };
}

function altered(presentation: protocol.Presentation): protocol.Presentation {
  const text = new TextDecoder().decode(protocol.bytesFromBase64url(presentation.document));
  const changed = new TextEncoder().encode(text.replace('Li Hua', 'Li Hue'));
  return { ...presentation, document: protocol.base64urlFromBytes(changed) };
}

describe('an inspection', () => {
  it('finds a genuine certificate valid and passes every check', async () => {
    const { facts } = await shown();
    const judgement = await protocol.judge(facts);
    expect(judgement.outcome).toBe('valid');
    expect(judgement.checks).toEqual(protocol.CHECKS.map((name) => ({ name, result: 'passed' })));
    expect(judgement.document?.subject).toEqual({ name: 'Li Hua' });
  });

  it.each(['revoked', 'suspended', 'expired', 'cannot-determine'] as const)('says what the registry says: %s', async (outcome) => {
    const { facts, record } = await shown();
    const judgement = await protocol.judge({ ...facts, registry: { state: 'known', record: { ...record, outcome } } });
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.failed).toBeUndefined();
  });

  it('refuses an altered document and names the check', async () => {
    const { facts } = await shown();
    const judgement = await protocol.judge({ ...facts, presentation: altered(facts.presentation) });
    expect(judgement).toMatchObject({ outcome: 'refused', failed: 'content-unaltered' });
  });

  it('refuses what somebody else shows', async () => {
    const { facts } = await shown({ signer: thief });
    expect(await protocol.judge(facts)).toMatchObject({ outcome: 'refused', failed: 'presented-by-holder' });
  });

  it('refuses a certificate of somebody else, whoever signed', async () => {
    const { facts, record } = await shown();
    const registry = { state: 'known', record: { ...record, holder: thief.account.address } } as const;
    expect(await protocol.judge({ ...facts, registry })).toMatchObject({ outcome: 'refused', failed: 'holder-matches' });
  });

  it('refuses what another organization issued than the document says', async () => {
    const { facts, record } = await shown();
    const registry = { state: 'known', record: { ...record, organization: '11440300007542689X' } } as const;
    expect(await protocol.judge({ ...facts, registry })).toMatchObject({ outcome: 'refused', failed: 'organization-matches' });
  });

  it('refuses a certificate before its time', async () => {
    const { facts, record } = await shown();
    const registry = { state: 'known', record: { ...record, validFrom: '2030-01-01T00:00:00Z' } } as const;
    expect(await protocol.judge({ ...facts, registry })).toMatchObject({ outcome: 'refused', failed: 'validity-begun' });
  });

  it('refuses a presentation that is stale or from the future', async () => {
    for (const presentedAt of [NOW - protocol.MAX_PRESENTATION_AGE_SECONDS - 1, NOW + protocol.MAX_CLOCK_SKEW_SECONDS + 1]) {
      const { facts } = await shown({ presentedAt });
      expect(await protocol.judge(facts)).toMatchObject({ outcome: 'refused', failed: 'presentation-fresh' });
    }
  });

  it('refuses an issuer without the right', async () => {
    const { facts, record } = await shown();
    const registry = { state: 'known', record: { ...record, issuerAuthorized: false } } as const;
    expect(await protocol.judge({ ...facts, registry })).toMatchObject({ outcome: 'refused', failed: 'issuer-authorized' });
  });

  it('refuses what no office recorded', async () => {
    const { facts } = await shown();
    expect(await protocol.judge({ ...facts, registry: { state: 'unknown' } })).toMatchObject({
      outcome: 'refused',
      failed: 'certificate-known',
    });
  });

  it('cannot determine when the chain is silent, and refuses nothing for that', async () => {
    const { facts } = await shown();
    const judgement = await protocol.judge({ ...facts, registry: { state: 'unreachable' } });
    expect(judgement.outcome).toBe('cannot-determine');
    expect(judgement.failed).toBeUndefined();
    expect(judgement.checks.filter((check) => check.result === 'failed')).toEqual([]);
  });

  it('cannot determine when nobody can say whether the issuer had the right', async () => {
    const { facts, record } = await shown();
    const unsure = { ...record };
    delete unsure.issuerAuthorized;
    expect((await protocol.judge({ ...facts, registry: { state: 'known', record: unsure } })).outcome).toBe('cannot-determine');
  });

  it('still refuses what is altered when the chain is silent, for the holder has not signed that', async () => {
    const { facts } = await shown();
    const judgement = await protocol.judge({ ...facts, presentation: altered(facts.presentation), registry: { state: 'unreachable' } });
    expect(judgement).toMatchObject({ outcome: 'refused', failed: 'presented-by-holder' });
  });

  it('still refuses a thief when the chain is silent', async () => {
    const { facts } = await shown({ signer: thief });
    expect(await protocol.judge({ ...facts, registry: { state: 'unreachable' } })).toMatchObject({
      outcome: 'refused',
      failed: 'presented-by-holder',
    });
  });
});

describe('a presentation', () => {
  it('opens with its own key alone', async () => {
    const { facts } = await shown();
    expect(facts.presentation.v).toBe(1);
    const { ciphertext } = await protocol.makePresentation({
      domain,
      chain: 'degree',
      document: protocol.parseDocument(protocol.bytesFromBase64url(facts.presentation.document)) as protocol.CertificateDocument,
      bytes: protocol.bytesFromBase64url(facts.presentation.document),
      now: NOW,
      sign: (data) => holder.account.signTypedData(data),
    });
    expect(await protocol.openPresentation(ciphertext, protocol.base64urlFromBytes(protocol.randomBytes(32)))).toBeUndefined();
    expect(await protocol.openPresentation('garbage', 'x')).toBeUndefined();
  });
});

describe('an issuer', () => {
  const key = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
  const entry = { address: key, right: 'degree', notBefore: '2026-01-01T00:00:00Z' };
  const at = (time: string, more: object = {}): boolean =>
    protocol.issuerAuthorized({ keys: [{ ...entry, ...more }] }, key.toLowerCase(), 'degree', time);

  it('has the right from the beginning to the end of its key', () => {
    expect(at('2025-12-31T23:59:59Z')).toBe(false);
    expect(at('2026-01-01T00:00:00Z')).toBe(true);
    expect(at('2026-06-01T00:00:00Z', { notAfter: '2026-06-01T00:00:00Z' })).toBe(false);
    expect(at('2026-05-31T23:59:59Z', { notAfter: '2026-06-01T00:00:00Z' })).toBe(true);
  });

  it('keeps what it signed before its key was compromised', () => {
    expect(at('2026-02-01T00:00:00Z', { revokedAt: '2026-03-01T00:00:00Z' })).toBe(true);
    expect(at('2026-03-01T00:00:00Z', { revokedAt: '2026-03-01T00:00:00Z' })).toBe(false);
  });

  it('has no right to another kind', () => {
    expect(at('2026-02-01T00:00:00Z', { right: 'marriage' })).toBe(false);
  });
});
