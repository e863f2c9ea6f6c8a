/** The branded frame around every e-mail. The text part is made from the same pieces, so it cannot say less. */
import { html, Markup } from '../markup.ts'
import { cut } from '../slack/blocks.ts'
import { FRAME } from './frame.compiled.ts'

/** How an org looks in mail and on pages. */
export type Brand = {
  orgName: string
  logoUrl: string | null
  color: string
  website: string | null
  supportEmail: string | null
}

/** `html` is complete and escaped; `text` says the same. */
export type Mail = { subject: string; text: string; html: string }

export type MailParts = {
  /** Cut to 78 characters. */
  subject: string
  /** What inboxes show behind the subject. */
  preheader: string
  heading: string
  /** Each becomes a paragraph: html`Only <b>${name}</b> …`. */
  paragraphs: Markup[]
  facts?: [label: string, value: string | Markup][]
  button?: { label: string; url: string }
  /** Below a line, in small print, a paragraph each. */
  small: Markup[]
}

const SUBJECT_MAX = 78

/** Throws when the brand's colour is not #rrggbb or a URL is not http(s): both come from outside. */
export function composeMail(brand: Brand, parts: MailParts): Mail {
  const { heading, paragraphs, facts = [], button, small, preheader } = parts
  const subject = cut(oneLine(parts.subject), SUBJECT_MAX)
  const color = hex(brand.color)
  const footer = footerOf(brand)
  const filled = fill(FRAME, {
    ...{ subject, preheader, heading, color, onColor: readableOn(color) },
    ...{ orgName: brand.orgName, logoUrl: brand.logoUrl && httpUrl(brand.logoUrl) },
    body: inParagraphs(paragraphs),
    facts: facts.length > 0 ? html`${facts.map(factRow)}` : null,
    buttonUrl: button ? httpUrl(button.url) : null,
    buttonLabel: button?.label ?? '',
    small: small.length > 0 ? inParagraphs(small) : null,
    footer: inParagraphs(footer),
  })
  const factLines = facts.map(([label, value]) => `${label}: ${asText(value)}`).join('\n')
  const text = [
    ...[asText(heading), ...paragraphs.map(asText), factLines],
    ...[button ? `${button.label}:\n${button.url}` : '', ...small.map(asText)],
    `-- \n${footer.map(asText).join('\n')}`,
  ]
  return { subject, html: filled, text: `${text.filter(Boolean).join('\n\n')}\n` }
}

/**
 * Fills {{name}} with escaped values (Markup as it is) and drops {{#name}}…{{/name}} where the value is null.
 * Throws on a name without a value; tags inside values stay what they are.
 */
export function fill(template: string, values: Record<string, string | Markup | null>): string {
  const lookUp = (name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the mail frame asks for "${name}", which has no value`)
    return value
  }
  return template
    .replace(/\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g, (_, name, inner) =>
      lookUp(name) === null ? '' : inner,
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name) => html`${lookUp(name)}`.source)
}

function footerOf({ orgName, website, supportEmail }: Brand): Markup[] {
  const site = website && URL.canParse(website) ? httpUrl(website) : null
  const where = [site, supportEmail].filter((word) => word !== null)
  return [
    html`Sent for ${orgName} by Latchkey. Questions? Reply to this e-mail.`,
    ...(where.length > 0 ? [html`${orgName}: ${where.join(' · ')}`] : []),
  ]
}

const inParagraphs = (pieces: Markup[]) => html`${pieces.map((piece) => html`<p>${piece}</p>`)}`

/** Label above value, so that long words have the whole width. */
const factRow = ([label, value]: [string, string | Markup]) =>
  html`<div class="fact-label">${label}</div><div class="fact-value">${value}</div>`

function hex(color: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(color)) throw new Error('a brand colour must be #rrggbb')
  return color.toLowerCase()
}

/** Black or white, whichever has the higher contrast on the colour (WCAG 2 relative luminance). */
export function readableOn(color: string): '#000000' | '#ffffff' {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex(color).slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}

function httpUrl(url: string): string {
  if (!/^https?:\/\//i.test(url)) throw new Error('only http(s) addresses belong in a mail')
  return url
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const oneLine = (text: string) => text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim()

/** Markup as plain text: <br> and <li> become lines, links keep their address, entities become characters. */
function asText(piece: string | Markup): string {
  if (!(piece instanceof Markup)) return oneLine(piece)
  return piece.source
    .replace(/\s+/g, ' ')
    .replace(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g, (_, url, label) =>
      label === url ? url : `${label} (${url})`,
    )
    .replace(/<li>/g, '\n- ')
    .replace(/<br ?\/?>/g, '\n')
    .replace(/<[^>]+>/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .trim()
}
