// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Chains } from '../src/api/types';
import { Offline } from '../src/apps/inspect/offline';
import { whyNot } from '../src/apps/wallet/carrying';
import { formatAge } from '../src/components/format';
import { LanguageProvider } from '../src/i18n/language';
import english from '../src/i18n/en.json';
import { examine, groupOf } from '../src/offline/examining';
import { pin, readPinned } from '../src/offline/pinned';
import { keepPage } from '../src/offline/register';
import { compare, trustOf, type CityTrust } from '../src/offline/trust';
import type { ChainEssentials } from '../src/staple';
import { PATIENCE_MS, stapled } from '../src/staple/asking';
import type { City } from '../src/session/use-city';

// C-API-5, C-MORE-1, STAPLE-1 to STAPLE-12. The vectors are those of the Rust and of the TypeScript verifier.
interface Vectors {
  chain: ChainEssentials;
  authority: ChainEssentials;
  fingerprint: string;
  bases: { whole: Record<string, unknown> };
  cases: { name: string; expect: string; changes: [string, unknown][] }[];
}
const path = join(import.meta.dirname, '../../crates/certificates/vectors/stapled.json');
const shared = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const NOW = new Date(1_800_000_000_000);
const AGE_SECONDS = 600;

const genesisOf = ({ chainId, validators }: ChainEssentials, predeploy: string): unknown => ({
  chainId,
  validators: validators.map((blsPublicKey) => ({ blsPublicKey })),
  predeploys: [{ address: predeploy }],
});
const chainOf = (name: string, essentials: ChainEssentials, predeploy: string): Chains['chains'][number] => ({
  name,
  chainId: essentials.chainId,
  rpcUrl: '',
  genesisHash: essentials.genesisHash,
  genesis: genesisOf(essentials, predeploy),
  kinds: [],
  contracts: {},
});
const chains: Chains = {
  development: false,
  chains: [
    chainOf('main', shared.authority, '0xC4a0000000000000000000000000000000000003'),
    chainOf('degree', shared.chain, '0xC4A0000000000000000000000000000000000006'),
  ],
};
const city: City = { chains, kinds: [] };
const fileOf = (content: unknown): File => new File([JSON.stringify(content)], 'shown.json', { type: 'application/json' });
const bytesOf = (content: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(content));
const trusted = async (): Promise<CityTrust> => {
  const trust = await trustOf(chains, []);
  if (!trust) throw new Error('the city of the vectors cannot be trusted');
  return trust;
};
const show = (page: ReactNode): void => {
  render(<LanguageProvider initial={{ language: 'en', texts: english }}>{page}</LanguageProvider>);
};

/** What every browser has and jsdom has not. */
Blob.prototype.arrayBuffer = function arrayBuffer(this: Blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(new Error('the file cannot be read'));
    reader.readAsArrayBuffer(this);
  });
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the city that is trusted', () => {
  it('is known by one fingerprint, which is that of every verifier', async () => {
    expect((await trusted()).fingerprint).toBe(shared.fingerprint);
  });

  it('has exactly one main chain, and proves every chain', async () => {
    const [main, degree] = chains.chains;
    if (!main || !degree) throw new Error('two chains');
    const unproven = { ...degree, genesis: undefined };
    expect(await trustOf({ ...chains, chains: [degree] }, [])).toBeUndefined();
    expect(await trustOf({ ...chains, chains: [main, main] }, [])).toBeUndefined();
    expect(await trustOf({ ...chains, chains: [main, unproven] }, [])).toBeUndefined();
    expect(await trustOf({ ...chains, chains: [{ ...main, genesisHash: '0x00' }, degree] }, [])).toBeUndefined();
  });
});

