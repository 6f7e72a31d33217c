// @vitest-environment jsdom
/** C-MORE-6: without the twelve words an office binds new keys, in the web as on the command line. */
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../src/api/client';
import type { User, UserStatus } from '../src/api/types';
import type { Desk } from '../src/apps/desk/desk';
import { Registrations } from '../src/apps/desk/registrations';
import { RegistrationGate } from '../src/apps/wallet/registration';
import type { OpenWallet } from '../src/apps/wallet/wallet';
import { LanguageProvider, type Language, type Texts } from '../src/i18n/language';
import chinese from '../src/i18n/zh.json';
import english from '../src/i18n/en.json';
import { keysFromPhrase } from '../src/protocol/keys';

const texts: Record<Language, Texts> = { en: english, zh: chinese };
const PHRASE = 'test test test test test test test test test test test junk';
const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

/** What was asked of the gateway, and how it answers: by method and path, the newest answer first. */
let asked: { method: string; path: string; body: unknown }[];
let answers: (method: string, url: URL) => unknown;

function show(children: ReactNode, language: Language = 'en'): void {
  render(<LanguageProvider initial={{ language, texts: texts[language] }}>{children}</LanguageProvider>);
}

function user(name: string, status: UserStatus): User {
  return {
    address: name === 'Wei' ? OTHER : ADDRESS,
    account: `${name.toLowerCase()}-new`,
    did: `did:ethr:0x1bbc:${ADDRESS}`,
    userType: 'person',
    status,
    person: { name, unit: 'Riverside University', city: 'Shenzhen', country: 'CN' },
    registeredAt: '2026-11-21T03:00:00Z',
  };
}

/** Somebody who is signed in. */
const account = {
  address: ADDRESS,
  run: <Answer,>(call: (session: Session) => Promise<Answer>): Promise<Answer> => call({ token: 'a token' }),
  refreshRoles: () => Promise.resolve(),
};

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', (url: URL, request: RequestInit) => {
    const method = request.method ?? 'GET';
    asked.push({ method, path: url.pathname, body: typeof request.body === 'string' ? JSON.parse(request.body) : undefined });
    const answer = answers(method, url);
    const status = answer === undefined ? 404 : 200;
    return Promise.resolve(new Response(JSON.stringify(answer ?? { code: 'unknown-address' }), { status }));
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe('at the desk', () => {
  const waiting = (_: string, url: URL): unknown => {
    const status = url.searchParams.get('status');
    if (status === 'recovering') return { items: [user('Lin', 'recovering')] };
    if (status === 'pending') return { items: [user('Wei', 'pending')] };
    return { ...user('Lin', 'confirmed'), blockNumber: 12 };
  };

  it('who has lost the key waits beside the others, and is told apart from them', async () => {
    answers = waiting;
    show(<Registrations desk={{ account } as unknown as Desk} />);
    const lost = await screen.findByRole('article', { name: 'Lin' });
    expect(within(lost).getByText('The keys are lost: these take their place')).toBeTruthy();
    expect(within(lost).queryByRole('button', { name: 'Confirm' })).toBeNull();
    const other = screen.getByRole('article', { name: 'Wei' });
    expect(within(other).getByRole('button', { name: 'Confirm' })).toBeTruthy();
    expect(within(other).queryByText('The keys are lost: these take their place')).toBeNull();

    await userEvent.click(within(lost).getByRole('button', { name: 'Replace the keys' }));
    await screen.findByText(/The keys of Lin are replaced\..*block 12\..*issued again\./);
    expect(asked).toContainEqual({ method: 'POST', path: `/v1/users/${ADDRESS}/confirmation`, body: { decision: 'confirm' } });
  });

  it('says it in Chinese too', async () => {
    answers = waiting;
    show(<Registrations desk={{ account } as unknown as Desk} />, 'zh');
    const lost = await screen.findByRole('article', { name: 'Lin' });
    expect(within(lost).getByText('密钥已丢失：以此取代')).toBeTruthy();
    expect(within(lost).getByRole('button', { name: '更换密钥' })).toBeTruthy();
  });
});

describe('in the wallet', () => {
  const wallet = (): OpenWallet => ({ account, keys: keysFromPhrase(PHRASE) }) as unknown as OpenWallet;

  async function fill(): Promise<void> {
    await screen.findByLabelText('Full name');
    for (const [label, value] of [
      ['Full name', 'Lin'],
      ['Unit', 'Riverside University'],
      ['City', 'Shenzhen'],
      ['Country', 'CN'],
      ['Account name', 'lin-new'],
    ] as const) {
      fireEvent.change(screen.getByLabelText(label), { target: { value } });
    }
  }

  it('whoever has lost keys and words says so, and nobody else does', async () => {
    let registered: User | undefined;
    answers = (method) => {
      if (method === 'POST') registered = user('Lin', 'recovering');
      return registered;
    };
    show(<RegistrationGate wallet={wallet()}>{() => <p>certificates</p>}</RegistrationGate>);
    await fill();
    await userEvent.click(screen.getByRole('checkbox', { name: /have lost my keys/ }));
    expect(screen.getByText(/another account name/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Register' }));
    await screen.findByRole('heading', { name: 'Waiting for the office to replace your keys' });
    const sent = asked.find(({ method }) => method === 'POST');
    expect(sent?.body).toMatchObject({ account: 'lin-new', recovery: true });
  });

  it('a first registration is none of a lost key', async () => {
    let registered: User | undefined;
    answers = (method) => {
      if (method === 'POST') registered = user('Lin', 'pending');
      return registered;
    };
    show(<RegistrationGate wallet={wallet()}>{() => <p>certificates</p>}</RegistrationGate>);
    await fill();
    await userEvent.click(screen.getByRole('button', { name: 'Register' }));
    await screen.findByRole('heading', { name: 'Waiting for the office' });
    expect(asked.find(({ method }) => method === 'POST')?.body).not.toHaveProperty('recovery');
  });

  it('replaced keys say that they are', async () => {
    answers = () => user('Lin', 'replaced');
    show(<RegistrationGate wallet={wallet()}>{() => <p>certificates</p>}</RegistrationGate>);
    await screen.findByRole('heading', { name: 'Other keys have taken the place of these' });
    await waitFor(() => expect(screen.queryByText('certificates')).toBeNull());
  });
});
