/** Consents: one trip to a provider each, written before it begins; a callback takes its row exactly once. */
import type { Db } from './db.ts'

export type Consent = {
  id: string
  orgId: string
  linkSessionId: string
  provider: string
  oauthApp: string
  askedScopes: string[]
  calledBackAt: Date | null
  outcome: 'granted' | 'denied' | 'failed' | 'abandoned' | null
  detail: string | null
}

export async function begin(
  { sql }: Db,
  orgId: string,
  trip: { linkSessionId: string; provider: string; oauthApp: string; askedScopes: string[] },
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into consent (org_id, link_session_id, provider, oauth_app, asked_scopes)
    values (${orgId}, ${trip.linkSessionId}, ${trip.provider}, ${trip.oauthApp}, ${trip.askedScopes})
    returning id`
  return (row as { id: string }).id
}

/** Begun for this link in the last hour, in whatever browser. */
export async function countLately({ sql }: Db, orgId: string, linkId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from consent join link_session session
      on session.org_id = consent.org_id and session.id = consent.link_session_id
    where consent.org_id = ${orgId} and session.link_id = ${linkId}
      and consent.started_at > latchkey.clock() - interval '1 hour'`
  return row?.n ?? 0
}

/** The callback's right to go on; undefined when it was taken before, or belongs to another link session. */
export async function take(
  { sql }: Db,
  orgId: string,
  { id, linkSessionId }: { id: string; linkSessionId: string },
): Promise<Consent | undefined> {
  const [row] = await sql<Consent[]>`
    update consent set called_back_at = latchkey.clock()
    where org_id = ${orgId} and id = ${id} and link_session_id = ${linkSessionId} and called_back_at is null
    returning id, org_id, link_session_id, provider, oauth_app, asked_scopes, called_back_at, outcome, detail`
  return row
}

/** `detail` is ours or the provider's error code, never its whole answer. */
export async function conclude(
  { sql }: Db,
  orgId: string,
  id: string,
  outcome: 'granted' | 'denied' | 'failed',
  detail: string | null,
): Promise<void> {
  await sql`
    update consent set outcome = ${outcome}, detail = ${detail?.slice(0, 200) ?? null}
    where org_id = ${orgId} and id = ${id} and outcome is null`
}

/** The newest concluded trip of a link session to each provider. */
export async function latest({ sql }: Db, orgId: string, linkSessionId: string): Promise<Consent[]> {
  return sql<Consent[]>`
    select distinct on (provider) id, org_id, link_session_id, provider, oauth_app, asked_scopes, called_back_at, outcome, detail
    from consent
    where org_id = ${orgId} and link_session_id = ${linkSessionId} and outcome is not null
    order by provider, called_back_at desc nulls last`
}

export async function abandonOfAllOrgs({ sql }: Db): Promise<void> {
  await sql`
    update consent set outcome = 'abandoned'
    where outcome is null and started_at < latchkey.clock() - interval '1 hour'`
}
