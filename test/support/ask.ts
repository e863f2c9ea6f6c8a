/** Services for flow tests: the real database, a queue that only remembers, and three connectors without a provider. */
import { randomUUID } from 'node:crypto'
import type { Connector, Provider } from '../../connectors/connector.ts'
import { catalogue } from '../../connectors/index.ts'
import type { Wish } from '../../flows/request-access.ts'
import type { Services } from '../../flows/services.ts'
import type { Db } from '../../storage/db.ts'
import { createDeriver, createVault } from '../../storage/seal.ts'

export type SentJob = { name: string; payload: Record<string, unknown> }

const keys = [{ id: 'k1', secret: Buffer.alloc(32, 7) }]

const provider = {
  id: 'google',
  name: 'Google',
  permissionsUrl: 'https://myaccount.google.com/connections',
} as Provider

const connector = (id: string, name: string, writeWarning: string | null = null) =>
  ({
    ...{ id, name, provider, writeWarning, scopes: [] },
    scopeWords: { a: `See your ${name} results` },
    help: { signInWith: `the Google login you use for ${name}`, role: 'reading rights are enough' },
  }) as unknown as Connector

export const connectors = [
  connector('google-ads', 'Google Ads', 'This permission would also allow changes; Latchkey makes none.'),
  connector('ga4', 'Google Analytics 4'),
  { ...connector('search-console', 'Search Console'), alsoCalled: 'seo organic' },
]

export function askServices(db: Db): { services: Services; sent: SentJob[] } {
  const sent: SentJob[] = []
  const services: Services = {
    db,
    queue: {
      send: async (name, payload) => void sent.push({ name, payload: payload as SentJob['payload'] }),
      sendMany: async (name, jobs) =>
        void sent.push(...jobs.map(({ payload }) => ({ name, payload: payload as SentJob['payload'] }))),
    },
    connectors: catalogue(connectors),
    oauthApps: { google: { id: 'app', secret: 'secret' } },
    vault: createVault(keys, 'credential'),
    tokens: createDeriver(keys, 'token'),
    publicUrl: new URL('https://access.agency.example'),
  }
  return { services, sent }
}

export async function makeOrg({ sql }: Db, plan = 'custom'): Promise<string> {
  const [org] = await sql<{ id: string }[]>`
    insert into org (name, plan, time_zone) values ('Agency', ${plan}, 'Europe/Berlin') returning id`
  return (org as { id: string }).id
}

/** A request for Google Ads of a client of its own, unless told otherwise. */
export function wish(orgId: string, other: Partial<Wish> = {}): Wish {
  const id = randomUUID()
  return {
    ...{ orgId, requestedBy: 'U1', purpose: 'connect', connectionId: null, forSelf: false },
    ...{ client: { name: `Client ${id}` }, channelId: 'C1' },
    items: [{ connectorId: 'google-ads', accountHint: '' }],
    owner: { email: 'dana@acme.com', slackUserId: null, name: 'Dana', timeZone: 'Europe/Berlin' },
    ...{ note: '', submissionKey: id, ifFull: 'refuse' },
    ...other,
  }
}
