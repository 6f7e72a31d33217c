// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checking } from '../src/apps/inspect/checking';
import { forgetOpened, inspectCode, type Finding } from '../src/apps/inspect/inspecting';
import { LanguageProvider } from '../src/i18n/language';
import english from '../src/i18n/en.json';
import { forget, meet, pin, readMet, readPinned } from '../src/offline/pinned';
import { trustOf, type CityTrust } from '../src/offline/trust';
import * as protocol from '../src/protocol';
import type { City } from '../src/session/use-city';
import { MAX_ONLINE_AGE_SECONDS, trustFingerprint, verifyOnline, type ChainEssentials } from '../src/staple';

// C-QR, C-MORE-2, STAPLE-13 to STAPLE-16: the page asks the gateway, and believes the chains. What a gateway answers here is made of the shared vectors.
type Change = [pointer: string, value?: unknown];
interface Vectors {
  chain: ChainEssentials;
  authority: ChainEssentials;
  fingerprint: string;
  bases: Record<string, { certificateId: `0x${string}`; presentation: { document: string } }>;
  cases: { name: string; base: string; changes: Change[] }[];
}
const shared = JSON.parse(readFileSync(join(import.meta.dirname, '../../crates/certificates/vectors/stapled.json'), 'utf8')) as Vectors;
/** Of the block that shows the status in the vectors, and the last second at which it is young enough. */
const STATUS_AT = 1_800_000_000 - 600;
const NOW = STATUS_AT + MAX_ONLINE_AGE_SECONDS;
/** The holder of the vectors (sdk/typescript/tests/staple/city.ts). */
const holder = privateKeyToAccount(`0x${(20n * 0x1_0000_0001n).toString(16).padStart(64, '0')}`);
const ID = 'A'.repeat(22);
const OTHER_GENESIS = `0x${'22'.repeat(32)}` as const;

const chainOf = (name: string, { chainId, genesisHash, validators }: ChainEssentials, predeploy: string): City['chains']['chains'][number] => ({
  name,
  chainId,
  rpcUrl: '',
  genesisHash,
  genesis: { chainId, validators: validators.map((blsPublicKey) => ({ blsPublicKey })), predeploys: [{ address: predeploy }] },
  kinds: [],
  contracts: name === 'main' ? {} : { certificateRegistry: protocol.CERTIFICATE_REGISTRY },
});
const cityOf = (main: ChainEssentials, side: ChainEssentials): City => ({
  kinds: [],
  chains: {
    development: false,
    chains: [chainOf('main', main, '0xC4a0000000000000000000000000000000000003'), chainOf('degree', side, protocol.CERTIFICATE_REGISTRY)],
  },
});
const city = cityOf(shared.authority, shared.chain);
const movedCity = cityOf(shared.authority, { ...shared.chain, genesisHash: OTHER_GENESIS });

const changesOf = (name: string): Change[] => shared.cases.find((one) => one.name === name)?.changes ?? [];
function fileOf(changes: Change[] = [], base = 'whole'): Record<string, unknown> {
  const file = structuredClone(shared.bases[base]) as unknown as Record<string, unknown>;
  for (const [pointer, value] of [['/presentation'] as Change, ...changes]) {
    const path = pointer.split('/').slice(1);
    const last = path.pop() ?? '';
    const parent = path.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, file);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return file;
}
const whole = fileOf();
const certificateId = whole.certificateId as `0x${string}`;

function wordOf(change: object = {}): object {
  const trust = { authority: shared.authority.chainId, chains: [shared.authority, shared.chain] };
  const { issue } = verifyOnline(trust, JSON.stringify(whole), certificateId, NOW).certificate;
  const { kind, organization, contentHash } = issue;
  return { certificateId, chain: 'degree', kind, holder: issue.holder, organization, contentHash, status: 'valid', outcome: 'valid', ...change };
}

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' } });
const problem = (status: number, code: string): Response => json({ code, status }, status);

