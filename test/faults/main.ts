/** `npm run faults [-- F05]`: each fault test on a line, with its figures and verdict. Exit code 1 when one fails. */
import { createVitest, type Reporter, type TestCase } from 'vitest/node'

const only = process.argv.slice(2).filter((word) => !word.startsWith('--'))
let failed = 0

const lines: Reporter = {
  onTestCaseResult(test: TestCase) {
    const { state, errors } = test.result()
    if (state === 'skipped') return
    if (state === 'failed') failed++
    const { figures = '' } = test.meta() as { figures?: string }
    console.log(`${state === 'passed' ? 'PASS' : 'FAIL'}  ${test.name}${figures && `  |  ${figures}`}`)
    for (const { message } of errors ?? []) console.log(`      ${message.split('\n')[0]}`)
  },
}

const vitest = await createVitest('test', {
  include: ['test/faults/*.fault.ts'],
  watch: false,
  reporters: [lines],
  maxWorkers: 1,
  testTimeout: 300_000,
  ...(only.length > 0 && { testNamePattern: `^(${only.join('|')})` }),
})
await vitest.start()
await vitest.close()
const trouble = vitest.state.getUnhandledErrors()
for (const error of trouble) console.error(error)
process.exitCode = failed > 0 || trouble.length > 0 ? 1 : 0