describe('a file without a network', () => {
  it('shows outcome and age, and the document that its holder shows', async () => {
    const finding = await examine(bytesOf(shared.bases.whole), await trusted(), undefined, NOW);
    expect('verified' in finding && [finding.verified.outcome, finding.verified.ageSeconds]).toEqual(['valid', AGE_SECONDS]);
  });

  it('shows the validity that was recorded, whatever the document says of it', async () => {
    const finding = await examine(bytesOf(shared.bases.whole), await trusted(), undefined, NOW);
    const recorded = 'verified' in finding ? finding.verified.certificate.issue.validFrom : 0n;
    expect('verified' in finding && finding.document?.validFrom).toBe(new Date(Number(recorded) * 1000).toISOString());
    expect('verified' in finding && finding.document?.validUntil).toBeUndefined();
  });

  it('of another genesis is refused as that of another city', async () => {
    const trust = await trusted();
    const other = { ...trust, chains: trust.chains.map((chain) => ({ ...chain, genesisHash: `0x${'11'.repeat(32)}` as const })) };
    expect(await examine(bytesOf(shared.bases.whole), other, undefined, NOW)).toMatchObject({ refused: { check: 'WrongChain', group: 'city' } });
    const unknown = { ...trust, chains: trust.chains.filter(({ chainId }) => chainId === trust.authority) };
    expect(await examine(bytesOf(shared.bases.whole), unknown, undefined, NOW)).toMatchObject({ refused: { check: 'WrongChain', group: 'chain' } });
    expect(await examine(bytesOf({}), trust, undefined, NOW)).toMatchObject({ refused: { group: 'file' } });
  });

  it('older than is accepted says nothing against the certificate', async () => {
    const finding = await examine(bytesOf(shared.bases.whole), await trusted(), AGE_SECONDS - 1, NOW);
    expect('verified' in finding && [finding.verified.outcome, finding.verified.isTooOld]).toEqual(['cannot-determine', true]);
  });

  it('is refused for a reason that people read, whichever check refuses', () => {
    const groups = new Map(shared.cases.filter(({ expect: check }) => check !== 'ok').map(({ expect: check }) => [check, groupOf(check)]));
    const finality = [...groups].filter(([, group]) => group === 'final').map(([check]) => check);
    // Those of the trust kernel, which begin with a capital letter, and no others.
    expect(finality.filter((check) => /^[a-z]/.test(check))).toEqual([]);
    expect([groups.get('commitment-matches'), groups.get('status-matches'), groups.get('organization-matches')]).toEqual(['status', 'altered', 'altered']);
    expect([groups.get('organization-not-suspended'), groups.get('key-authorized'), groups.get('time-not-ahead')]).toEqual(['right', 'right', 'clock']);
  });
});

