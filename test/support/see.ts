/** An org with clients, connections and sources in the database, as the lists should find them. */
import type { Db } from '../../storage/db.ts'

export async function onlyOrg({ sql }: Db): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select id from org`
  return row?.id ?? ''
}

export async function makeClient({ sql }: Db, orgId: string, name: string): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into client (org_id, name) values (${orgId}, ${name}) returning id`
  return row?.id ?? ''
}

let counter = 0

export async function makeConnection(
  { sql }: Db,
  orgId: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  counter += 1
  const connection = {
    ...{ org_id: orgId, provider: 'google', oauth_app: 'app', identity: `id-${counter}` },
    ...{ identity_label: 'dana@acme.example', authorised_by: 'dana@acme.example', scopes: [] },
    ...more,
  }
  const [row] = await sql<{ id: string }[]>`insert into connection ${sql(connection)} returning id`
  return row?.id ?? ''
}

export async function makeSource(
  { sql }: Db,
  orgId: string,
  on: { clientId: string; connectionId: string; name: string },
  more: Record<string, unknown> = {},
): Promise<string> {
  counter += 1
  const source = {
    ...{ org_id: orgId, client_id: on.clientId, connection_id: on.connectionId, connector_id: 'google-ads' },
    ...{ account_id: `acc-${counter}`, account_name: on.name },
    ...more,
  }
  const [row] = await sql<{ id: string }[]>`insert into source ${sql(source)} returning id`
  return row?.id ?? ''
}
