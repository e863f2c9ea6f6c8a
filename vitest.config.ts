import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Minutes long, whatever the size of the file, which is what vitest goes by: begun last they would end alone. */
const LONG = /test\/(journeys\/|connectors\/(memory|conformance)|newcomer|templates\/injection)/

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/global.ts'],
    setupFiles: ['test/support/each.ts'],
    pool: 'forks',
    maxWorkers: 3, // journeys mostly wait: for Slack’s pace, for pages, for jobs
    sequence: { sequencer: LongFirst },
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } }, // a machine that is busy is slow, not wrong
    include: ['test/**/*.test.ts'],
  },
})
