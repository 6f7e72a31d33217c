import { defineConfig } from 'vitest/config';

// One city, one browser: the tests of a file build on one another, and files run one after the other.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    bail: 1,
  },
});
