/**
 * A browser against a running city. Whatever a page complains about (an error in the console, a violation of the content security
 * policy, a request to elsewhere) fails the run.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page, type Request } from 'playwright-core';

export const CITY = (process.env.CHANCERY_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const SCREENSHOTS = process.env.SCREENSHOTS;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Longest that an expected thing may take to appear. Only a failure waits for it: machines that do other things too take their time. */
export const PATIENCE_MS = 120_000;

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;
export type Size = keyof typeof SIZES;

export async function launch(more: string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** One person at one screen. */
export class Person {
  readonly complaints: string[] = [];
  /** What was asked of a server and is not there yet, and since when. */
  readonly #open = new Map<Request, number>();

  private constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly page: Page,
    /** Where this person reaches the city. */
    private readonly origin: string,
  ) {}

  static async arrive(
    browser: Browser,
    name: string,
    options: { size?: Size; language?: 'en' | 'zh'; camera?: boolean; origin?: string } = {},
  ): Promise<Person> {
    const size = options.size ?? 'desktop';
    const context = await browser.newContext({
      viewport: SIZES[size],
      locale: options.language === 'zh' ? 'zh-CN' : 'en-GB',
      hasTouch: size === 'phone',
      reducedMotion: 'reduce',
      permissions: options.camera ? ['camera'] : [],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(name, context, page, options.origin ?? CITY);
    person.#listen();
    return person;
  }

  #listen(): void {
    this.page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // Chromium writes each answer above 399 to the console; those that belong to the story are checked on the page.
      if (/Failed to load resource: the server responded with a status of (401|403|404|409|503)/.test(message.text())) return;
      this.complaints.push(`console ${message.type()}: ${message.text()}`);
    });
    this.page.on('pageerror', (error) => this.complaints.push(`page error: ${error.message}`));
    this.page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.origin) && !/^(blob|data):/.test(url)) this.complaints.push(`request to elsewhere: ${url}`);
      this.#open.set(request, Date.now());
    });
    this.page.on('requestfinished', (request) => this.#open.delete(request));
    this.page.on('requestfailed', (request) => this.#open.delete(request));
  }

  async go(path: string): Promise<void> {
    await this.page.goto(`${this.origin}${path}`);
    try {
      await this.page.locator('#main').waitFor();
      // Not while it loads.
      await this.page.locator('h1').first().waitFor();
    } catch (cause) {
      throw new Error(`${this.name} sees no page at ${path}: ${await this.#standing()}`, { cause });
    }
  }

  /** Why nothing is there, as far as that can be seen from outside. */
  async #standing(): Promise<string> {
    const open = [...this.#open].map(([request, since]) => `${request.url()} open for ${String(Date.now() - since)} ms`);
    const seen = this.page.evaluate(
      () =>
        `${document.readyState}, ${document.visibilityState}, ${document.getElementById('app')?.textContent.slice(0, 300) ?? ''}; taken: ${performance
          .getEntriesByType('resource')
          .map((entry) => `${entry.name.split('/').pop() ?? ''} ${entry.duration.toFixed(0)} ms`)
          .join(', ')}`,
    );
    const unanswered = new Promise<string>((resolve) => setTimeout(() => resolve('the page does not answer'), 5_000));
    return [...this.complaints, ...open, await Promise.race([seen, unanswered])].join('\n');
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[];
}

/** What axe-core finds wrong with the page as it stands: WCAG 2.2 A and AA and its best practices. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Through the debugger, which the page's policy does not bind: the page itself stays as strict as it is.
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axeSource);
  const result = await page.evaluate<AxeResult>(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })',
  );
  return result.violations.flatMap((violation) =>
    violation.nodes.map(
      (node) => `${violation.id}: ${violation.help} at ${JSON.stringify(node.target)} ${node.failureSummary ?? ''}`,
    ),
  );
}

/** Nothing may stand beside the page: a phone must not scroll sideways. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined || SCREENSHOTS === '') return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
