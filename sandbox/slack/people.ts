/** The workspace the sandbox and the journeys begin with. Ids are fixed, so that data survive a restart. */

export type Person = {
  id: string
  /** The handle. */
  name: string
  realName: string
  title: string
  email: string
  timeZone: string
  locale: string
  kind: 'owner' | 'admin' | 'member' | 'guest' | 'stranger'
}

export type Channel = { id: string; name: string; topic: string; isPrivate: boolean }

export const TEAM = { id: 'T000000001', name: 'Brightside Agency', domain: 'brightside' }
/** Where strangers of shared channels come from. */
export const OTHER_TEAM_ID = 'T0OTHER001'
export const APP_ID = 'A0LATCHKEY1'
export const BOT = { id: 'B0LATCHKEY1', userId: 'U0LATCHKEY1', name: 'latchkey', realName: 'Latchkey' }
export const OAUTH_APP = { clientId: '1000.2000', clientSecret: 'sandbox-client-secret' }

const person = (
  id: string,
  realName: string,
  title: string,
  kind: Person['kind'],
  [timeZone, locale]: [string, string],
): Person => {
  const name = realName.split(' ')[0]?.toLowerCase() ?? realName
  const host = kind === 'stranger' ? 'elsewhere.example' : 'brightside.example'
  return { id, name, realName, title, kind, timeZone, locale, email: `${name}@${host}` }
}

export const PEOPLE: Person[] = [
  person('U0ANA000001', 'Ana Admin', 'Workspace owner', 'owner', ['Europe/Berlin', 'en-GB']),
  person('U0BEN000001', 'Ben Bauer', 'Account manager', 'member', ['Europe/Berlin', 'de-DE']),
  person('U0CHLOE0001', 'Chloe Carter', 'On call for data', 'member', ['America/New_York', 'en-US']),
  person('U0VIC000001', 'Vic Vale', 'Viewer', 'member', ['Europe/London', 'en-GB']),
  person('U0GUS000001', 'Gus Gray', 'Guest', 'guest', ['Europe/Paris', 'fr-FR']),
  person('U0SAM000001', 'Sam Stranger', 'From another company', 'stranger', ['America/Chicago', 'en-US']),
]

const channel = (id: string, name: string, topic: string, isPrivate = false): Channel => ({
  ...{ id, name, topic, isPrivate },
})

export const CHANNELS: Channel[] = [
  channel('C0GENERAL01', 'general', 'Everyone at Brightside'),
  channel('C0NORTHWIND', 'northwind', 'Northwind: campaigns and reports'),
  channel('C0CONTOSO01', 'contoso', 'Contoso: campaigns and reports'),
  channel('C0ALERTS001', 'data-alerts', 'What is disconnected, and who is on it'),
  channel('C0LEADERS01', 'leadership', 'Private; Latchkey was never invited', true),
]

/** Every person's direct conversation with the bot. */
export const dmOf = (userId: string) => `D${userId.slice(1)}`

export function personById(id: string): Person | undefined {
  return PEOPLE.find((one) => one.id === id)
}

/** A person by handle, first name, full name or id; throws on anybody else, so that a journey cannot misspell. */
export function findPerson(who: string): Person {
  const asked = who.toLowerCase()
  const found = PEOPLE.find((one) =>
    [one.id.toLowerCase(), one.name, one.realName.toLowerCase()].includes(asked),
  )
  if (!found) throw new Error(`Nobody called ${who} works in the sandbox`)
  return found
}

/** A channel by `#name`, `name` or id; a DM by its id. */
export function findChannel(which: string): { id: string; name: string } {
  if (which.startsWith('D')) return { id: which, name: 'directmessage' }
  const found = CHANNELS.find(({ id, name }) => id === which || name === which.replace(/^#/, ''))
  if (!found) throw new Error(`There is no channel ${which} in the sandbox`)
  return found
}
