import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Client, MAX_ONLINE_AGE_SECONDS, ProblemError, StapleFailure, type Hex, type ProvenStanding } from '../src/index.js';
import { gatewayThat, json, ports, refuse } from './gateway.js';
import { changed, type Case, type Vectors } from './staple/cases.js';
import { verifyOnline } from '../src/staple/index.js';
import { fileOf as made, issueOf, RIGHT_AT, STATUS_AT } from './staple/city.js';

// C-QR, C-MORE-2, STAPLE-13 to STAPLE-15: the gateway is asked, and not believed. Its files are the shared vectors.
const shared = JSON.parse(readFileSync(new URL('../../../crates/certificates/vectors/stapled.json', import.meta.url), 'utf8')) as Vectors;
const city = { authority: shared.authority.chainId, chains: [shared.authority, shared.chain] };
/** The last second at which the status of the vectors is young enough. */
const NOW = STATUS_AT + MAX_ONLINE_AGE_SECONDS;

const changesOf = (name: string): Case['changes'] => shared.cases.find((one) => one.name === name)?.changes ?? [];
/** A file as a gateway gives it: nobody presents it. */
const fileOf = (changes: Case['changes'] = [], base: Case['base'] = 'whole'): Record<string, unknown> =>
  changed(shared.bases[base], [['/presentation'], ...changes]) as Record<string, unknown>;
const whole = fileOf();
const id = whole.certificateId as Hex;

/** What an honest gateway says of the certificate of the vectors. */
function wordOf(change: object = {}): Record<string, unknown> {
  const { issue } = verifyOnline(city, JSON.stringify(whole), id, NOW).certificate;
  const { certificateId, kind, holder, organization, contentHash } = issue;
  return { certificateId, kind, holder, organization, contentHash, status: 'valid', outcome: 'valid', ...change };
}

interface Answers {
  readonly word?: object;
  readonly file?: unknown;
  readonly now?: number;
  readonly known?: typeof city;
}

async function asked({ word = {}, file = whole, now = NOW, known = city }: Answers): Promise<ProvenStanding> {
  const said = wordOf(word);
  const { url } = await gatewayThat((response, { path }) => json(response, path.endsWith('/staple') ? file : said));
  const client = new Client({ gateway: url, ports: { ...ports().ports, now: () => now * 1000 } });
  return client.provenCertificate(id, known);
}

async function checkOf(answers: Answers): Promise<string> {
  try {
    return (await asked(answers)).outcome;
  } catch (error) {
    if (error instanceof StapleFailure) return error.check;
    throw error;
  }
}

describe('where a certificate stands', () => {
  it('is what the chains prove, of a chain that is named, with its age', async () => {
    const { outcome, ageSeconds, chainId } = await asked({});
    expect([outcome, ageSeconds, chainId]).toEqual(['valid', MAX_ONLINE_AGE_SECONDS, shared.chain.chainId]);
  });

  it('is revoked or suspended where gateway and chains say so', async () => {
    expect(await checkOf({ word: { status: 'revoked', outcome: 'revoked' }, file: fileOf(changesOf('revoked')) })).toBe('revoked');
    expect(await checkOf({ word: { status: 'suspended', outcome: 'suspended' }, file: fileOf(changesOf('suspended')) })).toBe('suspended');
  });

  it('is not valid because a gateway says so of a revoked one, nor because it leaves half of it out', async () => {
    const file = fileOf(changesOf('revoked'));
    expect(await checkOf({ file })).toBe('gateway-agrees');
    expect(await checkOf({ word: { status: 'revoked' }, file })).toBe('gateway-agrees');
    expect(await checkOf({ word: { outcome: 'cannot-determine' } })).toBe('valid');
  });

  it('is not that of another certificate, holder, office or document', async () => {
    expect(await checkOf({ file: fileOf([], 'ends') })).toBe('certificate-asked');
    for (const member of ['holder', 'organization', 'contentHash', 'kind', 'certificateId']) {
      expect(await checkOf({ word: { [member]: `0x${'77'.repeat(20)}` } }), member).toBe('gateway-agrees');
    }
    expect(await checkOf({ word: { holder: String(wordOf().holder).toUpperCase().replace('0X', '0x') } })).toBe('valid');
  });

  it('is not known by a forged proof, one of another city, or one of a chain that is not trusted', async () => {
    expect(await checkOf({ file: fileOf(changesOf("another certificate's staple")) })).toBe('status-of-certificate');
    expect(await checkOf({ file: fileOf(changesOf('a chain of another genesis')) })).toBe('WrongChain');
    expect(await checkOf({ file: fileOf(changesOf('the right by the main chain of another city')) })).toBe('WrongChain');
    expect(await checkOf({ known: { ...city, chains: [shared.authority] } })).toBe('WrongChain');
    expect(await checkOf({ file: {} })).toBe('file-readable');
  });

  it('is not known by a block of some time ago, but what is final stays', async () => {
    expect(await checkOf({ now: NOW + 1 })).toBe('proof-fresh');
    expect(await checkOf({ now: RIGHT_AT - 61 })).toBe('time-not-ahead');
    const file = fileOf(changesOf('revoked'));
    expect(await checkOf({ word: { status: 'revoked', outcome: 'revoked' }, file, now: NOW + 86_400 })).toBe('revoked');
  });

  it('begins though its block is of before it did, and not before it does', () => {
    const begins = changed(made(issueOf(20, STATUS_AT + 60)), [['/presentation']]) as { certificateId: string };
    const at = (now: number): string => verifyOnline(city, JSON.stringify(begins), begins.certificateId, now).outcome;
    expect([at(STATUS_AT + 59), at(STATUS_AT + 60)]).toEqual(['refused', 'valid']);
  });

  it('is waited for while the main chain has no block that is young enough, and not for ever', async () => {
    const word = wordOf();
    const waited = ports();
    let times = 0;
    const { url } = await gatewayThat((response, { path }) => {
      if (!path.endsWith('/staple')) json(response, word);
      else if ((times += 1) < 3) refuse(response, 503, 'not-final-yet');
      else json(response, whole);
    });
    const client = new Client({ gateway: url, ports: { ...waited.ports, now: () => NOW * 1000 } });
    expect((await client.provenCertificate(id, city)).outcome).toBe('valid');
    expect(times).toBe(3);
    const never = await gatewayThat((response, { path }) => (path.endsWith('/staple') ? refuse(response, 503, 'not-final-yet') : json(response, word)));
    const patient = ports();
    await expect(new Client({ gateway: never.url, ports: patient.ports }).provenCertificate(id, city, { patienceMs: 5_000 })).rejects.toThrow(ProblemError);
    expect(patient.waits.length).toBeGreaterThanOrEqual(5);
  });
});