describe("the inspector's page without a network", () => {
  it('trusts nothing by itself, and says so when there was never a network', () => {
    show(<Offline city={undefined} />);
    expect(screen.getByText(english['offline.never.title'])).toBeTruthy();
    expect(screen.queryByText(english['offline.file.action'])).toBeNull();
  });

  it('pins the city that a person trusts by its fingerprint', async () => {
    const user = userEvent.setup();
    show(<Offline city={city} />);
    expect((await screen.findByTestId('fingerprint')).textContent).toBe(shared.fingerprint);
    expect(readPinned()).toBeUndefined();
    await user.click(screen.getByRole('button', { name: english['offline.trust.action'] }));
    expect(readPinned()?.fingerprint).toBe(shared.fingerprint);
    await screen.findByRole('button', { name: english['offline.file.action'] });
  });

  it('checks a file with no request at all, and shows how old its proof is', async () => {
    const user = userEvent.setup();
    pin(await trusted(), NOW);
    const request = vi.fn(() => Promise.reject(new TypeError('no network')));
    vi.stubGlobal('fetch', request);
    show(<Offline city={undefined} />);
    await user.upload(await screen.findByLabelText(english['offline.file.action'], { selector: 'input' }), fileOf(shared.bases.whole));
    const banner = await waitFor(() => {
      const found = document.querySelector('[data-outcome]');
      if (!found) throw new Error('no outcome yet');
      return found;
    });
    expect(banner.getAttribute('data-outcome')).toBe('valid');
    expect(banner.textContent).toContain('10 minutes old');
    expect(request).not.toHaveBeenCalled();
  });

  it('names the check that refuses', async () => {
    const user = userEvent.setup();
    pin(await trusted(), NOW);
    show(<Offline city={undefined} />);
    const forged = { ...shared.bases.whole, status: 'revoked' };
    await user.upload(await screen.findByLabelText(english['offline.file.action'], { selector: 'input' }), fileOf(forged));
    await screen.findByText('status-matches');
    expect(document.querySelector('[data-outcome="refused"][data-failed="status-matches"]')).toBeTruthy();
  });

  it('warns of a city with another genesis, and goes on trusting the first', async () => {
    const trust = await trusted();
    const { trustFingerprint } = await import('../src/staple');
    const others = trust.chains.map((chain) => ({ ...chain, genesisHash: `0x${'22'.repeat(32)}` as const }));
    pin({ ...trust, chains: others, fingerprint: trustFingerprint(trust.authority, others) }, NOW);
    show(<Offline city={city} />);
    await screen.findByText(english['offline.other.title']);
    expect(readPinned()?.chains).toEqual(others);
  });

  it('does not use what was damaged in storage', async () => {
    const trust = await trusted();
    pin({ ...trust, chains: trust.chains.slice(1) }, NOW);
    show(<Offline city={undefined} />);
    await screen.findByText(english['offline.damaged.title']);
    expect(screen.queryByRole('button', { name: english['offline.file.action'] })).toBeNull();
    localStorage.setItem('chancery.trust.1', '{"fingerprint":7}');
    expect(readPinned()).toBeUndefined();
  });
});

describe('what the city shows beside what is trusted', () => {
  it('is the same, more, or another city', async () => {
    const trust = await trusted();
    const [first, second] = trust.chains;
    if (!first || !second) throw new Error('two chains');
    const more = { ...trust, chains: [...trust.chains, { ...second, chainId: 7104 }] };
    const changed = { ...more, chains: more.chains.map((chain) => (chain.chainId === first.chainId ? { ...chain, genesisHash: `0x${'22'.repeat(32)}` as const } : chain)) };
    expect([trust, more, changed, undefined, { ...trust, authority: second.chainId }].map((offered) => compare(trust, offered))).toEqual([
      'same', 'more', 'other', 'other', 'other',
    ]);
    expect(compare(more, trust)).toBe('other');
  });

  it('is told when it is more, and a warning when nothing of it can be verified', async () => {
    const trust = await trusted();
    const { trustFingerprint } = await import('../src/staple');
    const fewer = trust.chains.filter(({ chainId }) => chainId === trust.authority);
    pin({ ...trust, chains: fewer, fingerprint: trustFingerprint(trust.authority, fewer) }, NOW);
    show(<Offline city={city} />);
    await screen.findByText(english['offline.more.title']);
    cleanup();
    show(<Offline city={{ chains: { ...chains, chains: chains.chains.slice(1) }, kinds: [] }} />);
    await screen.findByText(english['offline.other.unprovable']);
  });
});

