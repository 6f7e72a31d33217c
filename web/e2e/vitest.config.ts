import { defineConfig } from 'vitest/config';

// One city, one browser: the tests of a file build on one another, and files run one after the other.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    // Longer than the longest wait of a step: what is missing is named by the step, not by the end of the test's time.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    bail: 1,
  },
});
