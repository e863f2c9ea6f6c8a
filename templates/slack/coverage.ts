/** The coverage calendar in words: beside the picture, and for whoever cannot see it. */
import { counted, dayWords } from '../words.ts'
import { context, type SlackMessage, safe, section } from './blocks.ts'
import { type NamedSource, titleOf } from './export-csv.ts'

type DayState = 'data' | 'restating' | 'missing' | 'unread' | 'before'

export type CoverageView = NamedSource & {
  days: { day: string; state: DayState }[]
  restateDays: number
}

export const coverageStarted = (accountName: string) =>
  `The coverage calendar of ${safe(accountName)} is being drawn. It comes as a direct message from me.`

export const coverageFailed = (): SlackMessage => {
  const text = 'The coverage calendar you asked for could not be drawn. Try again in a while.'
  return { text, blocks: [section(text)] }
}

export function coverageMessage(view: CoverageView): SlackMessage {
  const text = `Coverage of ${titleOf(view)}: ${coverageWords(view)}`
  const quiet = context('A missing day is not always a mistake: nothing may have happened on it.')
  const missing = view.days.some(({ state }) => state === 'missing')
  return { text, blocks: [section(text), ...(missing ? [quiet] : [])] }
}

/** Spans that are named one by one before the rest is only counted. */
const NAMED_SPANS = 5

/** What the picture shows, in sentences: "389 of 395 days have data. Missing: 3–5 May 2026. …" */
export function coverageWords({ days, restateDays }: CoverageView): string {
  const of = (...states: DayState[]) => days.filter(({ state }) => states.includes(state))
  const wanted = days.length - of('before').length
  const restating = of('restating').length
  const before = of('before').at(-1)
  const sentences = [
    wanted === 0
      ? 'No day of the last 13 months can be read.'
      : `${of('data', 'restating').length} of ${counted(wanted, 'day')} have data.`,
    spansOf(days, 'missing', 'Missing'),
    spansOf(days, 'unread', 'Not read yet'),
    restating > 0 ? `${newest(restateDays)} may still change.` : '',
    before ? `Days up to ${dayWords(before.day)} lie before what this data source can be asked for.` : '',
  ]
  return sentences.filter(Boolean).join(' ')
}

const newest = (days: number) => (days === 1 ? 'The last day' : `The last ${days} days`)

function spansOf(days: CoverageView['days'], state: DayState, words: string): string {
  const spans: { from: string; to: string; length: number }[] = []
  days.forEach((one, i) => {
    if (one.state !== state) return
    const open = days[i - 1]?.state === state ? spans.at(-1) : undefined
    if (open) Object.assign(open, { to: one.day, length: open.length + 1 })
    else spans.push({ from: one.day, to: one.day, length: 1 })
  })
  if (spans.length === 0) return ''
  const shown = spans.slice(-NAMED_SPANS)
  const rest = spans.slice(0, -NAMED_SPANS).reduce((total, { length }) => total + length, 0)
  const more = rest > 0 ? ` and ${counted(rest, 'day')} before` : ''
  return `${words}: ${shown.map(spanWords).join(', ')}${more}.`
}

/** `3–5 May 2026`, `30 April–2 May 2026`, `3 May 2026`. */
export function spanWords({ from, to }: { from: string; to: string }): string {
  if (from === to) return dayWords(from)
  const [first, last] = [dayWords(from).split(' '), dayWords(to)]
  const same = last.split(' ')
  if (first[2] !== same[2]) return `${first.join(' ')}–${last}`
  return first[1] === same[1] ? `${first[0]}–${last}` : `${first[0]} ${first[1]}–${last}`
}