describe('the words for a file that is not decided or not made', () => {
  const examined = async (content: unknown, maxAge: string): Promise<string> => {
    const user = userEvent.setup();
    pin(await trusted(), NOW);
    show(<Offline city={undefined} />);
    await user.selectOptions(await screen.findByLabelText(english['offline.age.label'], { selector: 'select' }), maxAge);
    await user.upload(await screen.findByLabelText(english['offline.file.action'], { selector: 'input' }), fileOf(content));
    return (await waitFor(() => {
      const found = document.querySelector('[data-outcome="cannot-determine"]');
      if (!found) throw new Error('no outcome yet');
      return found;
    })).textContent;
  };
  const caseOf = (name: string): Record<string, unknown> => {
    const changes = shared.cases.find((one) => one.name === name)?.changes ?? [];
    const file = structuredClone(shared.bases.whole);
    for (const [pointer, value] of changes) {
      const path = pointer.split('/').slice(1);
      const last = path.pop() ?? '';
      const parent = path.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, file);
      parent[last] = value;
    }
    return file;
  };

  it('say that it is the presentation that is old', async () => {
    const text = await examined(caseOf('only the presentation is old'), '3600');
    expect(text).toContain('Its holder signed it longer ago');
    expect(text).toContain('Signed by its holder');
  });

  it('say that it was suspended, and that the file cannot say more', async () => {
    vi.setSystemTime(NOW.getTime() + 1_000_000);
    expect(await examined(caseOf('suspended'), '900')).toMatch(/It was suspended as of .*; whether it still is/);
  });

  it('say why the wallet makes no file', () => {
    expect([whyNot('clock', true), whyNot('city', true), whyNot('city', false), whyNot('altered', true)]).toEqual([
      'carry.clock', 'carry.otherCity', 'carry.unverified', 'carry.unverified',
    ]);
  });
});

describe('a page that the browser keeps', () => {
  const keeps = async (persists: boolean | undefined, state: string): Promise<string> => {
    vi.stubEnv('PROD', true);
    const registration = { installing: { state: 'redundant' }, active: { state, addEventListener: () => undefined } };
    const container = { register: () => Promise.reject(new TypeError('no network')), getRegistration: () => Promise.resolve(registration) };
    const storage = persists === undefined ? undefined : { persisted: () => Promise.resolve(false), persist: () => Promise.resolve(persists) };
    vi.stubGlobal('navigator', { serviceWorker: container, storage });
    try {
      return await keepPage();
    } finally {
      vi.unstubAllEnvs();
    }
  };

  it('is kept by the worker that is active, and loosely where the browser promises nothing', async () => {
    expect([await keeps(true, 'activated'), await keeps(false, 'activated'), await keeps(undefined, 'activated')]).toEqual(['kept', 'kept-loosely', 'kept-loosely']);
  });
});

describe('waiting for a proof that is young enough', () => {
  const notYet = (): Response =>
    new Response(JSON.stringify({ code: 'not-final-yet', status: 503 }), { status: 503, headers: { 'content-type': 'application/problem+json' } });

  it('ends when it is there', async () => {
    const answers = [notYet(), notYet(), new Response('{"staple":{}}')];
    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(answers.shift() ?? notYet())));
    const pauses: number[] = [];
    const pause = (ms: number): Promise<void> => {
      pauses.push(ms);
      return Promise.resolve();
    };
    expect(await stapled('0x01', () => 0, pause)).toEqual({ staple: {} });
    expect(pauses).toHaveLength(2);
  });

  it('ends when it takes too long, and at once for any other refusal', async () => {
    const request = vi.fn(() => Promise.resolve(notYet()));
    vi.stubGlobal('fetch', request);
    let now = 0;
    const pause = (ms: number): Promise<void> => {
      now += ms;
      return Promise.resolve();
    };
    await expect(stapled('0x01', () => now, pause)).rejects.toThrow(/not-final-yet/);
    expect([now, request.mock.calls.length]).toEqual([PATIENCE_MS, PATIENCE_MS / 1000 + 1]);
    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response('{"code":"unknown-certificate"}', { status: 404 }))));
    await expect(stapled('0x01')).rejects.toThrow(/unknown-certificate/);
  });
});

describe('ages', () => {
  it('are said in the unit in which people think', () => {
    expect([0, 119, 120, 7_199, 7_200, 172_800].map((age) => formatAge(age, 'en'))).toEqual([
      '0 seconds', '119 seconds', '2 minutes', '119 minutes', '2 hours', '2 days',
    ]);
    expect(formatAge(300, 'zh')).toMatch(/5\s?分钟/);
  });
});
