/** What a member may ask for, judged before anything is written. */
import { z } from 'zod'
import type { Catalogue } from '../connectors/connector.ts'

export type Wish = {
  orgId: string
  /** Slack user id. */
  requestedBy: string
  purpose: 'connect' | 'reconnect'
  connectionId: string | null
  /** The member signs in in person: outside quota and plan, nothing is delivered. */
  forSelf: boolean
  client: { id: string } | { name: string }
  /** Where it was asked; its card goes to the client's channel if there is one. */
  channelId: string
  items: { connectorId: string; accountHint: string }[]
  owner: { email: string | null; slackUserId: string | null; name: string | null; timeZone: string | null }
  note: string
  /** One submission of one modal, one press of one button: asked twice it is answered 'repeated'. */
  submissionKey: string
  ifFull: 'refuse' | 'queue'
}

type WishField = 'sources' | 'client' | 'owner' | 'note' | 'hint'
type WishProblem =
  | 'none-chosen'
  | 'too-many'
  | 'not-offered'
  | 'missing'
  | 'not-one-address'
  | 'too-long'
  | 'unknown'

export type WishRefused = { kind: 'refused'; field: WishField; why: WishProblem }

const NOTE_MAX = 500
const HINT_MAX = 300
const ITEMS_MAX = 10

const oneAddress = z.email().max(254)

/** An e-mail address that is exactly one: mail libraries read "a@b, c@d" as two. */
export const isOneAddress = (text: string) => oneAddress.safeParse(text).success

/** The first thing a form got wrong, or null. */
export function judgeWish(
  connectors: Catalogue,
  { items, client, owner, note, forSelf }: Wish,
): WishRefused | null {
  const no = (field: WishField, why: WishProblem): WishRefused => ({ kind: 'refused', field, why })
  if (items.length === 0) return no('sources', 'none-chosen')
  if (items.length > ITEMS_MAX) return no('sources', 'too-many')
  if (items.some(({ connectorId }) => !connectors.get(connectorId))) return no('sources', 'not-offered')
  if (items.some(({ accountHint }) => accountHint.length > HINT_MAX)) return no('hint', 'too-long')
  if ('name' in client && client.name.trim() === '') return no('client', 'missing')
  if ('name' in client && client.name.trim().length > 200) return no('client', 'too-long')
  if (note.length > NOTE_MAX) return no('note', 'too-long')
  if (owner.email && !isOneAddress(owner.email)) return no('owner', 'not-one-address')
  if (!forSelf && !owner.email && !owner.slackUserId) return no('owner', 'missing')
  return null
}
