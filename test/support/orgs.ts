/** A whole org with one row in every table, for tests about who may see what. */
import type { Db } from '../../storage/db.ts'

export const CANARY = 'canary'

export type Ids = Record<
  | 'mark'
  | 'org'
  | 'workspace'
  | 'client'
  | 'request'
  | 'item'
  | 'link'
  | 'session'
  | 'consent'
  | 'held'
  | 'connection'
  | 'source'
  | 'incident'
  | 'move'
  | 'delivery'
  | 'ask'
  | 'outage',
  string
> & { run: number }

/** `digit` tells two orgs apart: every id ends in the org's own mark. */
export function newIds(digit: string): Ids {
  const mark = digit.repeat(11)
  const id = (n: number) => `00000000-0000-4000-80${String(n).padStart(2, '0')}-${mark}f`
  return {
    ...{ mark, org: id(1), workspace: id(2), client: id(3), request: id(4), item: id(5), link: id(6) },
    ...{ session: id(7), consent: id(8), held: id(9), connection: id(10), source: id(11), incident: id(12) },
    ...{ move: id(13), delivery: id(14), ask: id(15), outage: id(16), run: 0 },
  }
}

export async function seedOrg({ sql }: Db, ids: Ids): Promise<void> {
  const { mark, org } = ids
  const name = `${CANARY} ${mark}`
  await sql`insert into org (id, name) values (${org}, ${name})`
  await sql`
    insert into workspace (id, org_id, team_id, team_name, bot_user_id) values (${ids.workspace}, ${org}, ${`T${mark}`}, ${name}, 'UB')`
  await sql`
    insert into member (org_id, slack_user_id, team_id, display_name, role) values (${org}, ${`U${mark}`}, 'T', ${name}, 'admin')`
  await sql`insert into client (id, org_id, name, channel_id) values (${ids.client}, ${org}, ${name}, ${`C${mark}`})`
  await sql`
    insert into connection (id, org_id, provider, oauth_app, identity, identity_label, authorised_by, credential_sealed)
    values (${ids.connection}, ${org}, 'google', 'app', ${mark}, ${name}, ${name}, ${name})`
  await sql`
    insert into access_request (id, org_id, client_id, purpose, connection_id, requested_by, channel_id, status,
      submission_key, owner_email)
    values (${ids.request}, ${org}, ${ids.client}, 'reconnect', ${ids.connection}, ${`U${mark}`}, 'C1', 'sent',
      ${mark}, ${`${name}@x.example`})`
  await sql`
    insert into item (id, org_id, request_id, position, connector_id, account_hint)
    values (${ids.item}, ${org}, ${ids.request}, 0, 'ga4', ${name})`
  await sql`
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by, issued_at, expires_at)
    values (${ids.link}, ${org}, ${ids.request}, ${Buffer.from(`t${mark}`)}, 'k1', ${Buffer.from(`r${mark}`)}, true,
      ${name}, now(), now() + interval '1 day')`
  await sql`
    insert into link_session (id, org_id, link_id, hash) values (${ids.session}, ${org}, ${ids.link}, ${Buffer.from(mark)})`
  await sql`
    insert into consent (id, org_id, link_session_id, provider, oauth_app, asked_scopes)
    values (${ids.consent}, ${org}, ${ids.session}, 'google', 'app', ${[name]})`
  await sql`
    insert into held_credential (id, org_id, link_session_id, provider, oauth_app, identity, identity_label, scopes, sealed)
    values (${ids.held}, ${org}, ${ids.session}, 'google', 'app', ${mark}, ${name}, ${[name]}, ${name})`
  await sql`
    insert into source (id, org_id, client_id, connection_id, connector_id, account_id, account_name, request_id)
    values (${ids.source}, ${org}, ${ids.client}, ${ids.connection}, 'ga4', ${mark}, ${name}, ${ids.request})`
  await sql`
    insert into refresh_zone values (${org}, 'Etc/UTC', now())`
  const [run] = await sql<{ id: number }[]>`
    insert into sync_run (org_id, source_id, kind, key, from_day, to_day)
    values (${org}, ${ids.source}, 'daily', ${mark}, '2026-11-01', '2026-11-02') returning id`
  ids.run = run?.id ?? 0
  await sql`
    insert into incident (id, org_id, connection_id, kind, failure_class, detail)
    values (${ids.incident}, ${org}, ${ids.connection}, 'connection', 'revoked', ${name})`
  await sql`
    insert into outage (id, provider, oauth_app, failure_class) values (${ids.outage}, 'google', ${name}, 'revoked')`
  await sql`
    insert into outage_sign (org_id, connection_id, failure_class) values (${org}, ${ids.connection}, 'revoked')`
  await sql`
    insert into outage_hold (outage_id, org_id, connection_id) values (${ids.outage}, ${org}, ${ids.connection})`
  await sql`
    insert into incident (org_id, kind, failure_class, outage_id, detail)
    values (${org}, 'outage', 'revoked', ${ids.outage}, ${name})`
  await sql`
    insert into move (id, org_id, from_connection_id, to_connection_id, request_id, source_ids)
    values (${ids.move}, ${org}, ${ids.connection}, ${ids.connection}, ${ids.request}, ${[ids.source]})`
  await sql`
    insert into delivery (id, org_id, kind, channel, address, link_id, subject_id, dedupe_key)
    values (${ids.delivery}, ${org}, 'access-request', 'mail', ${name}, ${ids.link}, ${ids.request}, ${mark})`
  await sql`
    insert into slack_post (org_id, key, channel_id, ts) values (${org}, ${mark}, ${name}, '1.1')`
  await sql`
    insert into audit_event (org_id, kind, actor, request_id, link_id, connection_id, source_id)
    values (${org}, 'request.created', ${name}, ${ids.request}, ${ids.link}, ${ids.connection}, ${ids.source})`
}
