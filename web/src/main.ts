/**
 * One entry for all pages: the path decides which app is loaded, so a phone that opens the wallet gets the wallet alone.
 * Every page has its own index.html for its title and its manifest.
 */
const APPS = {
  '': () => import('./apps/start/start'),
  desk: () => import('./apps/desk/desk'),
  wallet: () => import('./apps/wallet/wallet'),
  inspect: () => import('./apps/inspect/inspect'),
  docs: () => import('./apps/docs/docs'),
  alliance: () => import('./apps/alliance/alliance'),
  portal: () => import('./apps/portal/portal'),
};

const first = location.pathname.split('/')[1] ?? '';
const load = first in APPS ? APPS[first as keyof typeof APPS] : APPS[''];

const [app, { mount }] = await Promise.all([load(), import('./mount')]);
await mount(app.default);

export {};
