/** Has the inspector's page kept by the browser, so that it opens without a network. */
import { prepare } from './examining';

/** `kept-loosely`: kept, but the browser may remove it when storage runs short. */
export type Kept = 'kept' | 'kept-loosely' | 'open-only';

/** @returns `open-only` where the browser keeps no pages: then it verifies as long as it stays open */
export async function keepPage(): Promise<Kept> {
  await prepare();
  // Absent where the page is not a secure context; a development server has no built worker.
  const container = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (!container || !import.meta.env.PROD) return 'open-only';
  try {
    await container.register('/offline.js', { scope: '/inspect', updateViaCache: 'none' });
  } catch {
    // Without a network, what was kept before is what counts.
  }
  const registration = await container.getRegistration('/inspect').catch(() => undefined);
  if (!registration || !(await isActivated(registration))) return 'open-only';
  return (await isPersistent()) ? 'kept' : 'kept-loosely';
}

/** Asks the browser not to remove page and trust when storage runs short. What is granted already is not asked for again. */
async function isPersistent(): Promise<boolean> {
  // Absent in older browsers.
  const storage = (navigator as { storage?: Partial<StorageManager> }).storage;
  try {
    return (await storage?.persisted?.()) === true || (await storage?.persist?.()) === true;
  } catch {
    return false;
  }
}

/** A worker that is active has the page, whatever becomes of a newer one; otherwise waits for the installation that runs, which ends one way or the other. */
function isActivated(registration: ServiceWorkerRegistration): Promise<boolean> {
  if (registration.active?.state === 'activated') return Promise.resolve(true);
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (!worker) return Promise.resolve(false);
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === 'activated') resolve(true);
      else if (worker.state === 'redundant') resolve(false);
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