interface Says {
  presentation?: object;
  word?: Response | object;
  staple?: Response | object;
  document?: (document: string) => string;
}

/** A gateway that says this of a certificate that its holder shows now; gives the code that the holder shows. */
async function gatewaySays({ presentation = {}, word = {}, staple = whole, document: alter = (text) => text }: Says = {}): Promise<protocol.PresentationCode> {
  const bytes = new TextEncoder().encode(alter(new TextDecoder().decode(protocol.bytesFromBase64url(shared.bases.whole?.presentation.document ?? ''))));
  const document = protocol.parseDocument(bytes);
  if (!document) throw new Error('the vectors have a document');
  const { ciphertext, key } = await protocol.makePresentation({
    domain: { chainId: shared.chain.chainId, verifyingContract: protocol.CERTIFICATE_REGISTRY },
    chain: 'degree',
    document,
    bytes,
    now: Math.floor(Date.now() / 1000),
    sign: (data) => holder.signTypedData(data),
  });
  const answer = (path: string): Response => {
    if (path.startsWith('/v1/presentations/')) return presentation instanceof Response ? presentation.clone() : json({ ciphertext, expiresAt: '', ...presentation });
    const said = path.endsWith('/staple') ? staple : word;
    if (said instanceof Response) return said.clone();
    return json(path.endsWith('/staple') ? said : wordOf(said));
  };
  vi.stubGlobal('fetch', (url: URL) => Promise.resolve(answer(url.pathname)));
  return { id: ID, key };
}

async function found(says?: Says, seen = city): Promise<Finding> {
  return inspectCode(seen, await gatewaySays(says));
}
/** The outcome, and whether and by which check it is not proven. */
async function told(says?: Says, seen = city): Promise<[outcome: string, proof: string]> {
  const { judgement, proof } = await found(says, seen);
  return [judgement.outcome, proof?.state === 'unproven' ? proof.check : (proof?.state ?? '')];
}
async function trusted(): Promise<CityTrust> {
  const trust = await trustOf(city.chains, []);
  if (!trust) throw new Error('the city of the vectors can be trusted');
  return trust;
}

/** The bytes of the platform, which its encoder gives and its cryptography takes; those that jsdom puts beside them are others. */
const PlatformBytes = new TextEncoder().encode('').constructor;

