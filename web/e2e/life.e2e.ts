/**
 * The life of a certificate, driven by clicks in headless Chromium against the city at CHANCERY_URL (C-LIFE, C-QR):
 * register, confirm, apply, issue, receive, show, inspect, suspend, resume, renew, revoke, inspect again; and what must be or is refused.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { keysFromPhrase } from '../src/protocol/keys';
import { bytesFromBase64url, base64urlFromBytes } from '../src/protocol/encoding';
import { makePresentation } from '../src/protocol/presentation';
import { parseDocument } from '../src/protocol/document';
import { CERTIFICATE_REGISTRY } from '../src/protocol/typed-data';
import { CITY, launch, Person } from './browser';
import { republish } from './cheat';
import { examine, examineDialog } from './check';
import * as people from './people';

const ACCOUNT = `lihua-${Date.now().toString(36)}`;
const NAME = `Li Hua ${ACCOUNT.slice(-4)}`;

let browser: Browser;
let citizen: Person;
let registrar: Person;
let clerk: Person;
let inspector: Person;
let phrase = '';

beforeAll(async () => {
  browser = await launch();
  citizen = await Person.arrive(browser, 'citizen', { size: 'phone' });
  registrar = await Person.arrive(browser, 'registrar');
  clerk = await Person.arrive(browser, 'clerk');
  inspector = await Person.arrive(browser, 'inspector', { size: 'phone' });
});

afterAll(async () => {
  await browser.close();
});

describe('the life of a certificate', () => {
  it('a citizen makes keys and registers', async () => {
    const { page } = citizen;
    await citizen.go('/wallet');
    await page.getByRole('heading', { name: 'Your keys' }).waitFor();
    await examine(citizen, 'wallet-welcome');
    phrase = await people.makeKeys(citizen);
    await page.getByRole('heading', { name: 'Register with your real name' }).waitFor();
    await examine(citizen, 'wallet-registration');
    await people.register(citizen, NAME, ACCOUNT);
    await examine(citizen, 'wallet-waiting');
  });

  it('a registrar confirms the real name', async () => {
    const { page } = registrar;
    await registrar.go('/desk');
    await page.getByRole('heading', { name: 'Sample offices' }).waitFor();
    await examine(registrar, 'desk-sign-in');
    await people.signInAs(registrar, 'Sample registrar');
    const applicant = page.getByRole('article', { name: NAME });
    await applicant.waitFor();
    await examine(registrar, 'desk-registrations');
    await applicant.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.getByText(`${NAME} is confirmed.`, { exact: false }).waitFor();
  });

  it('the wallet moves on by itself, and the citizen applies', async () => {
    const { page } = citizen;
    await page.getByText('You have no certificates yet.').waitFor();
    await examine(citizen, 'wallet-empty');
    await page.getByRole('link', { name: 'Applications' }).click();
    await page.getByRole('link', { name: 'Apply', exact: true }).click();
    await page.getByRole('link', { name: 'Degree certificate' }).waitFor();
    await examine(citizen, 'wallet-choose');
    await page.getByRole('link', { name: 'Degree certificate' }).click();
    await page.getByRole('button', { name: 'Send the application' }).click();
    await page.getByText('Please fill this in.').first().waitFor();
    await examine(citizen, 'wallet-application');
    await people.apply(citizen, 'Degree certificate');
    await examine(citizen, 'wallet-applications');
  });

  it('the office issues', async () => {
    const { page } = clerk;
    await clerk.go('/desk');
    await people.signInAs(clerk, 'Sample office: Degree certificate');
    await page.getByRole('link', { name: 'Open', exact: true }).first().waitFor();
    await examine(clerk, 'desk-applications');
    await page.getByRole('link', { name: 'Open', exact: true }).first().click();
    await page.getByRole('link', { name: 'Prepare the certificate' }).waitFor();
    await examine(clerk, 'desk-application');
    await page.getByRole('link', { name: 'Prepare the certificate' }).click();
    await page.getByRole('button', { name: 'Seal, sign and issue' }).click();
    await page.getByText('answers need your attention', { exact: false }).waitFor();
    await examine(clerk, 'desk-issue');
    await page.getByRole('button', { name: 'Fill in sample answers' }).click();
    await page.getByRole('button', { name: 'Seal, sign and issue' }).click();
    await page.getByText('The certificate is issued.').waitFor();
    await examine(clerk, 'desk-issued');
  });

  it('the citizen receives it, opened and checked on the device', async () => {
    const { page } = citizen;
    await page.getByRole('link', { name: 'Certificates' }).click();
    await page.getByRole('link', { name: /Degree certificate/ }).click();
    await page.getByText('The content is unchanged').waitFor();
    expect(await page.locator('.check--failed').count()).toBe(0);
    await examine(citizen, 'wallet-certificate');
  });

  it('the citizen lets the main chain show that there is one, and takes that back', async () => {
    const { page } = citizen;
    await page.getByRole('link', { name: 'Identity' }).click();
    await page.getByRole('link', { name: 'What chains show of you' }).click();
    const degree = page.getByRole('article', { name: 'Degree certificate' });
    await degree.getByText('You do not agree', { exact: false }).waitFor();
    await examine(citizen, 'wallet-consents');
    await degree.getByRole('button', { name: 'Agree', exact: true }).click();
    await degree.getByText('You agree until', { exact: false }).waitFor();
    await page.getByText('Recorded in block', { exact: false }).waitFor();
    await examine(citizen, 'wallet-consents-given');
    await degree.getByRole('button', { name: 'Take back', exact: true }).click();
    await degree.getByText('You do not agree', { exact: false }).waitFor();
    await page.getByRole('link', { name: 'Certificates', exact: true }).click();
    await page.getByRole('link', { name: /Degree certificate/ }).click();
    await page.getByText('The content is unchanged').waitFor();
  });

  it('the citizen shows it, and an inspector finds it valid and has the check recorded', async () => {
    const code = await people.showCode(citizen);
    await examine(citizen, 'wallet-show');
    const { page } = inspector;
    await inspector.go('/inspect');
    await examine(inspector, 'inspect-scan');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await examine(inspector, 'inspect-sign-in');
    await people.signInAs(inspector, 'Sample inspector');
    expect(await people.inspectText(inspector, code)).toEqual({ outcome: 'valid', failed: '' });
    const proven = page.locator('[data-proof="proven"]');
    const age = Number(await proven.getAttribute('data-proof-age'));
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThanOrEqual(120);
    await page.getByText('The check is recorded.').waitFor();
    await examine(inspector, 'inspect-valid');
    await people.next(inspector);
    await page.getByRole('link', { name: 'Records' }).click();
    await page.locator('.certificate-card .badge--valid').first().waitFor();
    await examine(inspector, 'inspect-records');
    await page.getByRole('link', { name: 'Check', exact: true }).click();
  });

  it('the QR code as a picture gives the same', async () => {
    await people.freshCode(citizen);
    const picture = await citizen.page.locator('svg.qr').screenshot();
    const { page } = inspector;
    await page.locator('input[type=file]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
    expect(await people.outcomeOf(page)).toEqual({ outcome: 'valid', failed: '' });
    await page.getByText('The check is recorded.').waitFor();
    await people.next(inspector);
  });

  it('an altered document is refused, and the check is named', async () => {
    const altered = await republish(phrase, await people.freshCode(citizen), (presentation) => {
      const text = new TextDecoder().decode(bytesFromBase64url(presentation.document));
      return { ...presentation, document: base64urlFromBytes(new TextEncoder().encode(text.replace(/"level":"\w+"/, '"level":"doctor"'))) };
    });
    const { page } = inspector;
    expect(await people.inspectText(inspector, altered)).toEqual({ outcome: 'refused', failed: 'content-unaltered' });
    await page.getByText('The document is unchanged').first().waitFor();
    await examine(inspector, 'inspect-refused');
    await people.next(inspector);
  });

  it('a code that somebody else has signed is refused', async () => {
    const thief = keysFromPhrase('legal winner thank year wave sausage worth useful legal winner thank yellow');
    const stolen = await republish(phrase, await people.freshCode(citizen), async (presentation) => {
      const bytes = bytesFromBase64url(presentation.document);
      const document = parseDocument(bytes);
      if (!document) throw new Error('no document');
      const made = await makePresentation({
        domain: { chainId: 7103, verifyingContract: CERTIFICATE_REGISTRY },
        chain: 'degree',
        document,
        bytes,
        now: presentation.presentedAt,
        sign: (data) => thief.account.signTypedData(data),
      });
      return made.presentation;
    });
    expect(await people.inspectText(inspector, stolen)).toEqual({ outcome: 'refused', failed: 'presented-by-holder' });
    await people.next(inspector);
  });

  it('a code that nobody left is refused as stale', async () => {
    const unknown = `${CITY}/inspect#P.${'A'.repeat(22)}.${'A'.repeat(43)}`;
    expect(await people.inspectText(inspector, unknown)).toEqual({ outcome: 'refused', failed: 'presentation-opened' });
    await people.next(inspector);
  });

  it('suspended, then resumed', async () => {
    const { page } = clerk;
    await page.getByRole('link', { name: 'Open the certificate' }).click();
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    await examine(clerk, 'desk-certificate');
    await people.change(clerk, 'Suspend', () => examineDialog(clerk, 'desk-suspend'));
    expect((await people.inspectText(inspector, await people.freshCode(citizen))).outcome).toBe('suspended');
    await examine(inspector, 'inspect-suspended');
    await people.next(inspector);
    await people.change(clerk, 'Resume', () => examineDialog(clerk, 'desk-resume'));
    expect((await people.inspectText(inspector, await people.freshCode(citizen))).outcome).toBe('valid');
    await people.next(inspector);
  });

  it('renewed: the new one is valid, the old one says that it was replaced', async () => {
    const { page } = clerk;
    await page.getByRole('link', { name: 'Renew', exact: true }).click();
    await page.getByRole('heading', { name: 'Renew a certificate' }).waitFor();
    await page.getByRole('button', { name: 'Fill in sample answers' }).click();
    await page.getByRole('button', { name: 'Seal, sign and renew' }).click();
    await page.getByText('The certificate is issued.').waitFor();
    await citizen.page.getByRole('link', { name: 'Certificates' }).click();
    await citizen.page.getByText('Renewed').waitFor();
    await examine(citizen, 'wallet-certificates');
    await citizen.page.getByRole('link', { name: /Renewed/ }).click();
    await citizen.page.getByText('A newer certificate has taken the place of this one.').waitFor();
    await citizen.page.getByRole('link', { name: 'Open the new certificate' }).click();
    expect((await people.inspectText(inspector, await people.showCode(citizen))).outcome).toBe('valid');
    await people.next(inspector);
  });

  it('revoked: inspected again, it says so at once', async () => {
    const { page } = clerk;
    await page.getByRole('link', { name: 'Open the certificate' }).click();
    await people.speak(clerk, '中文');
    await page.getByRole('button', { name: '撤销', exact: true }).click();
    await examineDialog(clerk, 'desk-revoke-zh');
    await page.getByRole('button', { name: '取消' }).click();
    await people.speak(clerk, 'English');
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByLabel('Reason').selectOption({ label: 'The right has been withdrawn' });
    await examineDialog(clerk, 'desk-revoke-en');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('Done. Recorded in block', { exact: false }).waitFor();
    expect((await people.inspectText(inspector, await people.freshCode(citizen))).outcome).toBe('revoked');
    await inspector.page.getByText('The check is recorded.').waitFor();
    await examine(inspector, 'inspect-revoked');
    await people.next(inspector);
    await page.getByRole('link', { name: 'Certificates', exact: true }).click();
    await examine(clerk, 'desk-certificates');
  });

  it('an office refuses, and whoever asked reads why', async () => {
    const stranger = await Person.arrive(browser, 'stranger', { size: 'phone' });
    const { page } = stranger;
    const name = `Wang Fang ${ACCOUNT.slice(-4)}`;
    await stranger.go('/wallet');
    await people.makeKeys(stranger);
    await people.register(stranger, name, `${ACCOUNT}-no`);
    await registrar.page.getByRole('button', { name: 'Refresh' }).click();
    const applicant = registrar.page.getByRole('article', { name });
    await applicant.getByRole('button', { name: 'Do not confirm' }).click();
    await people.refuse(registrar, 'The papers name another person.', () => examineDialog(registrar, 'desk-registration-reject'));
    await registrar.page.getByText(`${name} is not confirmed.`).waitFor();
    await applicant.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'The office has not confirmed you' }).waitFor();
    await page.getByText('The office says: The papers name another person.').waitFor();
    await examine(stranger, 'wallet-rejected');

    await people.apply(citizen, 'Degree certificate');
    await clerk.page.getByRole('link', { name: 'Applications' }).click();
    await clerk.page.getByRole('link', { name: 'Open', exact: true }).first().click();
    await clerk.page.getByRole('button', { name: 'Reject the application' }).click();
    await people.refuse(clerk, 'The number is of no student here.', () => examineDialog(clerk, 'desk-application-reject'));
    await citizen.page.getByText('Rejected', { exact: true }).waitFor();
    await citizen.page.getByText('The office says: The number is of no student here.').waitFor();
    await examine(citizen, 'wallet-application-rejected');

    await page.getByRole('link', { name: 'Identity' }).click();
    await people.speak(stranger, '中文');
    await page.getByRole('button', { name: '从本设备移除' }).click();
    await examineDialog(stranger, 'wallet-remove-zh');
    await page.getByRole('button', { name: '取消' }).click();
    await people.speak(stranger, 'English');
    await page.getByRole('button', { name: 'Remove from this device' }).click();
    await examineDialog(stranger, 'wallet-remove-en');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove the keys' }).click();
    await page.getByRole('heading', { name: 'Your keys' }).waitFor();
    await stranger.leave();
  });

  it('a lost phone: the words bring everything back on another device', async () => {
    const { page } = citizen;
    await page.getByRole('link', { name: 'Identity' }).click();
    await page.getByText('on the main chain', { exact: false }).waitFor();
    await examine(citizen, 'wallet-identity');
    await page.getByRole('button', { name: 'Lock', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Unlock' }).waitFor();
    await examine(citizen, 'wallet-locked');
    await page.getByLabel('Passphrase').fill('not the passphrase');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('This is not the passphrase of this device.').waitFor();

    const other = await Person.arrive(browser, 'new phone', { size: 'phone' });
    await other.go('/wallet');
    await other.page.getByRole('button', { name: 'Recover from twelve words' }).click();
    await other.page.getByLabel('Twelve words', { exact: true }).fill(phrase);
    await other.page.getByRole('button', { name: 'Continue' }).click();
    await people.protect(other.page);
    await other.page.getByText('Revoked').waitFor();
    await other.page.getByText('Renewed').waitFor();
    expect(other.complaints).toEqual([]);
    await other.leave();
  });

  it('a lost phone without the words: an office binds new keys', async () => {
    const other = await Person.arrive(browser, 'newest phone', { size: 'phone' });
    await other.go('/wallet');
    await people.makeKeys(other);
    await people.register(other, NAME, `${ACCOUNT}-new`, ACCOUNT);
    await other.page.getByRole('heading', { name: 'Waiting for the office to replace your keys' }).waitFor();
    await examine(other, 'wallet-recovering');
    const lost = registrar.page.getByRole('article', { name: NAME });
    await lost.getByText('The keys are lost', { exact: false }).waitFor();
    await examine(registrar, 'desk-recovering');
    await lost.getByRole('button', { name: 'Replace the keys' }).click();
    await registrar.page.getByText(`The keys of ${NAME} are replaced.`, { exact: false }).waitFor();
    await other.page.getByText('You have no certificates yet.').waitFor();
    expect(other.complaints).toEqual([]);
    await other.leave();
  });

  it('nothing complained on the way', () => {
    for (const person of [citizen, registrar, clerk, inspector]) expect(person.complaints, person.name).toEqual([]);
  });
});
