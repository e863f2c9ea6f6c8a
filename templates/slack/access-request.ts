/** The auth link in a DM to a source owner who is in this Slack. */
import { exactTime } from '../time.ts'
import { listed } from '../words.ts'
import { context, cut, plain, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export type DmLetter = {
  brand: { orgName: string }
  purpose: 'connect' | 'reconnect'
  clientName: string
  requester: { slackUserId: string }
  note: string
  items: { connectorName: string; accountHint: string; writeWarning: string | null; signInWith: string }[]
  providers: { name: string; permissionsUrl: string }[]
  timeZone: string
  expiresAt: Date
  url: string
}

/** The link is only in the button, so that nothing unfurls it. */
export function accessRequestDm(
  kind: 'access-request' | 'nudge-unopened' | 'nudge-expiry',
  letter: DmLetter,
): SlackMessage {
  const { brand, clientName, requester, items, note, expiresAt, url } = letter
  const sources = listed([...new Set(items.map(({ connectorName }) => safe(connectorName)))])
  const verb = letter.purpose === 'reconnect' ? 'sign in again to' : 'connect'
  const begin = {
    'access-request': '',
    'nudge-unopened': 'A reminder: ',
    'nudge-expiry': 'Your link ends soon: ',
  }[kind]
  const ask = `<@${requester.slackUserId}> at ${safe(brand.orgName)} asks you to ${verb} *${sources}* for *${safe(clientName)}*.`
  const quote = note ? `\n> ${safe(note, 500)}` : ''
  return {
    text: cut(
      `${begin}${safe(brand.orgName)} asks you to ${verb} ${sources} for ${safe(clientName)}. The link works until ${exactTime(expiresAt, letter.timeZone)}.`,
      3000,
    ),
    blocks: [
      section(`${begin}${ask}${quote}`),
      ...items.map((item) => section(itemLine(item))),
      {
        type: 'actions',
        elements: [
          {
            type: 'button',
            style: 'primary',
            action_id: 'open_link',
            text: plain(letter.purpose === 'reconnect' ? 'Sign in again' : 'Connect now'),
            url,
          },
        ],
      },
      context(
        `Works until ${slackDate(expiresAt, '{date_long} at {time}')}. You need no account. ` +
          'Sign out of other logins in that browser first. ' +
          `${revoking(letter)} Not expecting this? Ask <@${requester.slackUserId}>.`,
      ),
    ],
  }
}

function itemLine({
  connectorName,
  accountHint,
  writeWarning,
  signInWith,
}: DmLetter['items'][number]): string {
  const hint = accountHint ? `: ${safe(accountHint, 300)}` : ''
  const promise = `Latchkey only reads; nothing is changed.${writeWarning ? ` ${safe(writeWarning, 400)}` : ''}`
  return `• *${safe(connectorName)}*${hint}\n   ${promise}${signInWith ? ` Sign in with ${safe(signInWith)}.` : ''}`
}

const revoking = ({ providers }: DmLetter) =>
  providers.length > 0
    ? `Withdraw it later on your own page, or at ${listed(providers.map(({ name, permissionsUrl }) => `<${permissionsUrl}|${safe(name)}>`))}.`
    : ''
