/**
 * Silence is never a verdict: whoever does not answer (the chain behind the gateway, or the gateway itself) makes "cannot be determined". So does a gateway whose word the
 * chains do not prove.
 * The silence is made between the browser and the gateway; that a dead chain makes the gateway answer so is held by its own tests.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Route } from 'playwright-core';
import { CITY, launch, Person } from './browser';
import { examine } from './check';
import * as people from './people';

const CERTIFICATE = /\/v1\/certificates\/0x/;
const RECORD = /\/v1\/certificates\/0x[0-9a-fA-F]{64}$/;
const PRESENTATION = /\/v1\/presentations\/[\w-]+$/;
const ACCOUNT = `outage-${Date.now().toString(36)}`;

let browser: Browser;
let citizen: Person;
let inspector: Person;

beforeAll(async () => {
  browser = await launch();
  citizen = await Person.arrive(browser, 'citizen', { size: 'phone' });
  inspector = await Person.arrive(browser, 'inspector', { size: 'phone' });
});

afterAll(async () => {
  await browser.close();
});

const chainSilent = (route: Route): Promise<void> =>
  route.fulfill({
    status: 503,
    contentType: 'application/problem+json',
    body: JSON.stringify({
      type: '/problems/chain-unreachable',
      title: 'A chain does not answer.',
      status: 503,
      detail: 'chain health-licence does not answer',
      instance: 'urn:uuid:0193489c-7d2c-7c53-9b1b-0c9a6a5f1d20',
      code: 'chain-unreachable',
      remedy: 'Try again in a moment.',
      chain: 'health-licence',
    }),
  });

describe('when somebody does not answer', () => {
  it('a health licence is issued', async () => {
    await citizen.go('/wallet');
    await people.makeKeys(citizen);
    await people.register(citizen, `Zhao Lin ${ACCOUNT.slice(-4)}`, ACCOUNT);
    const registrar = await Person.arrive(browser, 'registrar');
    await registrar.go('/desk');
    await people.signInAs(registrar, 'Sample registrar');
    await registrar.page
      .getByRole('article', { name: `Zhao Lin ${ACCOUNT.slice(-4)}` })
      .getByRole('button', { name: 'Confirm', exact: true })
      .click();
    await citizen.page.getByText('You have no certificates yet.').waitFor();
    await people.apply(citizen, 'Health licence');
    const clerk = await Person.arrive(browser, 'clerk');
    await clerk.go('/desk');
    await people.signInAs(clerk, 'Sample office: Health licence');
    await people.issueFirst(clerk);
    await citizen.page.getByRole('link', { name: 'Certificates' }).click();
    await citizen.page.getByRole('link', { name: /Health licence/ }).click();
    await people.showCode(citizen);
  });

  it('the chain is silent: cannot be determined, and nothing is called invalid', async () => {
    const { page } = inspector;
    await page.route(CERTIFICATE, chainSilent);
    await inspector.go('/inspect');
    expect(await people.inspectText(inspector, await people.freshCode(citizen))).toEqual({
      outcome: 'cannot-determine',
      failed: '',
    });
    expect(await page.locator('.check--failed').count()).toBe(0);
    await examine(inspector, 'inspect-cannot-determine');
  });

  it('and once it answers again, one press gives the outcome', async () => {
    const { page } = inspector;
    await page.unroute(CERTIFICATE);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-outcome="valid"]').waitFor();
    await people.next(inspector);
  });

  it('the gateway is silent: cannot be determined as well', async () => {
    const { page } = inspector;
    await page.route(PRESENTATION, (route) => route.abort());
    const code = await people.freshCode(citizen);
    expect((await people.inspectText(inspector, code)).outcome).toBe('cannot-determine');
    await page.unroute(PRESENTATION);
    inspector.complaints.splice(0, inspector.complaints.length, ...inspector.complaints.filter((text) => !text.includes('ERR_FAILED')));
    expect(inspector.complaints).toEqual([]);
    await people.next(inspector);
  });

  it('a gateway that says something else than the chains prove is not believed', async () => {
    const { page } = inspector;
    await page.route(RECORD, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), status: 'suspended', outcome: 'suspended' } });
    });
    expect(await people.inspectText(inspector, await people.freshCode(citizen))).toEqual({ outcome: 'cannot-determine', failed: '' });
    expect(await page.locator('[data-proof="unproven"]').getAttribute('data-proof-check')).toBe('gateway-agrees');
    await examine(inspector, 'inspect-unproven');
    await page.unroute(RECORD);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-outcome="valid"]').waitFor();
    await people.next(inspector);
  });

  it('a code that lies in the address is taken and removed from it', async () => {
    const code = await people.freshCode(citizen);
    const { page } = inspector;
    await page.goto('about:blank');
    await page.goto(code);
    expect((await people.outcomeOf(page)).outcome).toBe('valid');
    expect(page.url()).toBe(`${CITY}/inspect`);
  });

  it('the wallet says what to do when the gateway is silent', async () => {
    const { page } = citizen;
    await page.getByRole('link', { name: 'Certificates' }).click();
    await page.getByRole('link', { name: /Health licence/ }).waitFor();
    await page.route(CERTIFICATE, chainSilent);
    await page.getByRole('link', { name: /Health licence/ }).click();
    await page.getByText('A chain does not answer at present.').waitFor();
    await examine(citizen, 'wallet-chain-silent');
    await page.unroute(CERTIFICATE);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The content is unchanged').waitFor();
  });
});
