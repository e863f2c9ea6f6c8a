import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/global.ts'],
    setupFiles: ['test/support/each.ts'],
    pool: 'forks',
    maxWorkers: 3, // journeys mostly wait: for Slack’s pace, for pages, for jobs
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
  },
})
