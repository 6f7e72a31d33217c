import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// The page opens without a network, and what is not the page is never answered from the past.

type Listener = (event: { waitUntil: (work: Promise<unknown>) => void; respondWith?: (answer: Promise<Response>) => void; request?: unknown }) => void;

const ORIGIN = 'https://city.example';
const listeners = new Map<string, Listener>();
let stores: Map<string, Map<string, Response>>;
let network: (path: string) => Promise<Response>;

const pathOf = (request: Request | string): string => new URL(typeof request === 'string' ? request : request.url, ORIGIN).pathname;

beforeEach(async () => {
  listeners.clear();
  stores = new Map([
    ['chancery-inspect-old', new Map<string, Response>()],
    ['somebody-elses', new Map<string, Response>()],
  ]);
  network = (path) => Promise.resolve(new Response(`network ${path}`));
  vi.stubGlobal('__OFFLINE__', { version: 'v2', files: ['/inspect', '/assets/a.js'] });
  vi.stubGlobal('location', { origin: ORIGIN });
  vi.stubGlobal('Request', class {
    readonly url: string;
    constructor(path: string) {
      this.url = ORIGIN + path;
    }
  });
  vi.stubGlobal('fetch', (request: Request | string) => network(pathOf(request)));
  vi.stubGlobal('addEventListener', (type: string, listen: Listener) => listeners.set(type, listen));
  vi.stubGlobal('skipWaiting', () => Promise.resolve());
  vi.stubGlobal('clients', { claim: () => Promise.resolve() });
  vi.stubGlobal('caches', {
    open: (name: string) => {
      const store = stores.get(name) ?? new Map<string, Response>();
      stores.set(name, store);
      return Promise.resolve({
        addAll: async (requests: Request[]) => {
          for (const request of requests) store.set(pathOf(request), await network(pathOf(request)));
        },
        match: (path: string) => Promise.resolve(store.get(path)?.clone()),
      });
    },
    keys: () => Promise.resolve([...stores.keys()]),
    delete: (name: string) => Promise.resolve(stores.delete(name)),
  });
  vi.resetModules();
  await import('../src/offline/worker');
  await happen('install');
  await happen('activate');
});

afterEach(() => vi.unstubAllGlobals());

async function happen(type: string): Promise<void> {
  let work: Promise<unknown> = Promise.resolve();
  listeners.get(type)?.({ waitUntil: (given) => void (work = given) });
  await work;
}

async function asked(path: string, mode = 'cors', method = 'GET', origin = ORIGIN): Promise<string> {
  let answer: Promise<Response> | undefined;
  listeners.get('fetch')?.({
    waitUntil: () => undefined,
    request: { url: origin + path, mode, method },
    respondWith: (given) => void (answer = given),
  });
  if (!answer) return 'left to the browser';
  return answer.then((response) => response.text(), () => 'failed');
}

describe('the service worker', () => {
  it('keeps the files of its own build, and forgets those of builds before', () => {
    expect([...stores.keys()].sort()).toEqual(['chancery-inspect-v2', 'somebody-elses']);
    expect([...(stores.get('chancery-inspect-v2')?.keys() ?? [])]).toEqual(['/inspect', '/assets/a.js']);
  });

  it('opens the page without a network, and the newest one with it', async () => {
    network = (path) => Promise.resolve(new Response(`newer ${path}`));
    expect(await asked('/inspect', 'navigate')).toBe('newer /inspect');
    network = () => Promise.reject(new TypeError('no network'));
    expect(await asked('/inspect', 'navigate')).toBe('network /inspect');
    expect(await asked('/assets/a.js')).toBe('network /assets/a.js');
  });

  it('opens the kept page where the network answers late, or that it cannot', async () => {
    network = () => Promise.resolve(new Response('broken', { status: 502 }));
    expect(await asked('/inspect', 'navigate')).toBe('network /inspect');
    network = () => Promise.resolve(new Response('none', { status: 404 }));
    expect(await asked('/inspect', 'navigate')).toBe('none');
    vi.useFakeTimers();
    try {
      network = () => new Promise(() => undefined);
      const answer = asked('/inspect', 'navigate');
      await vi.advanceTimersByTimeAsync(2_999);
      expect(await Promise.race([answer, Promise.resolve('waits')])).toBe('waits');
      await vi.advanceTimersByTimeAsync(1);
      expect(await answer).toBe('network /inspect');
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits for a network that is late where the page is not kept, and passes on its failure', async () => {
    stores.clear();
    network = () => Promise.resolve(new Response('broken', { status: 503 }));
    expect(await asked('/inspect', 'navigate')).toBe('broken');
    network = () => Promise.reject(new TypeError('no network'));
    expect(await asked('/inspect', 'navigate')).toBe('failed');
  });

  it('answers nothing of the gateway, of others, or that changes something', async () => {
    expect(await asked('/v1/certificates/0x01')).toBe('left to the browser');
    expect(await asked('/assets/b.js')).toBe('left to the browser');
    expect(await asked('/inspect', 'navigate', 'POST')).toBe('left to the browser');
    expect(await asked('/assets/a.js', 'cors', 'GET', 'https://elsewhere.example')).toBe('left to the browser');
  });
});
