/** Has the inspector's page kept by the browser, so that it opens without a network. */
import { prepare } from './examining';

export type Kept = 'kept' | 'open-only';

/** @returns `open-only` where the browser keeps no pages: then it verifies as long as it stays open */
export async function keepPage(): Promise<Kept> {
  await prepare();
  // Absent where the page is not a secure context; a development server has no built worker.
  const container = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (!container || !import.meta.env.PROD) return 'open-only';
  try {
    await container.register('/offline.js', { scope: '/inspect', updateViaCache: 'none' });
    const registration = await container.getRegistration('/inspect');
    return registration ? await activated(registration) : 'open-only';
  } catch {
    return 'open-only';
  }
}

/** Waits for the installation that runs, which ends one way or the other. */
function activated(registration: ServiceWorkerRegistration): Promise<Kept> {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (!worker) return Promise.resolve('open-only');
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === 'activated') resolve('kept');
      else if (worker.state === 'redundant') resolve('open-only');
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
