/**
 * A-MULTI: the page of an alliance, while `chancery demo alliance` tells its story beside the city. The story waits for Enter before each chapter but the first;
 * what it says goes to a file. Every wait here has an end: if the story stands still, a test fails and says how far it came.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { CITY, launch, PATIENCE_MS, Person } from './browser';
import { examine } from './check';

const STORY = process.env.ALLIANCE_STORY;
const ENTER = process.env.ALLIANCE_ENTER;
/** Longest that a chapter takes: some requests over three chains, beside a city. */
const CHAPTER_MS = 300_000;

const story = (): string => readFileSync(STORY ?? '', 'utf8');

/** An Enter for the story. The pipe is held open by whoever started the story, so that this waits for nobody. */
function pressEnter(): void {
  const pipe = openSync(ENTER ?? '', constants.O_WRONLY | constants.O_NONBLOCK);
  writeSync(pipe, '\n');
  closeSync(pipe);
}

async function told(text: string): Promise<void> {
  await expect.poll(() => (story().includes(text) ? text : story().slice(-2000)), { timeout: CHAPTER_MS, interval: 200 }).toBe(text);
}

let browser: Browser | undefined;
let visitor: Person;

const statuses = (): Promise<Record<string, string>> =>
  visitor.page
    .locator('.request-card')
    .evaluateAll((cards) => Object.fromEntries(cards.map((card) => [card.getAttribute('data-number') ?? '', card.getAttribute('data-status') ?? ''])));

/** The states of a member's five steps on the page of a request. */
const steps = (member: string): Promise<string[]> =>
  visitor.page
    .locator(`tr[data-member="${member}"] [data-state]`)
    .evaluateAll((marks) => marks.map((mark) => mark.getAttribute('data-state') ?? ''));

beforeAll(async () => {
  expect(STORY, 'run this with cargo xtask browser, which starts the alliance').toBeTruthy();
  const launched = await launch();
  browser = launched;
  visitor = await Person.arrive(launched, 'visitor of the alliance', { size: 'phone' });
});

afterAll(async () => {
  await browser?.close();
});

describe('an alliance', () => {
  it('shows its members before anything was asked of them', async () => {
    const { page } = visitor;
    await visitor.go('/alliance');
    for (const member of ['bank', 'land registry', 'tax office']) {
      await page.getByRole('row', { name: new RegExp(`^${member}`) }).waitFor({ timeout: PATIENCE_MS });
    }
    await page.locator('[data-connection="live"]').waitFor({ timeout: PATIENCE_MS });
    await page.getByText('There are no requests yet.').waitFor({ timeout: PATIENCE_MS });
    await examine(visitor, 'alliance-empty');
  });

  it('shows a mortgage on its way by itself, until it is applied on three chains', async () => {
    const { page } = visitor;
    pressEnter();
    const card = page.locator('.request-card[data-number="1"]');
    await card.waitFor({ timeout: CHAPTER_MS });
    await card.locator('.way [data-state="done"]').nth(4).waitFor({ timeout: PATIENCE_MS });
    await expect.poll(statuses, { timeout: PATIENCE_MS }).toEqual({ 1: 'committed' });
    await page.getByRole('link', { name: 'Request 1' }).click();
    for (const member of ['bank', 'land registry', 'tax office']) {
      await expect.poll(() => steps(member), { timeout: PATIENCE_MS, message: member }).toEqual(['done', 'done', 'done', 'done', 'done']);
    }
    await page.getByText('Nothing is left to do.').waitFor({ timeout: PATIENCE_MS });
    await page.locator('[data-endorsers="land registry"]').getByText('2 of 3; more than half is needed').waitFor({ timeout: PATIENCE_MS });
    // What was said before there was a number stays beside what is proven, in other words.
    const before = page.locator('[data-reported]');
    await before.getByText('Reported, not proven').waitFor({ timeout: PATIENCE_MS });
    await before.getByText('An endorser of land registry reports: it has endorsed.').first().waitFor({ timeout: PATIENCE_MS });
    await page.getByText('Final by proof').first().waitFor({ timeout: PATIENCE_MS });
    await examine(visitor, 'alliance-committed');
    await told('a second mortgage of parcel 7');
  });

  it('shows a stale request on the open page of its number as it is refused', async () => {
    const { page } = visitor;
    await page.getByRole('link', { name: 'All requests' }).click();
    pressEnter();
    await told('read again and asked again');
    await expect.poll(statuses, { timeout: PATIENCE_MS }).toEqual({ 1: 'committed', 2: 'committed', 3: 'aborted' });
    await page.getByRole('link', { name: 'Request 3' }).click();
    await page.getByText('land registry refused. It had read version 0, and version 1 stands there.').waitFor({ timeout: PATIENCE_MS });
    await page.locator('tr[data-member="land registry"] [data-step="reserve"] [data-state="failed"]').waitFor({ timeout: PATIENCE_MS });
    await examine(visitor, 'alliance-stale');
  });

  it('names what is missing of a lie that one node of three has signed', async () => {
    const { page } = visitor;
    await page.getByRole('link', { name: 'All requests' }).click();
    pressEnter();
    await told('lien of parcel 9: loan 9');
    // A lie that honest endorsers have declined never got a number: it is seen by their word alone.
    const lie = page.locator('[data-proposal]').filter({ hasText: 'An endorser of land registry reports: it has declined. The call writes something else.' });
    await lie.first().waitFor({ timeout: PATIENCE_MS });
    await page.getByRole('heading', { name: 'Before their number' }).waitFor({ timeout: PATIENCE_MS });
    await expect.poll(statuses, { timeout: PATIENCE_MS }).toMatchObject({ 4: 'invalid', 5: 'aborted', 6: 'committed' });
    await examine(visitor, 'alliance-requests');
    await page.getByRole('link', { name: 'Request 4' }).click();
    await page.locator('[data-endorsers="land registry"]').getByText('1 of 3; more than half is needed').waitFor({ timeout: PATIENCE_MS });
    await expect.poll(() => steps('land registry'), { timeout: PATIENCE_MS }).toEqual(['failed', 'failed', 'omitted', 'omitted', 'omitted']);
    await examine(visitor, 'alliance-invalid');
  });

  it('asks every few seconds where the stream does not come through', async () => {
    if (browser === undefined) throw new Error('there is no browser');
    const other = await Person.arrive(browser, 'visitor behind a proxy');
    await other.page.route('**/v1/alliance/events', (route) => route.abort());
    await other.go('/alliance');
    await other.page.locator('[data-connection="polling"]').waitFor({ timeout: PATIENCE_MS });
    await other.page.getByRole('link', { name: 'Request 6' }).waitFor({ timeout: PATIENCE_MS });
    await other.leave();
  });

  it('is the same over the interface, in pages', async () => {
    const newest = async (): Promise<{ items: { number: number }[]; nextCursor: string }> =>
      (await (await fetch(`${CITY}/v1/alliance/requests?limit=2`)).json()) as { items: { number: number }[]; nextCursor: string };
    await expect.poll(async () => (await newest()).items.map((item) => item.number), { timeout: PATIENCE_MS }).toEqual([6, 5]);
    const first = await newest();
    const next = (await (await fetch(`${CITY}/v1/alliance/requests?limit=10&cursor=${first.nextCursor}`)).json()) as { items: { number: number }[]; nextCursor?: string };
    expect(next.items.map((item) => item.number)).toEqual([4, 3, 2, 1]);
    expect(next.nextCursor).toBeUndefined();
  });

  it('nothing complained on the way', () => {
    expect(visitor.complaints).toEqual([]);
  });
});
