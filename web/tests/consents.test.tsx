// @vitest-environment jsdom
/** C-CHAINS, TRUST-7: a chain shows kinds of certificates while their holder agrees; in the wallet the holder does, and takes it back. */
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recoverAddress, type Address } from 'viem';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../src/api/client';
import type { GiveConsent, ShownKind } from '../src/api/types';
import { Consents } from '../src/apps/wallet/consents';
import type { OpenWallet } from '../src/apps/wallet/wallet';
import { LanguageProvider, type Language, type Texts } from '../src/i18n/language';
import chinese from '../src/i18n/zh.json';
import english from '../src/i18n/en.json';
import { keysFromPhrase } from '../src/protocol/keys';
import { digestOf, discloseTypedData } from '../src/protocol/typed-data';
import { signerOfKeys } from '../src/session/signer';
import type { ChainEssentials } from '../src/staple';

const texts: Record<Language, Texts> = { en: english, zh: chinese };
const keys = keysFromPhrase('test test test test test test test test test test test junk');
/** What both verifiers say of each answer (sdk/typescript/tests/staple/shown-cases.ts). */
interface Vectors {
  host: ChainEssentials;
  followed: ChainEssentials;
  base: { proof: unknown; genesis: unknown };
  cases: { now: number; holder: Address; kind: string }[];
}
const shared = JSON.parse(readFileSync(join(import.meta.dirname, '../../crates/certificates/vectors/shown.json'), 'utf8')) as Vectors;

const CONTRACT = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
const DAY_MS = 24 * 3600 * 1000;
/** The verifier is loaded when it is needed, and BLS12-381 is slow. */
const PATIENCE_MS = 20_000;
/** The ids of the vectors' chains are those of `degree` and `business-licence` in a city with this main chain. */
const MAIN_ID = 7100;

/** What the main chain has of the holder; the side chain shows nothing. */
let degree: ShownKind;
let sent: GiveConsent[];
/** Another consent was sent meanwhile, if there is one. */
let refusal: { code: string } | undefined;
/** The chain that shows something. */
let showing: string;

const wallet = {
  keys,
  account: {
    address: keys.account.address,
    signer: signerOfKeys(keys, 'browser'),
    run: <Answer,>(call: (session: Session) => Promise<Answer>): Promise<Answer> => call({ token: 'a token' }),
  },
  city: {
    chains: { chains: [{ name: 'main', chainId: 7100 }, { name: 'marriage', chainId: 7101 }] },
    kinds: [{ kind: 'degree', title: { en: 'Degree certificate', zh: '学位证书' } }],
  },
} as unknown as OpenWallet;

function show(language: Language = 'en'): void {
  render(
    <LanguageProvider initial={{ language, texts: texts[language] }}>
      <Consents wallet={wallet} />
    </LanguageProvider>,
  );
}

beforeEach(() => {
  degree = { kind: 'degree', held: false, contract: CONTRACT, nextNonce: 3 };
  sent = [];
  refusal = undefined;
  showing = 'main';
  vi.stubGlobal('fetch', (url: URL, request: RequestInit) => {
    const chain = url.pathname.split('/')[3] ?? '';
    if (request.method === 'POST') {
      const consent = JSON.parse(typeof request.body === 'string' ? request.body : '') as GiveConsent;
      sent.push(consent);
      if (refusal) {
        degree = { ...degree, nextNonce: degree.nextNonce + 1 };
        return Promise.resolve(new Response(JSON.stringify(refusal), { status: 400 }));
      }
      const { kind, held, contract } = degree;
      const agreedUntil = new Date(consent.until * 1000).toISOString();
      degree = { kind, held, contract, nextNonce: consent.nonce + 1, ...(consent.until !== 0 && { agreedUntil }) };
      return Promise.resolve(new Response(JSON.stringify({ chain, blockNumber: 12, txHash: '0x01', blockHash: '0x02' })));
    }
    const kinds = chain === showing ? [degree] : [];
    return Promise.resolve(new Response(JSON.stringify({ chain, chainId: 7100, holder: keys.account.address, kinds })));
  });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
});

const signerOf = ({ kind, until, nonce, signature }: GiveConsent): Promise<Address> => {
  const operation = { holder: keys.account.address, kind, until, nonce };
  const hash = digestOf(discloseTypedData({ chainId: 7100, verifyingContract: CONTRACT }, operation));
  return recoverAddress({ hash, signature });
};

