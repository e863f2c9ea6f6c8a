/** The progress of a request's backfills: one message in its thread, edited in place. */
import { dayWords } from '../words.ts'
import { context, type SlackMessage, safe, section } from './blocks.ts'

export type BackfillView = {
  sources: {
    accountName: string
    connectorName: string
    slices: number
    done: number
    failed: number
    fromDay: string
    note: string | null
    stopped: boolean
  }[]
}

const CELLS = 14
/** Slack takes 50 blocks; a long list is summed up. */
const SHOWN = 20

export function backfillMessage({ sources }: BackfillView): SlackMessage {
  const slices = sum(sources.map((source) => source.slices))
  const done = sum(sources.map((source) => source.done))
  const failed = sum(sources.map((source) => source.failed))
  const percent = slices === 0 ? 100 : Math.floor((100 * done) / slices)
  const what = sources.length === 1 ? 'one data source' : `${sources.length} data sources`
  const text = headline(what, percent, done, slices, failed)
  const notes = [...new Set(sources.map(({ note }) => note).filter((note) => note !== null))]
  return {
    text,
    blocks: [
      section(`${text}\n${bar(done, slices)} ${percent} %`),
      ...sources.slice(0, SHOWN).map((source) => context(line(source))),
      ...(sources.length > SHOWN ? [context(`and ${sources.length - SHOWN} more`)] : []),
      ...notes.map((note) => context(safe(note, 300))),
    ],
  }
}

function headline(what: string, percent: number, done: number, slices: number, failed: number): string {
  if (done === slices) return `The history of ${what} is complete.`
  if (done + failed === slices)
    return `The history of ${what} is read, except ${months(failed)} that could not be read. Use Refresh now on the data source to try again.`
  return `Reading the history of ${what}: ${percent} %, ${done} of ${months(slices)}.`
}

function line({
  accountName,
  connectorName,
  done,
  slices,
  failed,
  fromDay,
  stopped,
}: BackfillView['sources'][0]) {
  const name = `*${safe(accountName)}* (${safe(connectorName)})`
  if (done === slices) return `${name}: complete since ${dayWords(fromDay)}`
  const trouble = failed > 0 ? `, ${months(failed)} could not be read` : ''
  if (stopped) return `${name}: stopped after ${done} of ${months(slices)}; it goes on after a reconnect`
  return `${name}: ${done} of ${months(slices)}${trouble}`
}

function bar(done: number, slices: number): string {
  const full = slices === 0 ? CELLS : Math.floor((CELLS * done) / slices)
  return '▰'.repeat(full) + '▱'.repeat(CELLS - full)
}

const months = (count: number) => (count === 1 ? '1 month' : `${count} months`)
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