beforeEach(() => {
  vi.stubGlobal('Uint8Array', PlatformBytes);
  vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
});
afterEach(() => {
  cleanup();
  forgetOpened();
  localStorage.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('an inspection with a network', () => {
  it('finds what the chains prove, and how fresh that is', async () => {
    const { judgement, proof } = await found();
    expect(judgement.checks.filter(({ result }) => result !== 'passed')).toEqual([]);
    expect([judgement.outcome, proof?.state === 'proven' && proof.standing.ageSeconds]).toEqual(['valid', MAX_ONLINE_AGE_SECONDS]);
  });

  it('finds revoked and suspended where gateway and chains say so', async () => {
    for (const status of ['revoked', 'suspended']) {
      expect(await told({ word: { status, outcome: status }, staple: fileOf(changesOf(status)) })).toEqual([status, 'proven']);
    }
    expect(await told({ word: { status: 'renewed', outcome: 'revoked' }, staple: fileOf(changesOf('renewed')) })).toEqual(['revoked', 'proven']);
  });

  it('does not believe a gateway that says valid of what the chains have revoked', async () => {
    expect(await told({ staple: fileOf(changesOf('revoked')) })).toEqual(['cannot-determine', 'gateway-agrees']);
    expect(await told({ word: { status: 'revoked' }, staple: fileOf(changesOf('revoked')) })).toEqual(['cannot-determine', 'gateway-agrees']);
  });

  it('does not believe a forged proof, nor that of another certificate or chain', async () => {
    expect(await told({ staple: fileOf(changesOf("another certificate's staple")) })).toEqual(['cannot-determine', 'status-of-certificate']);
    expect(await told({ staple: fileOf(changesOf('the status of another genesis, by the same validators')) })).toEqual(['cannot-determine', 'FinalitySignature']);
    expect(await told({ staple: fileOf(changesOf('a chain of another genesis')) })).toEqual(['cannot-determine', 'WrongChain']);
    expect(await told({ staple: fileOf([], 'ends') })).toEqual(['cannot-determine', 'certificate-asked']);
    expect(await told({ staple: {} })).toEqual(['cannot-determine', 'file-readable']);
  });

  it('does not say what is so now by a block of some time ago', async () => {
    vi.setSystemTime((NOW + 1) * 1000);
    expect(await told()).toEqual(['cannot-determine', 'proof-fresh']);
  });

  it('does not take a certificate without a proof for valid, and silence not for a lie', async () => {
    expect(await told({ staple: problem(404, 'unknown-certificate') })).toEqual(['cannot-determine', 'proof-present']);
    expect(await told({ staple: problem(409, 'not-provable') })).toEqual(['cannot-determine', 'proof-present']);
    expect(await told({ staple: problem(503, 'chain-unreachable') })).toEqual(['cannot-determine', 'silent']);
    expect(await told({ word: problem(503, 'chain-unreachable') })).toEqual(['valid', 'proven']);
    expect(await told({ word: problem(404, 'unknown-certificate') })).toEqual(['cannot-determine', 'gateway-agrees']);
  });

  it('refuses what no office recorded on the word of the gateway, and says that it is not proven', async () => {
    const absent = problem(404, 'unknown-certificate');
    expect(await told({ word: absent, staple: absent })).toEqual(['refused', 'proof-present']);
  });

  it('refuses an altered document by the hash that is proven', async () => {
    const { judgement } = await found({ document: (text) => text.replace('Lin', 'Lou') });
    expect([judgement.outcome, judgement.failed]).toEqual(['refused', 'content-unaltered']);
  });
});

describe('a code that somebody may have photographed', () => {
  it('says how often it was opened before, and when last', async () => {
    expect((await found()).openings).toEqual({ before: 0 });
    const lastOpenedAt = '2027-01-15T07:50:00Z';
    expect((await found({ presentation: { openedBefore: 2, lastOpenedAt } })).openings).toEqual({ before: 2, lastAt: lastOpenedAt });
  });

  it('that is for one check says when it was opened', async () => {
    const openedAt = '2027-01-15T07:50:00Z';
    const { judgement, spentAt } = await found({ presentation: json({ code: 'presentation-expired', openedAt }, 404) });
    expect([judgement.failed, spentAt]).toEqual(['presentation-opened', openedAt]);
  });

  it('is opened once, however often it is looked at', async () => {
    const code = await gatewaySays();
    const answer = globalThis.fetch as unknown as (url: URL) => Promise<Response>;
    const request = vi.fn(answer);
    vi.stubGlobal('fetch', request);
    for (let look = 0; look < 3; look += 1) await inspectCode(city, code);
    const openings = (): number => request.mock.calls.filter(([url]) => url.pathname.startsWith('/v1/presentations/')).length;
    expect(openings()).toBe(1);
    forgetOpened();
    await inspectCode(city, code);
    expect(openings()).toBe(2);
  });
});

describe('the city that this device knows', () => {
  it('is the one that it met first, and is told to be', async () => {
    const bases = [await found(), await found()].map(({ proof }) => proof?.known?.basis);
    expect(bases).toEqual(['first', 'remembered']);
    expect([readMet()?.fingerprint, readPinned()]).toEqual([shared.fingerprint, undefined]);
  });

  it('is the one that a person has compared, as soon as one has', async () => {
    await found();
    pin(await trusted(), new Date());
    expect((await found()).proof?.known?.basis).toBe('compared');
    expect(readMet()).toBeUndefined();
    forget();
    expect((await found()).proof?.known?.basis).toBe('first');
  });

  it('is not replaced by one with another genesis, whose proofs count for nothing', async () => {
    await found();
    const moved = await found({ staple: fileOf(changesOf('a chain of another genesis')) }, movedCity);
    expect([moved.judgement.outcome, moved.proof?.known?.found]).toEqual(['cannot-determine', 'other']);
    expect(readMet()?.fingerprint).toBe(shared.fingerprint);
    // What is proven by the city that is known stays proven.
    expect(await told({}, movedCity)).toEqual(['valid', 'proven']);
  });

  it('is not taken anew where what was kept is damaged', async () => {
    localStorage.setItem('chancery.met.1', '{"fingerprint":7}');
    expect(await told()).toEqual(['cannot-determine', 'trust-intact']);
    const others = [{ ...shared.chain, genesisHash: OTHER_GENESIS }];
    meet({ ...(await trusted()), chains: others }, new Date());
    expect(await told()).toEqual(['cannot-determine', 'trust-intact']);
  });

  it('is met anew each time where the browser keeps nothing', async () => {
    vi.stubGlobal('localStorage', {
      getItem: () => null,
      setItem: () => {
        throw new DOMException('no room', 'QuotaExceededError');
      },
      clear: () => undefined,
    });
    const { judgement, proof } = await found();
    expect([judgement.outcome, proof?.known?.basis]).toEqual(['valid', 'unkept']);
  });

  it('is none where its chains cannot be verified', async () => {
    const [main, degree] = city.chains.chains;
    if (!main || !degree) throw new Error('two chains');
    const unproven: City = { ...city, chains: { ...city.chains, chains: [main, { ...degree, genesis: undefined }] } };
    expect(await told({}, unproven)).toEqual(['cannot-determine', 'city-provable']);
  });
});

describe('the page', () => {
  const shown = async (says?: Says, seen = city): Promise<Element> => {
    const code = await gatewaySays(says);
    render(
      <LanguageProvider initial={{ language: 'en', texts: english }}>
        <Checking city={seen} account={undefined} code={code} onNext={() => undefined} />
      </LanguageProvider>,
    );
    return waitFor(() => {
      const banner = document.querySelector('[data-outcome]');
      if (!banner) throw new Error('no outcome yet');
      return banner;
    });
  };

  it('marks what is proven, with its age, and says that it has met the city for the first time', async () => {
    const banner = await shown();
    expect(banner.getAttribute('data-outcome')).toBe('valid');
    expect(banner.querySelector('[data-proof="proven"]')?.getAttribute('data-proof-age')).toBe(String(MAX_ONLINE_AGE_SECONDS));
    expect(banner.textContent).toContain('2 minutes old');
    expect(screen.getByText(english['known.first.title'])).toBeTruthy();
  });

  it('says which check failed, that the answer is not proven, and never the word of the gateway', async () => {
    const banner = await shown({ staple: fileOf(changesOf('revoked')) });
    expect(banner.getAttribute('data-outcome')).toBe('cannot-determine');
    expect(banner.textContent).toContain(english['proof.unproven']);
    expect(banner.textContent).toContain(english['proof.why.contradicted']);
    expect(banner.querySelector('[data-proof="unproven"]')?.getAttribute('data-proof-check')).toBe('gateway-agrees');
    expect(screen.queryByText(english['outcome.valid'])).toBeNull();
  });

  it('raises an alarm where the city shows another genesis', async () => {
    meet({ ...(await trusted()), fingerprint: trustFingerprint(shared.authority.chainId, [shared.authority, shared.chain]) }, new Date());
    await shown({ staple: fileOf(changesOf('a chain of another genesis')) }, movedCity);
    expect((await screen.findByRole('alert')).textContent).toContain(english['known.other.title']);
  });
});
