/** The portal of supervisors and operators (S-APP, S-SVC): pictures with their tables, reports, and what an operator configures. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch, PATIENCE_MS, Person } from './browser';
import { examine } from './check';

let browser: Browser;
let supervisor: Person;
let operator: Person;

beforeAll(async () => {
  browser = await launch();
  [supervisor, operator] = await Promise.all([Person.arrive(browser, 'supervisor'), Person.arrive(browser, 'operator')]);
});

afterAll(async () => {
  await browser.close();
});

async function signIn(person: Person, name: string): Promise<void> {
  await person.go('/portal');
  await person.page.getByRole('button', { name }).click();
  await person.page.getByRole('heading', { name: 'Overview' }).waitFor();
}

/** The link of the page's own navigation. */
async function open(person: Person, name: string): Promise<void> {
  await person.page.getByRole('navigation').getByRole('link', { name }).click();
  await person.page.getByRole('heading', { level: 1, name }).waitFor();
}

describe('portal', () => {
  it('nobody sees it without signing in', async () => {
    const visitor = await Person.arrive(browser, 'visitor');
    await visitor.go('/portal');
    await visitor.page.getByRole('button', { name: 'Sample supervisor' }).waitFor();
    expect(await visitor.page.getByRole('navigation').count()).toBe(0);
    await examine(visitor, 'portal-sign-in');
    await visitor.leave();
  });

  it('a supervisor sees what the city does, each number in a table, and each chain with whoever runs it', async () => {
    const { page } = supervisor;
    await signIn(supervisor, 'Sample supervisor');
    await page.locator('.chart').first().waitFor();
    expect(await page.locator('.chart').count()).toBe(6);
    await expect.poll(() => page.locator('.chain-card').count(), { timeout: PATIENCE_MS }).toBe(6);
    await page.getByText(/: connected$/).first().waitFor();
    for (const numbers of await page.locator('.chart__numbers').all()) {
      await numbers.locator('summary').click();
      expect(await numbers.locator('tbody tr').count()).toBeGreaterThan(0);
    }
    await examine(supervisor, 'portal-overview');
  });

  it('reports are looked at, taken as files, and printed without what belongs to the screen', async () => {
    const { page } = supervisor;
    await open(supervisor, 'Reports');
    await page.getByRole('button', { name: 'Make the report' }).click();
    await page.getByRole('heading', { name: 'Usage report' }).waitFor();
    await examine(supervisor, 'portal-usage');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Everything as JSON' }).click()]);
    const report = JSON.parse(await readFile(await file.path(), 'utf8')) as { standing: unknown };
    expect(report.standing).toBeInstanceOf(Array);
    const [openData] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Open data/ }).click()]);
    expect(await readFile(await openData.path(), 'utf8')).not.toContain('0x');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.header').isVisible()).toBe(false);
    expect(await page.getByRole('heading', { name: 'Usage report' }).isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await page.getByLabel('Report', { exact: true }).selectOption('audit');
    await page.getByRole('button', { name: 'Make the report' }).click();
    await page.getByRole('heading', { name: 'Audit report' }).waitFor();
    await examine(supervisor, 'portal-audit');
  });

  it('an operator withdraws a service after seeing what it does, and offers it again', async () => {
    const { page } = operator;
    await signIn(operator, 'Sample operator');
    await open(operator, 'Services');
    const service = page.locator('[data-service="sharing.find"]');
    await service.getByRole('button', { name: /^Withdraw/ }).click();
    await service.getByText('withdrawn').waitFor();
    await examine(operator, 'portal-services');
    await service.getByRole('button', { name: /^Do it/ }).click();
    await service.getByRole('button', { name: /^Offer again/ }).click();
    await service.getByRole('button', { name: /^Do it/ }).click();
    await service.getByRole('button', { name: /^Withdraw/ }).waitFor();
  });

  it('quotas are set after a dry run, and contracts are looked at', async () => {
    const { page } = operator;
    await open(operator, 'Quotas');
    await page.getByLabel('Operations a day').fill('100');
    await page.getByRole('button', { name: /^See what would change/ }).click();
    await page.getByText('This would change:').waitFor();
    await examine(operator, 'portal-quotas');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await open(operator, 'Contracts');
    await page.getByText('No contract was proposed on this chain.').or(page.locator('[data-release]').first()).waitFor();
    await examine(operator, 'portal-contracts');
  });

  it('a price is set, a bill is made of it, and the price is taken away again', async () => {
    await open(operator, 'Fees');
    await operator.page.getByLabel('Price', { exact: true }).fill('0.50');
    await operator.page.getByRole('button', { name: /^See what would change/ }).click();
    await operator.page.getByText('0.50 CNY instead of no price', { exact: false }).waitFor();
    await examine(operator, 'portal-fees');
    await operator.page.getByRole('button', { name: /^Do it/ }).click();
    const price = operator.page.locator('[data-subject="organizations"]');
    await price.getByText('0.50 CNY an inspection').waitFor();
    await open(supervisor, 'Reports');
    await supervisor.page.getByLabel('Report', { exact: true }).selectOption('bill');
    await supervisor.page.getByRole('button', { name: 'Make the report' }).click();
    await supervisor.page.getByRole('heading', { name: 'Bill of inspections' }).waitFor();
    await examine(supervisor, 'portal-bill');
    await price.getByRole('button', { name: /^Take away/ }).click();
    await price.getByRole('button', { name: /^Do it/ }).click();
    await operator.page.getByText('No price is set: inspections are free.').waitFor();
  });

  it('nothing complained on the way', () => {
    expect([...supervisor.complaints, ...operator.complaints]).toEqual([]);
  });
});