describe('what chains show of a holder', () => {
  it('is agreed to for a time, signed by the holder, and taken back for the number after', async () => {
    show();
    const card = await screen.findByRole('article', { name: 'Degree certificate' });
    expect(within(card).getByText('You do not agree: nothing is shown.')).toBeTruthy();
    await userEvent.selectOptions(within(card).getByLabelText('For how long'), '90 days');
    await userEvent.click(within(card).getByRole('button', { name: 'Agree' }));
    await within(card).findByText(/^You agree until/);
    expect(screen.getByRole('status').textContent).toContain('Recorded in block 12: Main chain.');
    expect(Math.abs((sent[0]?.until ?? 0) * 1000 - Date.now() - 90 * DAY_MS)).toBeLessThan(DAY_MS);
    expect(within(card).getByText(/Nothing is shown yet/)).toBeTruthy();

    await userEvent.click(within(card).getByRole('button', { name: 'Take back' }));
    await within(card).findByText('You do not agree: nothing is shown.');
    expect(sent.map(({ kind, nonce }) => [kind, nonce])).toEqual([['degree', 3], ['degree', 4]]);
    expect(sent[1]?.until).toBe(0);
    for (const consent of sent) expect(await signerOf(consent)).toBe(keys.account.address);
  });

  it('says what stands, and what is over', async () => {
    degree = { ...degree, held: true, asOf: '2026-11-21T03:00:00Z', agreedUntil: new Date(Date.now() + DAY_MS).toISOString() };
    show();
    await screen.findByText(/It is shown that you have a valid certificate of this kind, as of/);
    cleanup();
    degree = { ...degree, agreedUntil: '2020-01-01T00:00:00Z' };
    show();
    await screen.findByText('You do not agree: nothing is shown.');
  });

  it('is signed for the next number when another consent came before it', async () => {
    refusal = { code: 'signature-invalid' };
    show();
    const card = await screen.findByRole('article', { name: 'Degree certificate' });
    await userEvent.click(within(card).getByRole('button', { name: 'Agree' }));
    await within(card).findByRole('alert');
    refusal = undefined;
    await userEvent.click(within(card).getByRole('button', { name: 'Agree' }));
    await within(card).findByText(/^You agree until/);
    expect(sent.map(({ nonce }) => nonce)).toEqual([3, 4]);
  });

  it('is proven here by the chains, or cannot be determined, whatever the gateway says', async () => {
    const [whole] = shared.cases;
    if (whole === undefined) throw new Error('there are no vectors');
    vi.useFakeTimers({ toFake: ['Date'], now: whole.now * 1000 });
    const genesisOf = ({ chainId, validators }: ChainEssentials, predeploy: string): object => ({
      chainId,
      validators: validators.map((blsPublicKey) => ({ blsPublicKey })),
      predeploys: [{ address: predeploy }],
    });
    const chainOf = (name: string, chain: ChainEssentials, predeploy: string): object => Object.assign({}, chain, { name, genesis: genesisOf(chain, predeploy) });
    // The id of a chain is said by its name and the main chain's, which alone has the identities.
    const main = { ...shared.host, chainId: MAIN_ID, genesisHash: `0x${'77'.repeat(32)}` } as const;
    const [identities, certificates] = ['0xc4a0000000000000000000000000000000000003', '0xc4a0000000000000000000000000000000000006'];
    const chains = [chainOf('main', main, identities), chainOf('degree', shared.followed, certificates), chainOf('business-licence', shared.host, certificates)];
    showing = 'business-licence';
    const asked = { ...wallet, account: Object.assign({}, wallet.account, { address: whole.holder }), city: { ...wallet.city, chains: { chains } } } as unknown as OpenWallet;
    const showAsked = async (language: Language, chain = 'business-licence'): Promise<void> => {
      render(
        <LanguageProvider initial={{ language, texts: texts[language] }}>
          <Consents wallet={asked} />
        </LanguageProvider>,
      );
      await userEvent.selectOptions(screen.getByLabelText(language === 'en' ? 'Chain' : '链'), chain);
    };
    const agreedUntil = new Date((whole.now + 86_400) * 1000).toISOString();
    degree = { ...degree, held: true, asOf: '2027-01-15T07:59:00Z', agreedUntil, ...shared.base };
    await showAsked('en');
    await screen.findByText('Proven here', {}, { timeout: PATIENCE_MS });
    expect(screen.queryByText('Cannot be determined')).toBeNull();
    expect(screen.getByText(/whatever the gateway says: you agree until .*\. The certificate is valid until/)).toBeTruthy();
    cleanup();
    // What another chain shows is not what the one that was asked shows, however well it is proven.
    showing = 'main';
    await showAsked('en', 'main');
    await screen.findByText('Cannot be determined', {}, { timeout: PATIENCE_MS });
    expect(screen.queryByText('Proven here')).toBeNull();
    cleanup();
    showing = 'business-licence';
    // Of a contract of an earlier version the end of the period is not proven.
    degree = { ...degree, period: undefined };
    await showAsked('en');
    await screen.findByText(/That the period of the certificate is not over, is the gateway's word\./, {}, { timeout: PATIENCE_MS });
    cleanup();
    // A gateway that says more than it proves.
    degree = { ...degree, genesis: undefined };
    await showAsked('en');
    await screen.findByText('Cannot be determined', {}, { timeout: PATIENCE_MS });
    expect(screen.getByText(/it is not proven here \(check: shown-by\)/)).toBeTruthy();
    cleanup();
    degree = { ...degree, proof: undefined };
    await showAsked('zh');
    await screen.findByText('无法判定', {}, { timeout: PATIENCE_MS });
    expect(screen.queryByText('已在此证明')).toBeNull();
  }, 5 * PATIENCE_MS);

  it('is nothing where a chain follows no other, and is said in Chinese too', async () => {
    show('zh');
    await screen.findByRole('article', { name: '学位证书' });
    expect(screen.getByText('您未同意：不展示任何信息。')).toBeTruthy();
    await userEvent.selectOptions(screen.getByLabelText('链'), 'marriage');
    await screen.findByText('此链不展示其他链的任何信息。');
    expect(sent).toEqual([]);
  });
});
