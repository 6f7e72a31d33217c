/**
 * The service worker of the inspector's page: with it the page opens without a network. It keeps exactly the files of one build, under the build's name, and
 * answers nothing of the gateway's: what is not a file of the page goes to the network or fails.
 */
export {};

/** Put here by the build (vite.config.ts): the files, and a name that changes with any of them. */
declare const __OFFLINE__: { readonly version: string; readonly files: readonly string[] };

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listen: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void;
}

const PAGE = '/inspect';
/** How long the network may take for the page: a network that answers nothing is none. */
const PATIENCE_MS = 3_000;
/** The first status that says that the server cannot. */
const FAILING = 500;
const PREFIX = 'chancery-inspect-';
const { version, files } = __OFFLINE__;
const kept = new Set(files);
const worker = globalThis as unknown as Worker;

worker.addEventListener('install', (event) => {
  event.waitUntil(keep().then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (kept.has(url.pathname)) event.respondWith(file(url.pathname, request));
});

async function keep(): Promise<void> {
  const cache = await caches.open(PREFIX + version);
  await cache.addAll(files.map((path) => new Request(path, { cache: 'reload', credentials: 'omit' })));
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + version).map((name) => caches.delete(name)));
}

/** The newest page where the network gives it in time; the kept one where it does not answer, answers late, or answers that it cannot. */
async function page(request: Request): Promise<Response> {
  const network = fetch(request).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  const first = await Promise.race([network, late()]);
  if (first !== 'late' && 'answer' in first && first.answer.status < FAILING) return first.answer;
  const own = await found(PAGE);
  if (own) return own;
  const last = await network;
  if ('answer' in last) return last.answer;
  throw last.error instanceof Error ? last.error : new Error('the page is not kept');
}

function late(): Promise<'late'> {
  return new Promise((resolve) => setTimeout(() => resolve('late'), PATIENCE_MS));
}

async function file(path: string, request: Request): Promise<Response> {
  return (await found(path)) ?? fetch(request);
}

async function found(path: string): Promise<Response | undefined> {
  const cache = await caches.open(PREFIX + version);
  return cache.match(path);
}
