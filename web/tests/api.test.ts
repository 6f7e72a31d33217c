// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { api, ProblemError, UnreachableError } from '../src/api/client';
import { explain } from '../src/api/explain';
import { fill, type TextKey } from '../src/i18n/language';
import english from '../src/i18n/en.json';
import chinese from '../src/i18n/zh.json';
import { SealError } from '../src/protocol/sealing';

const texts: Record<string, string> = chinese;
const words = {
  t: (key: TextKey, parameters?: Record<string, string | number>) => fill(texts[key] ?? '', parameters),
  optional: (key: string, parameters?: Record<string, string | number>) =>
    texts[key] === undefined ? undefined : fill(texts[key], parameters),
};

const answer = (status: number, body: unknown): void => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
};

const problem = (status: number, code: string, more: object = {}): object => ({
  type: `/problems/${code}`,
  title: 'English title',
  status,
  detail: 'a particular',
  instance: 'urn:uuid:1',
  code,
  remedy: 'English remedy',
  ...more,
});

afterEach(() => vi.unstubAllGlobals());

describe('the client', () => {
  it('keeps what the gateway says of a problem', async () => {
    answer(409, problem(409, 'stale-revision', { expected: 1, actual: 0 }));
    const error: unknown = await api.certificate('0x1').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).problem).toMatchObject({ code: 'stale-revision', expected: 1, actual: 0, status: 409 });
  });

  it('tells silence from an answer: neither a lost connection nor garbage is a statement', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
    await expect(api.certificate('0x1')).rejects.toBeInstanceOf(UnreachableError);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>proxy error</html>', { status: 200 })));
    await expect(api.certificate('0x1')).rejects.toBeInstanceOf(UnreachableError);
  });

  it('reads a degraded health like a good one', async () => {
    answer(503, { status: 'degraded', chains: { main: { height: null } }, database: 'ok' });
    expect((await api.health()).chains).toEqual({ main: { height: null } });
  });

  it('reads a list to its end', async () => {
    const pages = [{ items: [1, 2], nextCursor: 'x' }, { items: [3] }];
    const asked: string[] = [];
    vi.stubGlobal('fetch', (url: URL) => {
      asked.push(url.searchParams.get('cursor') ?? '');
      return Promise.resolve(new Response(JSON.stringify(pages[asked.length - 1])));
    });
    expect(await api.inspections({ token: 't' })).toEqual([1, 2, 3]);
    expect(asked).toEqual(['', 'x']);
  });
});

describe('explanations', () => {
  it('are in the reader\'s language, with the remedy and what the problem names', () => {
    const error = new ProblemError(problem(403, 'role-required', { required: ['issuer', 'operator'] }) as never);
    expect(explain(error, words)).toMatchObject({
      title: chinese['problem.role-required.title'],
      detail: 'a particular',
      remedy: fill(chinese['problem.role-required.remedy'], { required: 'issuer, operator' }),
    });
  });

  it('fall back to the words of the gateway for a code that this page does not know', () => {
    const error = new ProblemError(problem(400, 'from-the-future') as never);
    expect(explain(error, words)).toMatchObject({ title: 'English title', remedy: 'English remedy' });
  });

  it('give the reference of what is not the reader\'s fault', () => {
    const error = new ProblemError(problem(500, 'internal') as never);
    expect(explain(error, words)).toMatchObject({ reference: 'urn:uuid:1', tone: 'danger' });
  });

  it('exist for silence, for seals and for what nobody expected', () => {
    expect(explain(new UnreachableError(), words).title).toBe(chinese['error.unreachable.title']);
    expect(explain(new SealError('damaged'), words).title).toBe(chinese['seal.damaged']);
    expect(explain(new Error('?'), words).title).toBe(chinese['error.unexpected.title']);
  });

  it('exist for every problem that the gateway documents as a person can meet it', () => {
    const known = Object.keys(english).filter((key) => key.startsWith('problem.') && key.endsWith('.title'));
    expect(known.length).toBeGreaterThan(30);
    for (const title of known) expect(english).toHaveProperty([title.replace(/title$/, 'remedy')]);
  });
});
