/** Credentials between consent and Finish, sealed. They move into a connection at Finish, or are destroyed. */
import type { Db } from './db.ts'

export type HeldAccount = {
  connectorId: string
  id: string
  name: string
  currency?: string
  timeZone?: string
  parent?: string
  /** Why it cannot be chosen. */
  unavailable?: string
  /** Picked on the page before "Connect another". */
  ticked?: boolean
}

export type HeldCredential = {
  id: string
  orgId: string
  linkSessionId: string
  provider: string
  oauthApp: string
  identity: string
  identityLabel: string
  scopes: string[]
  sealed: string
  accounts: HeldAccount[]
  /** Connector → failure class, where its accounts could not be listed. */
  trouble: Record<string, string>
  receivedAt: Date
}

/** The newest sign-in of a link session at a provider replaces the one before. */
export async function keep(
  { sql }: Db,
  orgId: string,
  held: Omit<HeldCredential, 'orgId' | 'receivedAt'>,
): Promise<void> {
  await sql`
    insert into held_credential (id, org_id, link_session_id, provider, oauth_app, identity, identity_label,
                                 scopes, sealed, accounts, trouble)
    values (${held.id}, ${orgId}, ${held.linkSessionId}, ${held.provider}, ${held.oauthApp}, ${held.identity},
            ${held.identityLabel}, ${held.scopes}, ${held.sealed}, ${sql.json(held.accounts as never)},
            ${sql.json(held.trouble)})
    on conflict (link_session_id, provider) do update
    set id = excluded.id, oauth_app = excluded.oauth_app, identity = excluded.identity,
        identity_label = excluded.identity_label, scopes = excluded.scopes, sealed = excluded.sealed,
        accounts = excluded.accounts, trouble = excluded.trouble, received_at = latchkey.clock()
    where held_credential.org_id = ${orgId}`
}

export async function ofSession(
  { sql }: Db,
  orgId: string,
  linkSessionId: string,
): Promise<HeldCredential[]> {
  return sql<HeldCredential[]>`
    select * from held_credential
    where org_id = ${orgId} and link_session_id = ${linkSessionId} order by provider`
}

export async function ofLink({ sql }: Db, orgId: string, linkId: string): Promise<HeldCredential[]> {
  return sql<HeldCredential[]>`
    select h.* from held_credential h
    join link_session s on s.org_id = h.org_id and s.id = h.link_session_id
    where h.org_id = ${orgId} and s.link_id = ${linkId}`
}

export async function saveAccounts(
  { sql }: Db,
  orgId: string,
  id: string,
  accounts: HeldAccount[],
): Promise<void> {
  await sql`
    update held_credential set accounts = ${sql.json(accounts as never)} where org_id = ${orgId} and id = ${id}`
}

/** Returns the rows that were still there: their credentials are the caller's to revoke or to forget. */
export async function destroy({ sql }: Db, orgId: string, ids: string[]): Promise<HeldCredential[]> {
  if (ids.length === 0) return []
  return sql<HeldCredential[]>`
    delete from held_credential where org_id = ${orgId} and id = any(${ids}::uuid[]) returning *`
}

/** Owners who signed in ten minutes ago, could still finish, and were not reminded of it, of all orgs. */
export async function unfinishedOfAllOrgs({
  sql,
}: Db): Promise<{ orgId: string; linkId: string; requestId: string; ownerEmail: string }[]> {
  return sql<{ orgId: string; linkId: string; requestId: string; ownerEmail: string }[]>`
    select distinct l.org_id, l.id as link_id, l.request_id, r.owner_email
    from held_credential h
    join link_session s on s.org_id = h.org_id and s.id = h.link_session_id and s.closed_at is null
    join auth_link l on l.org_id = s.org_id and l.id = s.link_id
    join access_request r on r.org_id = l.org_id and r.id = l.request_id
    where h.received_at < latchkey.clock() - interval '10 minutes'
      and l.status = 'issued' and l.expires_at > latchkey.clock() + interval '5 minutes'
      and r.owner_email is not null and not r.for_self
      and not exists (select from delivery d where d.org_id = l.org_id and d.link_id = l.id
                      and d.kind = 'one-click-left')
    limit 200`
}

/** Links that ended ten minutes ago and still hold a credential, of all orgs. */
export async function strayOfAllOrgs({ sql }: Db): Promise<{ orgId: string; linkId: string }[]> {
  return sql<{ orgId: string; linkId: string }[]>`
    select distinct l.org_id, l.id as link_id from held_credential h
    join link_session s on s.org_id = h.org_id and s.id = h.link_session_id
    join auth_link l on l.org_id = s.org_id and l.id = s.link_id
    where l.status <> 'issued' and l.ended_at <= latchkey.clock() - interval '10 minutes' limit 200`
}

/**
 * Whether anything else alive rests on the same authorisation: Google's revoke, for one, ends every token of the
 * identity at the OAuth app, in every org of this installation.
 */
export async function isSharedInAllOrgs(
  { sql }: Db,
  { provider, oauthApp, identity }: { provider: string; oauthApp: string; identity: string },
): Promise<boolean> {
  const [row] = await sql<{ shared: boolean }[]>`
    select exists (select from connection where provider = ${provider} and oauth_app = ${oauthApp}
                   and identity = ${identity} and credential_sealed is not null and status <> 'removed')
        or exists (select from held_credential where provider = ${provider} and oauth_app = ${oauthApp}
                   and identity = ${identity}) as shared`
  return row?.shared ?? false
}
