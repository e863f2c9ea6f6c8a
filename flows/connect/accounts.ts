/** Choosing accounts: what the picker shows, and keeping the ticks when the owner goes on to another sign-in. */
import * as connections from '../../storage/connections.ts'
import type { HeldAccount, HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as progress from '../../storage/link-progress.ts'
import type { Source } from '../../storage/sources.ts'
import * as sources from '../../storage/sources.ts'
import { isFormToken } from '../link-token.ts'
import type { Services } from '../services.ts'
import { type LinkView, look, type OpenSession, type Sight } from './look.ts'
import { missingScopes, type Stop, stopsOf } from './plan.ts'

export type Choice = HeldAccount & { ticked: boolean; connected: boolean }

/** One data source of the request, with the accounts its sign-in can see. */
type Shelf = {
  connectorId: string
  provider: string
  accountHint: string
  choices: Choice[]
  /** Scopes whose box was not ticked. */
  missing: string[]
  /** Accounts that are read through this login, and that this sign-in, which replaces its authorisation, cannot see. */
  unseen: string[]
  /** Failure class of the listing; null when it worked, also with no account. */
  trouble: string | null
}

export type Picker = {
  link: LinkView
  session: OpenSession
  stops: Stop[]
  shelves: Shelf[]
  /** A reconnect that came back as somebody else: whom it expected. */
  expected: string | null
  /** Of a reconnect: what it should heal. */
  healing: { connectionId: string; provider: string } | null
  limit: { limit: number; used: number } | null
}

export async function openPicker(
  services: Services,
  { link, session }: { link: LinkView; session: OpenSession },
): Promise<Picker> {
  const { db } = services
  const stops = stopsOf(services, link, session.held)
  const before = link.connectionId ? await connections.byId(db, link.orgId, link.connectionId) : null
  const fed = before ? await sources.ofConnection(db, link.orgId, before.id) : []
  const isFed = (account: HeldAccount) =>
    fed.some(({ connectorId, accountId }) => connectorId === account.connectorId && accountId === account.id)
  const read = await Promise.all(session.held.map((login) => sources.readThrough(db, link.orgId, login)))
  const shelves = stops.flatMap((stop) =>
    stop.held
      ? stop.items.map((item) => shelfOf(item, stop.held as HeldCredential, { isFed, read: read.flat() }))
      : [],
  )
  const other = before && session.held.find(({ provider }) => provider === before.provider)
  const used = link.accountLimit === null ? 0 : await progress.accountsUsed(db, link.orgId)
  return {
    link,
    session,
    stops,
    shelves,
    expected: other && other.identity !== before.identity ? before.identityLabel : null,
    healing: before && { connectionId: before.id, provider: before.provider },
    limit: link.accountLimit === null ? null : { limit: link.accountLimit, used },
  }
}

function shelfOf(
  { connector, accountHint }: Stop['items'][number],
  credential: HeldCredential,
  { isFed, read }: { isFed: (account: HeldAccount) => boolean; read: Source[] },
): Shelf {
  const accounts = credential.accounts.filter(({ connectorId }) => connectorId === connector.id)
  const trouble = credential.trouble[connector.id] ?? null
  const missing = missingScopes(connector, credential.scopes)
  // Where the owner is asked which, only what was named this time is listed.
  const isListed = missing.length === 0 && trouble === null && !connector.ask
  const unseen = read.filter(
    ({ connectorId, accountId }) =>
      connectorId === connector.id && !accounts.some(({ id }) => id === accountId),
  )
  return {
    connectorId: connector.id,
    provider: credential.provider,
    accountHint,
    choices: accounts.map((account) => ({
      ...account,
      connected: isFed(account),
      ticked: account.ticked ?? (isFed(account) || isHinted(account, accountHint)),
    })),
    ...{ missing, trouble },
    unseen: isListed ? [...new Set(unseen.map(({ accountName }) => accountName))] : [],
  }
}

/** The whole name or id, as the requester wrote it, or one of several separated by commas or lines. */
function isHinted(account: { id: string; name: string }, hint: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[\s-]+/g, ' ')
      .trim()
  const digits = (text: string) => text.replace(/[\s-]/g, '').toLowerCase()
  return hint
    .split(/[,;\n]/)
    .filter((part) => part.trim() !== '')
    .some((part) => plain(part) === plain(account.name) || digits(part) === digits(account.id))
}

export type Picks = {
  /** `<connector id> <account id>` of every ticked box. */
  picked: string[]
  /** The sign-ins the form was made for: another one since makes its list stale. */
  heldIds: string[]
  form: string
}

export type Picking =
  | { kind: 'ready'; picker: Picker; chosen: Choice[] }
  | { kind: 'not-open'; sight: Sight }
  /** Signed in again elsewhere meanwhile, or the form is not from this browser: look again. */
  | { kind: 'stale'; link: LinkView }

/** Reads a sent picker against what is held now. Changes nothing. */
export async function readPicks(
  services: Services,
  token: string,
  cookies: string[],
  { picked, heldIds, form }: Picks,
): Promise<Picking> {
  const sight = await look(services, token, cookies)
  if (sight.kind !== 'open' || !sight.session) return { kind: 'not-open', sight }
  const { link, session } = sight
  const known = session.held.map(({ id }) => id)
  const same = known.length === heldIds.length && known.every((id) => heldIds.includes(id))
  if (!isFormToken(session.cookie, form) || !same) return { kind: 'stale', link }
  const picker = await openPicker(services, { link, session })
  const wanted = new Set(picked)
  const chosen = picker.shelves
    .flatMap(({ choices }) => choices)
    .filter((choice) => wanted.has(pickOf(choice)) && !choice.unavailable)
  return { kind: 'ready', picker, chosen }
}

export const pickOf = ({ connectorId, id }: { connectorId: string; id: string }) => `${connectorId} ${id}`

/** "Connect another": the ticks wait while the owner is away. */
export async function keepTicks(
  services: Services,
  { picker, chosen }: { picker: Picker; chosen: Choice[] },
) {
  const ticked = new Set(chosen.map(pickOf))
  await services.db.transaction(async (tx) => {
    for (const credential of picker.session.held) {
      const accounts = credential.accounts.map((account) => ({
        ...account,
        ticked: ticked.has(pickOf(account)),
      }))
      await held.saveAccounts(tx, picker.link.orgId, credential.id, accounts)
    }
  })
}
