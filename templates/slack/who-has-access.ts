/** Who gave access to what, as a message. */
import { context, type SlackMessage, safe, section, slackDate } from './blocks.ts'

export type AccessView = {
  clientName: string
  providerName: string
  identityLabel: string
  authorisedBy: string
  authorisedAt: Date
  status: 'connected' | 'disconnected'
  connectorNames: string[]
  accounts: number
}

/** One paragraph per client, at most 40 rows. */
export function whoHasAccessList(rows: AccessView[], more: boolean): SlackMessage {
  if (rows.length === 0) {
    const text = 'Nobody has given access to anything yet. Ask for it with `/request-access`.'
    return { text, blocks: [section(text)] }
  }
  const clients = [...new Set(rows.map(({ clientName }) => clientName))]
  const text = `Who gave access: ${rows.length} ${rows.length === 1 ? 'authorisation' : 'authorisations'} for ${clients.length} ${clients.length === 1 ? 'client' : 'clients'}`
  return {
    text,
    blocks: [
      section(`*${text}*`),
      ...rows.map((row) => section(line(row))),
      ...(more ? [context('And more: add a client’s name, e.g. `/who-has-access Acme`.')] : []),
    ],
  }
}

function line(row: AccessView): string {
  const by = /^[UW][A-Z0-9]+$/.test(row.authorisedBy) ? `<@${row.authorisedBy}>` : safe(row.authorisedBy, 80)
  const accounts = `${row.accounts} ${row.accounts === 1 ? 'account' : 'accounts'}`
  const state = row.status === 'connected' ? 'connected' : 'disconnected'
  return `*${safe(row.clientName, 80)}*: ${row.connectorNames.map((name) => safe(name, 40)).join(', ')} (${accounts}), ${state}\n${safe(row.providerName, 40)} login ${safe(row.identityLabel, 80)}, authorised by ${by} ${slackDate(row.authorisedAt, '{date_short_pretty}')}`
}
