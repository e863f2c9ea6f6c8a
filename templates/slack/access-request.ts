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
  items: {
    connectorName: string
    accountHint: string
    writeWarning: string | null
    signInWith: string
    /** There is no sign-in: a key is entered on our page. */
    takesKey: boolean
  }[]
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
  const keys = items.every(({ takesKey }) => takesKey)
  const again = keys ? 'replace the key to' : 'sign in again to'
  const verb = letter.purpose === 'reconnect' ? again : 'connect'
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
            text: plain(
              letter.purpose === 'connect' ? 'Connect now' : keys ? 'Enter the key' : 'Sign in again',
            ),
            url,
          },
        ],
      },
      context(
        `Works until ${slackDate(expiresAt, '{date_long} at {time}')}. You need no account. ` +
          `${keys ? 'Type the key only on that page, never here.' : 'Sign out of other logins in that browser first.'} ` +
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
  takesKey,
}: DmLetter['items'][number]): string {
  const hint = accountHint ? `: ${safe(accountHint, 300)}` : ''
  const promise = `Latchkey only reads; nothing is changed.${writeWarning ? ` ${safe(writeWarning, 400)}` : ''}`
  return `• *${safe(connectorName)}*${hint}\n   ${promise}${signInWith ? ` ${takesKey ? 'You will enter' : 'Sign in with'} ${safe(signInWith)}.` : ''}`
}

const revoking = ({ providers }: DmLetter) =>
  providers.length > 0
    ? `Withdraw it later on your own page, or at ${listed(providers.map(({ name, permissionsUrl }) => `<${permissionsUrl}|${safe(name)}>`))}.`
    : ''
