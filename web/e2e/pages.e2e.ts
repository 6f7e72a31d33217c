/** Pages that need no story: the start page, the interface, a wallet and a desk in a browser with nothing in it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { accessibilityProblems, CITY, launch, overflow, PATIENCE_MS, Person, SIZES } from './browser';
import { examine } from './check';
import * as people from './people';

let browser: Browser;
let visitor: Person;

beforeAll(async () => {
  browser = await launch();
  visitor = await Person.arrive(browser, 'visitor');
});

afterAll(async () => {
  await browser.close();
});

describe('pages', () => {
  it('start: three doors, a fourth to the alliance that the city watches, and every chain', async () => {
    const { page } = visitor;
    await visitor.go('/');
    await page.getByText('Answers', { exact: true }).first().waitFor();
    await expect.poll(() => page.locator('.door').count(), { timeout: PATIENCE_MS }).toBe(4);
    expect(await page.getByText('Answers', { exact: true }).count()).toBe(6);
    await examine(visitor, 'start');
  });

  it('docs: every operation of /openapi.json', async () => {
    const { page } = visitor;
    await visitor.go('/docs');
    await page.locator('.operation').first().waitFor();
    const document = (await (await fetch(`${CITY}/openapi.json`)).json()) as { paths: Record<string, object> };
    const methods = Object.values(document.paths).flatMap((item) => Object.keys(item).filter((key) => /^(get|post|put|delete)$/.test(key)));
    expect(await page.locator('.operation').count()).toBe(methods.length);
    expect(await page.locator('.operation pre').count()).toBe(0);
    // All of them are looked at once, and a group of them in both languages and at both sizes: they are made of the same parts.
    expect.soft(await accessibilityProblems(page), 'docs, all').toEqual([]);
    await page.getByRole('searchbox', { name: 'Search' }).fill('/v1/certificates');
    await expect.poll(() => page.locator('.operation').count(), { timeout: PATIENCE_MS }).toBeLessThan(methods.length);
    await page.locator('.operation summary').first().click();
    await page.locator('.operation pre').first().waitFor();
    await examine(visitor, 'docs');
    await page.getByRole('searchbox', { name: 'Search' }).fill('nothing is called like this');
    await page.getByText('Nothing matches.').waitFor();
  });

  it('pages that the gateway writes itself: the interface as plain HTML, and what a problem means', async () => {
    const { page } = visitor;
    for (const [path, title] of [
      ['/docs/plain', 'The interface of the city'],
      ['/problems/role-required', /\.$/],
    ] as const) {
      await page.goto(`${CITY}${path}`);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect.soft(await accessibilityProblems(page), path).toEqual([]);
      await page.setViewportSize(SIZES.phone);
      expect.soft(await overflow(page), `${path} scrolls sideways on a phone`).toBeLessThanOrEqual(0);
      await page.setViewportSize(SIZES.desktop);
    }
  });

  it('scripts come compressed as the build left them, so that no page waits for the server to do it', async () => {
    const page = await (await fetch(`${CITY}/wallet`)).text();
    const scripts = [...page.matchAll(/src="(\/assets\/[^"]+\.js)"/g)].map((found) => found[1] ?? '');
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const answer = await fetch(`${CITY}${script}`, { headers: { 'accept-encoding': 'gzip, br' } });
      const { length } = await answer.text();
      // Those below a kilobyte are as they are.
      if (length >= 1024) expect(answer.headers.get('content-encoding'), script).toBe('br');
    }
  });

  it('the language is remembered, and chosen by the browser at first', async () => {
    const chinese = await Person.arrive(browser, 'Chinese visitor', { language: 'zh' });
    await chinese.go('/');
    await chinese.page.locator('html[lang="zh-Hans"]').waitFor();
    await chinese.page.getByRole('button', { name: 'English' }).click();
    await chinese.page.reload();
    await chinese.page.locator('html[lang="en"]').waitFor();
    await chinese.leave();
  });

  it('the keyboard reaches everything, beginning with the way past the header', async () => {
    const { page } = visitor;
    await visitor.go('/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toBe('/wallet');
  });

  it('wallet: the phrase is shown, checked, and wrong words are named', async () => {
    const { page } = visitor;
    await visitor.go('/wallet');
    await page.getByRole('button', { name: 'Make new keys' }).click();
    await examine(visitor, 'wallet-phrase');
    await page.getByText('I have written the words down.').click();
    await page.getByRole('button', { name: 'Continue' }).click();
    for (const field of await page.getByLabel(/^Word \d+$/).all()) await field.fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('This is another word.', { exact: false }).first().waitFor();
    await examine(visitor, 'wallet-confirm');
    await page.reload();
    await page.getByRole('button', { name: 'Recover from twelve words' }).click();
    await page.getByLabel('Twelve words', { exact: true }).fill('test tset test test test test test test test test test junk');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Not in the list of words: tset.', { exact: false }).waitFor();
    await examine(visitor, 'wallet-recover');
    await page.getByLabel('Twelve words', { exact: true }).fill('legal winner thank year wave sausage worth useful legal winner thank yellow');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Passphrase', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Lock the keys with it' }).click();
    await page.getByText('Use at least 10 characters.').waitFor();
    await examine(visitor, 'wallet-protect');
  });

  it('desk: a key of this browser that no organization has authorized', async () => {
    const { page } = visitor;
    await visitor.go('/desk');
    await page.getByRole('button', { name: 'Use a key in this browser' }).click();
    await people.makeKeys(visitor);
    await page.getByRole('heading', { name: 'This key has no place at this desk' }).waitFor();
    await examine(visitor, 'desk-no-role');
  });

  it('inspector: what is no code is not taken for one', async () => {
    const { page } = visitor;
    await visitor.go('/inspect');
    await page.getByText('Enter the code as text').click();
    await page.getByLabel('Code', { exact: true }).fill('https://elsewhere.example/');
    await page.getByRole('button', { name: 'Check this code' }).click();
    await page.getByText('This is not a code of a certificate.').waitFor();
    await page.locator('input[type=file]').setInputFiles({ name: 'page.png', mimeType: 'image/png', buffer: await page.screenshot() });
    await page.getByText('There is no code in this picture.').waitFor();
    await examine(visitor, 'inspect-no-code');
  });

  it('nothing complained on the way', () => {
    expect(visitor.complaints).toEqual([]);
  });
});
