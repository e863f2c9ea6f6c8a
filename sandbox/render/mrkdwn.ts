/**
 * Slack's mrkdwn as HTML. Order matters: `<…>` is read first, on the text as it was sent; what was escaped (&lt;) stays
 * text whatever it looks like. So the page shows exactly who would be mentioned and what would be a link.
 */
import { html, Markup } from '../../templates/markup.ts'
import { CHANNELS, personById } from '../slack/people.ts'
import { emoji } from './emoji.ts'

/** Who looks, and when: dates are shown in their zone. */
export type Viewer = { id: string; timeZone: string; locale: string; now: Date }

export function mrkdwn(text: string, viewer: Viewer): Markup {
  const parts = text.split('```')
  const rendered = parts.map((part, i) =>
    i % 2 === 1 ? `<pre>${plainEntities(part.replace(/^\n/, ''))}</pre>` : lines(part, viewer),
  )
  return new Markup(rendered.join(''))
}

/** A plain_text object: nothing is read but emoji names. */
export function plainText(text: string): Markup {
  return new Markup(emoji(html`${text}`.source).replace(/\n/g, '<br>'))
}

function lines(text: string, viewer: Viewer): string {
  const out: string[] = []
  let quote: string[] = []
  const endQuote = () => {
    if (quote.length > 0) out.push(`<blockquote>${quote.join('<br>')}</blockquote>`)
    quote = []
  }
  for (const line of text.split('\n')) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line)
    if (quoted) {
      quote.push(inline(quoted[1] ?? '', viewer))
      continue
    }
    endQuote()
    out.push(`${inline(line, viewer)}<br>`)
  }
  endQuote()
  return out.join('').replace(/<br>$/, '')
}

function inline(text: string, viewer: Viewer): string {
  const kept: string[] = []
  const keep = (piece: string) => `\ue000${kept.push(piece) - 1}\ue000`
  const tokens = text.replace(/<([^<>]+)>/g, (_, token: string) => keep(reference(token, viewer)))
  const coded = tokens.replace(/`([^`\n]+)`/g, (_, code: string) =>
    keep(`<code>${plainEntities(code)}</code>`),
  )
  const formatted = STYLES.reduce(
    (out, [pattern, tag]) => out.replace(pattern, `$1<${tag}>$2</${tag}>`),
    emoji(plainEntities(coded)),
  )
  const fill = (piece: string): string =>
    piece.replace(/\ue000(\d+)\ue000/g, (_, n) => fill(kept[Number(n)] ?? ''))
  return fill(formatted)
}

const style = (mark: string): RegExp =>
  new RegExp(
    `(^|[\\s\\p{P}\\ue000])[${mark}](?=\\S)([^${mark}\\n]+?)(?<=\\S)[${mark}](?=$|[\\s\\p{P}\\ue000])`,
    'gu',
  )
const STYLES: [RegExp, string][] = [
  [style('*'), 'b'],
  [style('_'), 'i'],
  [style('~'), 's'],
]

/** Slack's three entities stay what they are; any other & < > " becomes text. */
function plainEntities(text: string): string {
  return text
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}

function reference(token: string, viewer: Viewer): string {
  const [target = '', label] = token.split(/\|(.*)/s)
  const words = (text: string) => plainEntities(text)
  if (target.startsWith('@')) {
    const name = personById(target.slice(1))?.realName ?? label ?? target.slice(1)
    return `<span class="mention${target.slice(1) === viewer.id ? ' me' : ''}">@${words(name)}</span>`
  }
  if (target.startsWith('#')) {
    const name = CHANNELS.find(({ id }) => id === target.slice(1))?.name ?? label ?? target.slice(1)
    return `<a class="mention" data-go="${words(name)}" href="#">#${words(name)}</a>`
  }
  if (target.startsWith('!date^')) return date(target, label ?? '', viewer)
  if (target.startsWith('!'))
    return `<span class="mention me">@${words(target.slice(1).split('^')[0] ?? '')}</span>`
  const url = /^(https?|mailto):/.test(target) ? target : ''
  return url
    ? `<a href="${words(url)}" target="_blank" rel="noreferrer">${words(label ?? url)}</a>`
    : words(`<${token}>`)
}

/** `!date^1735689600^{date_short_pretty} at {time}^link`, in the viewer's own zone. */
function date(target: string, fallback: string, { timeZone, locale, now }: Viewer): string {
  const [, seconds = '', format = ''] = target.split('^')
  const at = new Date(Number(seconds) * 1000)
  if (Number.isNaN(at.getTime())) return plainEntities(fallback)
  const say = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone }).format(at)
  const day = (when: Date) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(when)
  const apart = Math.round((Date.parse(day(at)) - Date.parse(day(now))) / 86_400_000)
  const pretty = ['yesterday', 'today', 'tomorrow'][apart + 1]
  const long: Intl.DateTimeFormatOptions = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }
  const short: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' }
  const names: Record<string, string> = {
    ...{
      date_num: day(at),
      date: say({ ...long, weekday: undefined }),
      date_short: say(short),
      date_long: say(long),
    },
    ...{
      date_pretty: pretty ?? say({ ...long, weekday: undefined }),
      date_short_pretty: pretty ?? say(short),
    },
    ...{ date_long_pretty: pretty ?? say(long), time: say({ hour: 'numeric', minute: '2-digit' }) },
    ...{
      time_secs: say({ timeStyle: 'medium' }),
      ago: `${Math.round((now.getTime() - at.getTime()) / 60_000)} min ago`,
    },
  }
  const words = format.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
  return `<time datetime="${at.toISOString()}" title="${plainEntities(fallback)}">${plainEntities(words)}</time>`
}
