import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/global.ts'],
    setupFiles: ['test/support/each.ts'],
    pool: 'forks',
    maxWorkers: 3, // journeys mostly wait: for Slack’s pace, for pages, for jobs
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } }, // a machine that is busy is slow, not wrong
    include: ['test/**/*.test.ts'],
  },
})
