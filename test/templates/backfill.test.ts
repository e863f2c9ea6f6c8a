import { expect, test } from 'vitest'
import { type BackfillView, backfillMessage } from '../../templates/slack/backfill.ts'

const source = (given: Partial<BackfillView['sources'][0]> = {}): BackfillView['sources'][0] => ({
  ...{ accountName: 'Northwind', connectorName: 'Google Ads', slices: 14, done: 7, failed: 0 },
  ...{ fromDay: '2025-10-20', note: null, stopped: false },
  ...given,
})
const shown = (...sources: BackfillView['sources']) => JSON.stringify(backfillMessage({ sources }))

test('progress is a bar, a percentage and a sentence that says the same', () => {
  const message = backfillMessage({ sources: [source(), source({ accountName: 'Contoso', done: 14 })] })
  expect(message.text).toBe('Reading the history of 2 data sources: 75 %, 21 of 28 months.')
  expect(JSON.stringify(message.blocks)).toContain('▰▰▰▰▰▰▰▰▰▰▱▱▱▱ 75 %')
  expect(JSON.stringify(message.blocks)).toContain('*Contoso* (Google Ads): complete since 20 October 2025')
})

test('what ended, failed or stopped says what comes next', () => {
  expect(shown(source({ done: 14 }))).toContain('The history of one data source is complete.')
  expect(shown(source({ done: 13, failed: 1 }))).toContain(
    'except 1 month that could not be read. Use Refresh now',
  )
  expect(shown(source({ stopped: true }))).toContain('it goes on after a reconnect')
})

test('a shorter history is explained once, whatever the number of sources', () => {
  const note = 'Search Console keeps about 16 months.'
  expect(shown(source({ note }), source({ note })).split(note)).toHaveLength(2)
})

test('a name from outside mentions nobody, and a hundred sources still fit a message', () => {
  expect(shown(source({ accountName: '<!channel> *bold*' }))).not.toContain('<!channel>')
  const { blocks } = backfillMessage({ sources: Array.from({ length: 100 }, () => source({ note: 'x' })) })
  expect(blocks.length).toBeLessThanOrEqual(50)
  expect(JSON.stringify(blocks)).toContain('and 80 more')
})
