/** A connection with sources of several clients, and a provider whose answers a test decides account by account. */
import { type Connector, ConnectorError, type FailureClass } from '../../connectors/connector.ts'
import type { Member } from '../../flows/member.ts'
import type { Presser } from '../../flows/reconnect.ts'
import { placeOf } from '../../flows/renewal.ts'
import type { Services } from '../../flows/services.ts'
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import type { Db } from '../../storage/db.ts'
import { readingServices, rowPerDay, type Sent, tinyConnector } from './reading.ts'

type Answers = {
  /** Account ids the listing shows; an error when it cannot be read. */
  listed: string[] | FailureClass | ConnectorError
  /** What a report of this account ends in; good when absent. */
  reports: Record<string, FailureClass | ConnectorError>
  probed: string[]
}

export type Scene = {
  services: Services
  sent: Sent[]
  answers: Answers
  orgId: string
  connectionId: string
  clients: string[]
  /** Ids by account id and client name: `a1/Acme`. */
  sources: Record<string, string>
}

export const failure = (kind: FailureClass, ownerAction: string | null = null) =>
  new ConnectorError(kind, 'tiny', `the provider says ${kind}`, { ownerAction })

function scripted(answers: Answers): Connector {
  const refuse = (how: FailureClass | ConnectorError | undefined) => {
    if (how) throw how instanceof ConnectorError ? how : failure(how)
  }
  return {
    ...tinyConnector(async function* (context, account, range, cursor) {
      answers.probed.push(account.id)
      refuse(answers.reports[account.id])
      yield* rowPerDay(context, account, range) as ReturnType<Connector['report']['pages']>
      void cursor
    }),
    async *accounts() {
      if (!Array.isArray(answers.listed)) return refuse(answers.listed)
      for (const id of answers.listed) yield { id, name: id }
    },
  }
}

/** `accounts`: account id → names of the clients it feeds. Everything is connected and synced until 2026-11-10. */
export async function openScene(db: Db, accounts: Record<string, string[]>): Promise<Scene> {
  const answers: Answers = { listed: Object.keys(accounts), reports: {}, probed: [] }
  const sent: Sent[] = []
  const services = readingServices(db, [scripted(answers)], sent)
  const [org] = await db.sql<{ id: string }[]>`
    insert into org (name, alert_channel_id) values ('Agency', 'CALERT') returning id`
  const orgId = org?.id ?? ''
  await db.sql`insert into member (org_id, slack_user_id, team_id, role, display_name, email) values
    (${orgId}, 'UADMIN', 'T1', 'admin', 'Ada', 'ada@agency.example'),
    (${orgId}, 'UQUIET', 'T1', 'admin', 'Quinn', 'quinn@agency.example'),
    (${orgId}, 'UMEMBER', 'T1', 'member', 'Mo', 'mo@agency.example')`
  await db.sql`update member set alert_mail = false where org_id = ${orgId} and slack_user_id = 'UQUIET'`
  const connectionId = await connect(services, orgId, 'owner', 'owner@example.com')
  const names = [...new Set(Object.values(accounts).flat())]
  const clients: Record<string, string> = {}
  for (const name of names) {
    const [row] = await db.sql<{ id: string }[]>`
      insert into client (org_id, name) values (${orgId}, ${name}) returning id`
    clients[name] = row?.id ?? ''
  }
  const sources: Scene['sources'] = {}
  for (const [account, of] of Object.entries(accounts))
    for (const name of of) {
      const [row] = await db.sql<{ id: string }[]>`
        insert into source (org_id, client_id, connection_id, connector_id, account_id, account_name, last_good_day)
        values (${orgId}, ${clients[name] ?? ''}, ${connectionId}, 'tiny-ads', ${account}, ${`Account ${account}`},
          '2026-11-10') returning id`
      sources[`${account}/${name}`] = row?.id ?? ''
    }
  return { services, sent, answers, orgId, connectionId, clients: Object.values(clients), sources }
}

/**
 * A connection with a good credential, authorised a day ago. Each org has an OAuth app of its own, so that the scenes of
 * a file are no outage together.
 */
export async function connect(
  services: Services,
  orgId: string,
  identity: string,
  label: string,
): Promise<string> {
  const { db, vault } = services
  const { id } = await connections.upsert(db, orgId, {
    ...{
      provider: 'tiny',
      oauthApp: `app of ${orgId}`,
      identity,
      identityLabel: label,
      clientId: null,
      scopes: ['read'],
    },
    ...{ grantExpiresAt: null, authorisedBy: label, requestId: null },
  })
  const credential = JSON.stringify({ accessToken: 'access', refreshToken: 'refresh', expiresAt: null })
  await credentials.store(db, orgId, id, vault.seal(credential, placeOf({ orgId, connectionId: id })), null)
  await db.sql`update connection set authorised_at = latchkey.clock() - interval '1 day' where id = ${id}`
  return id
}

/** As a confirmed second refusal leaves the row. */
export async function condemn({ db }: Services, connectionId: string): Promise<void> {
  await db.sql`update connection set failure_class = 'revoked' where id = ${connectionId}`
}

export const presser = (orgId: string, userId: string, role: Member['role'] = 'member'): Presser => ({
  orgId,
  userId,
  member: {
    ...{ orgId, slackUserId: userId, teamId: 'T1', role, roleSetBy: null, mayReconnect: true },
    ...{ displayName: userId, email: null, timeZone: 'Europe/Berlin', locale: null, alertMail: true },
    deactivatedAt: null,
  },
})

export const jobsNamed = (sent: Sent[], name: string) => sent.filter((job) => job.name === name)
