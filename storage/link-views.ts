/** What a source owner's pages show about one auth link: the link, who asks, for whom, and which data sources. */
import type { Db } from './db.ts'

type LinkItem = { id: string; position: number; connectorId: string; accountHint: string }

export type LinkView = {
  id: string
  orgId: string
  requestId: string
  keyId: string
  counts: boolean
  status: 'issued' | 'finished' | 'expired' | 'cancelled' | 'superseded'
  issuedAt: Date
  expiresAt: Date
  /** By the database's clock, whatever the status says. */
  overdue: boolean
  /** The 15 minutes in which a link session that already held a credential may still Finish are over too. */
  graceOver: boolean
  endedAt: Date | null
  finishedSessionId: string | null
  purpose: 'connect' | 'reconnect'
  forSelf: boolean
  connectionId: string | null
  requestStatus: string
  requestedBy: string
  requesterName: string | null
  requesterEmail: string | null
  channelId: string
  ownerEmail: string | null
  ownerSlackUserId: string | null
  ownerName: string | null
  ownerTimeZone: string | null
  note: string
  clientId: string
  clientName: string
  orgName: string
  orgWebsite: string | null
  orgSupportEmail: string | null
  orgColor: string
  orgLogoUrl: string | null
  orgTimeZone: string
  accountLimit: number | null
  items: LinkItem[]
}

/** By the SHA-256 of the secret part of /l/<token>. */
export async function findByTokenHash(db: Db, hash: Buffer): Promise<LinkView | undefined> {
  const [row] = await db.sql<LinkView[]>`${view(db)} where l.token_hash = ${hash}`
  return row
}

/** By the SHA-256 of the secret part of /r/<token>. */
export async function findByReceiptHash(db: Db, hash: Buffer): Promise<LinkView | undefined> {
  const [row] = await db.sql<LinkView[]>`${view(db)} where l.receipt_hash = ${hash}`
  return row
}

/** The link of a link session. */
export async function findBySession(db: Db, orgId: string, sessionId: string): Promise<LinkView | undefined> {
  const [row] = await db.sql<LinkView[]>`${view(db)}
    join link_session s on s.org_id = l.org_id and s.link_id = l.id
    where s.org_id = ${orgId} and s.id = ${sessionId}`
  return row
}

export async function find(db: Db, orgId: string, linkId: string): Promise<LinkView | undefined> {
  const [row] = await db.sql<LinkView[]>`${view(db)} where l.org_id = ${orgId} and l.id = ${linkId}`
  return row
}

const view = ({ sql }: Db) => sql`
  select l.id, l.org_id, l.request_id, l.key_id, l.counts, l.status, l.issued_at, l.expires_at,
         l.expires_at <= latchkey.clock() as overdue,
         l.expires_at + interval '15 minutes' <= latchkey.clock() as grace_over,
         l.ended_at, l.finished_session_id,
         r.purpose, r.for_self, r.connection_id, r.status as request_status, r.requested_by,
         m.display_name as requester_name, m.email as requester_email, r.channel_id,
         r.owner_email, r.owner_slack_user_id, r.owner_name, r.owner_time_zone, r.note,
         c.id as client_id, c.name as client_name,
         o.name as org_name, o.website as org_website, o.support_email as org_support_email,
         o.brand_color as org_color, o.brand_logo_url as org_logo_url, o.time_zone as org_time_zone,
         o.account_limit,
         (select json_agg(json_build_object('id', i.id, 'position', i.position, 'connectorId', i.connector_id,
                                            'accountHint', i.account_hint) order by i.position)
          from item i where i.org_id = l.org_id and i.request_id = l.request_id) as items
  from auth_link l
  join access_request r on r.org_id = l.org_id and r.id = l.request_id
  join client c on c.org_id = r.org_id and c.id = r.client_id
  join org o on o.id = l.org_id
  left join member m on m.org_id = r.org_id and m.slack_user_id = r.requested_by`
