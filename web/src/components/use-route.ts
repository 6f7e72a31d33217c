import { useSyncExternalStore } from 'react';

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

/**
 * Where in an app the person is: what stands behind `#/`, split at slashes. Kept in the address, so that back, forward and
 * reload do what they should, without asking the server to know the pages of an app.
 */
export function useRoute(): string[] {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return hash.startsWith('#/') ? hash.slice(2).split('/').filter(Boolean).map(decodeURIComponent) : [];
}

export function go(...path: string[]): void {
  location.hash = `#/${path.map(encodeURIComponent).join('/')}`;
  scrollTo(0, 0);
}

export function href(...path: string[]): string {
  return `#/${path.map(encodeURIComponent).join('/')}`;
}
