/** `/access help`, and what to say to a word after `/access` that means nothing here. */
import { context, type SlackMessage, safe, section } from './blocks.ts'

const LINES: [string, string][] = [
  [
    '/request-access',
    'asks a client for access, e.g. `/request-access google ads for Acme from dana@acme.com`',
  ],
  ['/sources', 'shows data sources; add `disconnected` or a client’s name'],
  ['/reconnect', 'authorises a disconnected connection again'],
  ['/who-has-access', 'shows who gave access to what; add a client’s name'],
  ['/access links', 'shows auth links with Resend and Cancel'],
  ['/access settings', 'time zone, alert channel, brand, plan (admins)'],
  ['/access help', 'shows this'],
]

export function help(before = ''): SlackMessage {
  const text = `${before}What Latchkey can do: ${LINES.map(([command]) => command).join(', ')}.`
  return {
    text,
    blocks: [
      ...(before ? [section(before.trim())] : []),
      section(LINES.map(([command, does]) => `\`${command}\` ${does}`).join('\n')),
      context('The Home tab of Latchkey shows the same: open requests, data sources and the links left.'),
    ],
  }
}

/** Words other versions know, so that nobody searches for a mistake in what they typed. */
export const notHere = (word: string) =>
  help(`\`/access ${safe(word, 30)}\` is not part of this version of Latchkey. `)

export const unknownWord = (word: string) =>
  help(`Latchkey does not know \`/access ${safe(word, 30).replace(/`/g, '')}\`. `)
