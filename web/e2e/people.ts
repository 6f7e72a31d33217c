/** What people do, in words: each step is made of clicks and keys as a person makes them. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { PATIENCE_MS, type Person } from './browser';

export const PASSPHRASE = 'a long enough passphrase';

const button = (page: Page, name: string | RegExp): ReturnType<Page['getByRole']> =>
  page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

/** Makes keys; returns the phrase as it was shown. */
export async function makeKeys({ page }: Person): Promise<string> {
  await button(page, 'Make new keys').click();
  const words = await page.locator('ol.phrase li').allTextContents();
  expect(words).toHaveLength(12);
  await page.getByText('I have written the words down.').click();
  await button(page, 'Continue').click();
  await confirmWords(page, words);
  await protect(page);
  return words.join(' ');
}

export async function confirmWords(page: Page, words: string[]): Promise<void> {
  const fields = page.getByLabel(/^Word \d+$/);
  await fields.first().waitFor();
  for (const field of await fields.all()) {
    const label = (await field.getAttribute('aria-labelledby')) ?? '';
    const text = await page.locator(`[id="${label.split(' ')[0] ?? ''}"]`).textContent();
    await field.fill(words[Number(/\d+/.exec(text ?? '')?.[0]) - 1] ?? '');
  }
  await button(page, 'Continue').click();
}

export async function protect(page: Page): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByLabel('Passphrase once more').fill(PASSPHRASE);
  await button(page, 'Lock the keys with it').click();
}

/** A number for the holder of an account: nobody may register twice in one city, and each test file brings its own person. */
function documentNumber(account: string): string {
  let digits = 7;
  for (const letter of account) digits = (digits * 31 + letter.charCodeAt(0)) % 100_000_007;
  return `4403001990${digits.toString().padStart(8, '0').slice(0, 8)}`;
}

/** `lost`: the account of the same person before, whose keys and words are lost. */
export async function register({ page }: Person, name: string, account: string, lost?: string): Promise<void> {
  await page.getByRole('heading', { name: 'Register with your real name' }).waitFor();
  await page.getByLabel('Full name').fill(name);
  await page.getByLabel('Unit', { exact: true }).fill('Riverside University');
  await page.getByLabel('City', { exact: true }).fill('Shenzhen');
  await page.getByLabel('Country').selectOption('CN');
  await page.getByLabel(/^Number of your identity document/).fill(documentNumber(lost ?? account));
  await page.getByLabel(/^Date of birth/).fill('1990-01-01');
  await page.getByLabel('Account name').fill(account);
  if (lost !== undefined) await page.getByText('have lost my keys and the twelve words', { exact: false }).click();
  await button(page, 'Register').click();
  await page.getByRole('heading', { name: 'Waiting for the office' }).waitFor();
}

export async function signInAs({ page }: Person, sample: string): Promise<void> {
  await button(page, sample).click();
  await button(page, 'Sign out').waitFor();
}

export async function apply({ page }: Person, kind: string): Promise<void> {
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByRole('link', { name: 'Apply', exact: true }).click();
  await page.getByRole('link', { name: kind }).click();
  await button(page, 'Fill in sample answers').click();
  await button(page, 'Send the application').click();
  await page.getByText('With the office').waitFor();
}

/** Issues the first application that waits. */
export async function issueFirst({ page }: Person): Promise<void> {
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByRole('link', { name: 'Open', exact: true }).first().click();
  await page.getByRole('link', { name: 'Prepare the certificate' }).click();
  await button(page, 'Fill in sample answers').click();
  await button(page, 'Seal, sign and issue').click();
  await page.getByText('The certificate is issued.').waitFor();
}

/** The code that the open certificate's page shows. */
export async function showCode({ page }: Person): Promise<string> {
  await page.getByRole('link', { name: 'Show the code' }).click();
  await page.getByRole('img', { name: 'QR code for the inspector' }).waitFor();
  const text = await page.getByTestId('presentation-code').textContent();
  expect(text).toMatch(/\/inspect#P\.[\w-]{22}\.[\w-]{43}$/);
  return text ?? '';
}

/** Pastes a code; returns the outcome and the check that failed, as the page marks them. */
export async function inspectText({ page }: Person, code: string): Promise<{ outcome: string; failed: string }> {
  const paste = page.getByText('Enter the code as text');
  const field = page.getByLabel('Code', { exact: true });
  if (!(await field.isVisible())) await paste.click();
  await field.fill(code);
  await button(page, 'Check this code').click();
  return outcomeOf(page);
}

export async function outcomeOf(page: Page): Promise<{ outcome: string; failed: string }> {
  const banner = page.locator('[data-outcome]');
  await banner.waitFor();
  return {
    outcome: (await banner.getAttribute('data-outcome')) ?? '',
    failed: (await banner.getAttribute('data-failed')) ?? '',
  };
}

export async function next({ page }: Person): Promise<void> {
  await button(page, 'Check another').click();
}

/** Asks for another code on the page that shows one, and waits until it is another. */
export async function freshCode({ page }: Person): Promise<string> {
  const code = page.getByTestId('presentation-code');
  const before = await code.textContent();
  await button(page, 'New code').click();
  await expect.poll(async () => ((await code.count()) === 0 ? before : await code.textContent()), { timeout: PATIENCE_MS }).not.toBe(before);
  return (await code.textContent()) ?? '';
}

/** Changes the status of the certificate that is open at the desk; `look` is taken at the question before it is answered. */
export async function change({ page }: Person, name: 'Suspend' | 'Resume', look: () => Promise<void>): Promise<void> {
  await button(page, name).click();
  const answer = page.getByRole('alertdialog').getByRole('button', { name, exact: true });
  await answer.waitFor();
  await look();
  await answer.click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  await button(page, name === 'Suspend' ? 'Resume' : 'Suspend').waitFor();
}

/** Refuses in the dialog that is open, which asks for a reason first; `look` is taken at it while it does. */
export async function refuse({ page }: Person, reason: string, look: () => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog');
  const reject = dialog.getByRole('button', { name: 'Reject', exact: true });
  await reject.click();
  await dialog.getByText('Please fill this in.').waitFor();
  await look();
  await dialog.getByLabel('Reason').fill(reason);
  await reject.click();
  await dialog.waitFor({ state: 'detached' });
}

export async function speak({ page }: Person, language: 'English' | '中文'): Promise<void> {
  await button(page, language).click();
  await page.locator(`html[lang="${language === '中文' ? 'zh-Hans' : 'en'}"]`).waitFor();
}
