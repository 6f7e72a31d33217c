import react from '@vitejs/plugin-react';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['chancery-source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['chancery-source', ...defaultServerConditions] } },
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    environment: 'node',
    testTimeout: 30_000,
    // What they import takes longer than they do: loaded once, not once a file.
    isolate: false,
  },
});
