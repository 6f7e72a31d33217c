import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

const page = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// CHANCERY_URL lets `npm run dev` work against a running city.
const city = process.env.CHANCERY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // The client (sdk/typescript) is compiled with the apps, from its source.
  resolve: { conditions: ['chancery-source', ...defaultClientConditions] },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/v1', '/health', '/openapi.json', '/problems'].map((path) => [path, { target: city }]),
    ),
  },
  build: {
    // The content security policy allows no inline code and no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
    rolldownOptions: {
      input: {
        start: page('index.html'),
        desk: page('desk/index.html'),
        wallet: page('wallet/index.html'),
        inspect: page('inspect/index.html'),
        docs: page('docs/index.html'),
        alliance: page('alliance/index.html'),
      },
    },
  },
});
