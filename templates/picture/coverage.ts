/**
 * The coverage calendar as SVG: a row per month, a square per day. Every state has a shape of its own beside its
 * colour (Okabe and Ito's, which colour-blind people tell apart), and the card is opaque, so that it reads the same
 * in a light and in a dark Slack.
 */
import { html, type Markup } from '../markup.ts'
import type { CoverageView } from '../slack/coverage.ts'
import { FONT, fitted } from './text.ts'

type State = CoverageView['days'][0]['state']

const CELL = 20
const STEP = 24
const LEFT = 102
const TOP = 122
const WIDTH = LEFT + 31 * STEP + 28
const LEGEND_HEIGHT = 66
const INK = '#1d1c1d'
const SOFT = '#5c5c60'
const BLUE = '#0072b2'
const SKY = '#56b4e9'
const RED = '#b84a00'
const GREY = '#8a8a90'

const LEGEND: [State, string][] = [
  ['data', 'Has data'],
  ['restating', 'Has data, may still change'],
  ['missing', 'Missing: nothing was there'],
  ['unread', 'Not read yet'],
  ['before', 'Before its reach'],
]

export function coverageSvg(view: CoverageView): string {
  const months = [...Map.groupBy(view.days, ({ day }) => day.slice(0, 7))]
  const bottom = TOP + months.length * STEP
  const height = bottom + LEGEND_HEIGHT
  const inner = WIDTH - 2 * 28
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}">
<rect width="${WIDTH}" height="${height}" rx="12" fill="#ffffff"/>
<rect x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="11" fill="none" stroke="#c9c9ce" stroke-width="2"/>
${words(28, 42, 20, INK, fitted(view.accountName, 20, inner))}
${words(28, 66, 14, SOFT, fitted(`${view.connectorName} for ${view.clientName}`, 14, inner))}
${words(28, 88, 14, SOFT, summary(view))}
${numbers()}
${months.map(([month, days], i) => row(month, days, TOP + i * STEP))}
${legend(bottom + 22)}
</svg>`.source
}

function summary({ days }: CoverageView): string {
  const count = (...states: State[]) => days.filter(({ state }) => states.includes(state)).length
  const wanted = days.length - count('before')
  return `${count('data', 'restating')} of ${wanted} days have data`
}

const words = (x: number, y: number, size: number, fill: string, text: string) =>
  html`<text x="${x}" y="${y}" font-size="${size}" fill="${fill}">${text}</text>`

function numbers(): Markup {
  const every = Array.from({ length: 31 }, (_, i) => i + 1)
  return html`${every.map(
    (day) =>
      html`<text x="${LEFT + (day - 1) * STEP + CELL / 2}" y="${TOP - 8}" font-size="10" fill="${SOFT}" text-anchor="middle">${day}</text>`,
  )}`
}

function row(month: string, days: CoverageView['days'], y: number): Markup {
  const name = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' })
  const label = name.format(new Date(`${month}-01T00:00:00Z`))
  return html`${words(28, y + 14, 12, INK, label)}${days.map(({ day, state }) =>
    cell(LEFT + (Number(day.slice(8)) - 1) * STEP, y, state),
  )}`
}

/** Full, striped, crossed out, hollow with a dot, or only a dash. */
function cell(x: number, y: number, state: State): Markup {
  const box = (fill: string, stroke: string) =>
    html`<rect x="${x + 1}" y="${y + 1}" width="${CELL - 2}" height="${CELL - 2}" rx="3" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`
  const line = (path: string, stroke: string, width: number) =>
    html`<path d="${path}" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" fill="none"/>`
  const at = (dx: number, dy: number) => `${x + dx} ${y + dy}`
  if (state === 'data') return box(BLUE, BLUE)
  if (state === 'restating')
    return html`${box(SKY, BLUE)}${line(`M${at(5, 11)} L${at(11, 5)} M${at(5, 16)} L${at(16, 5)} M${at(10, 16)} L${at(16, 10)}`, '#ffffff', 2)}`
  if (state === 'missing')
    return html`${box('#ffffff', RED)}${line(`M${at(6, 6)} L${at(14, 14)} M${at(14, 6)} L${at(6, 14)}`, RED, 2.5)}`
  if (state === 'unread')
    return html`${box('#ffffff', GREY)}<circle cx="${x + CELL / 2}" cy="${y + CELL / 2}" r="2.5" fill="${GREY}"/>`
  return line(`M${at(7, 10)} L${at(13, 10)}`, GREY, 2)
}

/** Laid out by rough widths: five entries fit in one line. */
function legend(y: number): Markup {
  const widths = LEGEND.map(([, label]) => CELL + 8 + label.length * 6.6 + 16)
  return html`${LEGEND.map(([state, label], i) => {
    const x = 28 + widths.slice(0, i).reduce((sum, width) => sum + width, 0)
    return html`${cell(x, y, state)}${words(x + CELL + 7, y + 14, 12, INK, label)}`
  })}`
}
