/** Asks a source owner to connect, or to sign in again; and the two reminders of the same link. */
import { html, type Markup } from '../markup.ts'
import { exactTime } from '../time.ts'
import { counted, listed } from '../words.ts'
import { type Brand, composeMail, type Mail, type MailParts } from './layout.ts'

export type OwnerLetter = {
  brand: Brand
  purpose: 'connect' | 'reconnect'
  clientName: string
  requester: { name: string }
  ownerName: string | null
  timeZone: string
  note: string
  items: {
    connectorName: string
    accountHint: string
    reads: string[]
    writeWarning: string | null
    signInWith: string
    role: string
    /** There is no sign-in: a key is entered on our page. */
    takesKey: boolean
  }[]
  providers: { name: string; permissionsUrl: string }[]
  expiresAt: Date
  url: string
}

export type LetterKind = 'access-request' | 'nudge-unopened' | 'nudge-expiry'

/** Everything an owner needs to decide, in each of the three: the earlier mail may be lost. */
export function accessRequestMail(kind: LetterKind, letter: OwnerLetter): Mail {
  const { brand, clientName, requester, note, url } = letter
  const sources = listed([...new Set(letter.items.map(({ connectorName }) => connectorName))])
  const expiry = exactTime(letter.expiresAt, letter.timeZone)
  return composeMail(brand, {
    ...opening(kind, letter, sources),
    paragraphs: [
      html`${greeting(letter.ownerName)}`,
      html`<b>${requester.name}</b> at <b>${brand.orgName}</b> asks you to ${verbOf(letter)} <b>${sources}</b> for
        <b>${clientName}</b>.`,
      ...(note ? [html`${requester.name} writes:<br />“${inLines(note)}”`] : []),
      ...letter.items.map(readOnlyPromise).filter((promise, at, all) => isFirst(promise, at, all)),
    ],
    facts: [
      ['Client', clientName],
      ...letter.items.map(itemFact),
      ['This link works until', html`<b>${expiry}</b>`],
    ],
    button: { label: labelOf(letter), url },
    small: smallPrint(letter),
  })
}

const onlyKeys = (items: OwnerLetter['items']) => items.every(({ takesKey }) => takesKey)

function verbOf({ purpose, items }: OwnerLetter): string {
  if (purpose === 'connect') return 'connect'
  return onlyKeys(items) ? 'replace the key to' : 'sign in again to'
}

function labelOf({ purpose, items }: OwnerLetter): string {
  if (purpose === 'connect') return 'Connect now'
  return onlyKeys(items) ? 'Enter the key' : 'Sign in again'
}

function opening(
  kind: LetterKind,
  letter: OwnerLetter,
  sources: string,
): Pick<MailParts, 'subject' | 'heading' | 'preheader'> {
  const { brand, purpose, clientName, items } = letter
  const wish = `Please ${verbOf(letter)} ${sources} for ${clientName}`
  const brief = sources.length > SUBJECT_SOURCES_MAX ? counted(items.length, 'data source') : sources
  if (kind === 'nudge-unopened')
    return {
      subject: `Reminder: ${brand.orgName} asks for access to ${brief}`,
      heading: `A reminder: ${wish.charAt(0).toLowerCase()}${wish.slice(1)}`,
      preheader: 'Your link is waiting. It takes about two minutes.',
    }
  if (kind === 'nudge-expiry')
    return {
      subject: `Your link from ${brand.orgName} for ${brief} ends soon`,
      heading: `Your link ends soon: ${wish.charAt(0).toLowerCase()}${wish.slice(1)}`,
      preheader: 'After that a new link is needed.',
    }
  return {
    subject: `${brand.orgName} asks for access ${purpose === 'reconnect' ? 'again ' : ''}to ${brief}`,
    heading: wish,
    preheader: `For ${clientName}. It takes about two minutes and needs no new account.`,
  }
}

/** Inboxes cut subjects; a number is better than half a name. */
const SUBJECT_SOURCES_MAX = 40

const greeting = (name: string | null) => (name ? html`Hello ${name},` : html`Hello,`)

function itemFact({ connectorName, accountHint }: OwnerLetter['items'][number]): [string, string] {
  return ['Data source', accountHint ? `${connectorName}: ${accountHint}` : connectorName]
}

/** The truth where the provider knows no permission that only reads. */
function readOnlyPromise({ connectorName, reads, writeWarning }: OwnerLetter['items'][number]): Markup {
  const what = reads.length > 0 ? html` What you allow: ${reads.map((what) => `${what}.`).join(' ')}` : html``
  const warning = writeWarning ? html` ${writeWarning}` : html``
  return html`<b>${connectorName}:</b> Latchkey only reads; nothing is edited, created or deleted.${what}${warning}`
}

const inLines = (text: string) =>
  text.split(/\r?\n/).map((line, at) => (at === 0 ? html`${line}` : html`<br />${line}`))

const providerLink = ({ name, permissionsUrl }: OwnerLetter['providers'][number], at: number) =>
  html`${at > 0 ? ', ' : ''}<a href="${permissionsUrl}">${name}</a>`

const isFirst = (piece: Markup, at: number, all: Markup[]) =>
  all.findIndex(({ source }) => source === piece.source) === at

function smallPrint({ brand, requester, items, providers }: OwnerLetter): Markup[] {
  const help = items.map(({ connectorName, signInWith, role, takesKey }) =>
    signInWith
      ? html` ${connectorName}: ${takesKey ? 'have ready' : 'sign in with'} ${signInWith}; ${role}.`
      : html``,
  )
  const keys = items.some(({ takesKey }) => takesKey)
  const begin = onlyKeys(items)
    ? html`Before you begin:${help}`
    : html`Before you begin, sign out of other logins in that browser, so that the right one is used.${help}`
  return [
    html`You need no account with ${brand.orgName} or Latchkey, and nobody sees your password.${keys ? html` Type a key only on the page this link opens; never send it by mail or chat.` : null}`,
    begin,
    ...(providers.length > 0
      ? [
          html`You can withdraw the access at any time: on your own page, whose address you get when you finish, or in
            your account at ${providers.map(providerLink)}.`,
        ]
      : []),
    html`Not expecting this? Ignore this e-mail, or reply to ask ${requester.name}. Nothing happens until you press
      Continue and agree yourself.`,
  ]
}
