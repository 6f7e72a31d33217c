import react from '@vitejs/plugin-react';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// CHANCERY_URL lets `npm run dev` work against a running city.
const city = process.env.CHANCERY_URL ?? 'http://127.0.0.1:8080';

const WORKER = 'offline';
/** Apps that the inspector's page does not need. */
const OTHER_APPS = /\/src\/apps\/(?!inspect\/)/;
/** Files beside the build that the page shows. */
const BESIDE = ['/inspect', '/icon.svg', '/icon-192.png', '/inspect.webmanifest'];

/** Tells the service worker which files the inspector's page consists of, and gives each set of them a name of its own. */
function offlineFiles(): Plugin {
  return {
    name: 'offline-files',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const worker = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry && file.name === WORKER);
      // All pages have one script, which loads the app of the path.
      const page = Object.values(bundle).find((file) => file.type === 'chunk' && file.moduleIds.some((id) => id.endsWith('/src/main.ts')));
      if (worker?.type !== 'chunk' || page?.type !== 'chunk') throw new Error('the build has no inspector or no service worker');
      const files = [...BESIDE, ...filesOf(page, bundle)].sort();
      const contents = createHash('sha256');
      // Names of the build's own files have their hash; what stands beside it is known by its contents.
      for (const file of files) contents.update(file);
      const html = bundle['inspect/index.html'];
      if (html?.type !== 'asset') throw new Error("the build has no inspector's page");
      contents.update(html.source);
      for (const file of BESIDE.slice(1)) contents.update(readFileSync(pathOf(`public${file}`)));
      const version = contents.digest('hex').slice(0, 16);
      worker.code = worker.code.replaceAll('__OFFLINE__', JSON.stringify({ version, files }));
      if (/\b(import|export)\b\s*[{*'"(]/.test(worker.code)) throw new Error('a service worker is one file');
    },
  };
}

/** A chunk with everything that it may load, in paths of the site. */
function filesOf(page: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const waiting = [page.fileName];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || found.has(`/${name}`)) continue;
    if (chunk.facadeModuleId && OTHER_APPS.test(chunk.facadeModuleId)) continue;
    found.add(`/${name}`);
    const styles = (chunk as { viteMetadata?: { importedCss?: Set<string> } }).viteMetadata?.importedCss ?? [];
    for (const style of styles) found.add(`/${style}`);
    waiting.push(...chunk.imports, ...chunk.dynamicImports);
  }
  return found;
}

/** Files worth compressing; pictures are compressed already. */
const TEXT = /\.(css|html|js|json|svg|webmanifest)$/;
/** Smaller files fit one packet either way. */
const SMALLEST_COMPRESSED_BYTES = 1024;

/** Puts beside each file what the gateway sends to browsers that take Brotli: compressed once here, and not for each who asks. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      if (dir === undefined) throw new Error('the build has no folder');
      for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!TEXT.test(file)) continue;
        const content = readFileSync(join(dir, file));
        if (content.length >= SMALLEST_COMPRESSED_BYTES) writeFileSync(join(dir, `${file}.br`), brotliCompressSync(content));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), offlineFiles(), compressed()],
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
        start: pathOf('index.html'),
        desk: pathOf('desk/index.html'),
        wallet: pathOf('wallet/index.html'),
        inspect: pathOf('inspect/index.html'),
        docs: pathOf('docs/index.html'),
        alliance: pathOf('alliance/index.html'),
        portal: pathOf('portal/index.html'),
        [WORKER]: pathOf('src/offline/worker.ts'),
      },
      // A service worker has one address, whatever is in it.
      output: { entryFileNames: (chunk) => (chunk.name === WORKER ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
});
