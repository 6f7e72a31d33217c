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
  } catch {
    // Without a network, what was kept before is what counts.
  }
  const registration = await container.getRegistration('/inspect').catch(() => undefined);
  return registration ? activated(registration) : 'open-only';
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
