/**
 * The inspector's page with the network unplugged: it opens, checks the holder's file by the genesis that the device trusts, and says how old the proof is.
 * The line to the city is cut for real, below the browser, so that nothing that the page or its service worker asks for is answered.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch, Person } from './browser';
import { examine } from './check';
import { openLine, type Line } from './line';
import * as people from './people';

const ACCOUNT = `offline-${Date.now().toString(36)}`;
const NAME = `Sun Wei ${ACCOUNT.slice(-4)}`;

let browser: Browser;
let citizen: Person;
let inspector: Person;
let line: Line;
let file: Record<string, unknown>;

beforeAll(async () => {
  browser = await launch();
  line = await openLine();
  citizen = await Person.arrive(browser, 'citizen', { size: 'phone' });
  inspector = await Person.arrive(browser, 'inspector', { size: 'phone', origin: line.origin });
});

afterAll(async () => {
  await browser.close();
});

/** What Chromium writes to the console about a network that is not there is part of the story. */
function withoutNetworkErrors(person: Person): void {
  person.complaints.splice(0, person.complaints.length, ...person.complaints.filter((text) => !/net::ERR_/.test(text)));
}

/** Gives the page a file, and waits for what it finds. */
async function check(content: unknown): Promise<{ outcome: string; failed: string }> {
  const { page } = inspector;
  await page.locator('input[type="file"]').setInputFiles({
    name: 'shown.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(content)),
  });
  return people.outcomeOf(page);
}

describe('without a network', () => {
  it('a holder saves a certificate with every proof of it', async () => {
    await citizen.go('/wallet');
    await people.makeKeys(citizen);
    await people.register(citizen, NAME, ACCOUNT);
    const registrar = await Person.arrive(browser, 'registrar');
    await registrar.go('/desk');
    await people.signInAs(registrar, 'Sample registrar');
    await registrar.page.getByRole('article', { name: NAME }).getByRole('button', { name: 'Confirm', exact: true }).click();
    await citizen.page.getByText('You have no certificates yet.').waitFor();
    await people.apply(citizen, 'Degree certificate');
    const clerk = await Person.arrive(browser, 'clerk');
    await clerk.go('/desk');
    await people.signInAs(clerk, 'Sample office: Degree certificate');
    await people.issueFirst(clerk);
    await citizen.page.getByRole('link', { name: 'Certificates' }).click();
    await citizen.page.getByRole('link', { name: /Degree certificate/ }).click();
    await people.showCode(citizen);
    // Until the main chain has a block that is as young as the certificate: some heartbeats.
    const download = citizen.page.waitForEvent('download');
    await citizen.page.getByRole('button', { name: 'Save the file' }).click();
    file = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as Record<string, unknown>;
    expect(Object.keys(file)).toEqual(expect.arrayContaining(['proof', 'staple', 'presentation']));
    await citizen.page.getByText('The file is saved.').waitFor();
    await examine(citizen, 'wallet-carry');
  });

  it('an inspector trusts the city by its fingerprint, once, and the browser keeps the page', async () => {
    const { page } = inspector;
    await inspector.go('/inspect#/offline');
    expect(await page.getByTestId('fingerprint').textContent()).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    await examine(inspector, 'inspect-offline-trust');
    await page.getByRole('button', { name: 'The fingerprint is right: trust this city' }).click();
    await page.locator('[data-kept^="kept"]').waitFor();
    await examine(inspector, 'inspect-offline');
  });

  it('the network is unplugged: the page opens, and the certificate is valid as of a time', async () => {
    const { page } = inspector;
    await line.cut();
    await page.reload();
    await page.locator('button', { hasText: "Choose the holder's file" }).waitFor();
    expect(await check(file)).toEqual({ outcome: 'valid', failed: '' });
    const age = Number(await page.locator('[data-age]').getAttribute('data-age'));
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(600);
    await page.getByText(NAME).or(page.locator('.document')).first().waitFor();
    withoutNetworkErrors(inspector);
    await examine(inspector, 'inspect-offline-valid');
    await people.next(inspector);
  });

  it('an altered file and one of another genesis are refused by name', async () => {
    expect(await check({ ...file, status: 'revoked' })).toEqual({ outcome: 'refused', failed: 'status-matches' });
    await examine(inspector, 'inspect-offline-refused');
    await people.next(inspector);
    const proof = file.proof as { chain: Record<string, unknown> };
    const elsewhere = { ...file, proof: { ...proof, chain: { ...proof.chain, genesisHash: `0x${'11'.repeat(32)}` } } };
    expect(await check(elsewhere)).toEqual({ outcome: 'refused', failed: 'WrongChain' });
    await people.next(inspector);
  });
});
