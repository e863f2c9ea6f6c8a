/**
 * No storage function gives an org anything of another org, whatever ids it is called with. Generated: every exported
 * function of storage/ that takes an org is called as org B with all the ids of org A.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../storage/db.ts'
import { freshDatabase } from '../support/database.ts'
import { CANARY, type Ids, newIds, seedOrg } from '../support/orgs.ts'

const { db } = await freshDatabase()
const [a, b] = [newIds('1'), newIds('2')]

type Exported = { file: string; name: string; params: string[] }

/** Text of the signature, because at run time a function no longer knows what its parameters are called. */
const functions: Exported[] = readdirSync('storage')
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const found = readFileSync(`storage/${file}`, 'utf8').matchAll(
      /^export (?:async )?function (\w+)(?:<[^>]*>)?\(([\s\S]*?)\)(?::|\s*\{)/gm,
    )
    return [...found].map(([, name = '', list = '']) => ({ file, name, params: split(list) }))
  })

const ofOneOrg = functions.filter(({ params }) => /^orgId: string$/.test(params[1] ?? ''))
const others = functions.filter((one) => !ofOneOrg.includes(one))

/** They take no org, and may not: what they are is in their name, or they touch no rows at all. */
const WITHOUT_ORG = [
  ...['openDb', 'isDuplicate', 'migrate', 'parseSecretKeys', 'createVault', 'createDeriver'],
  ...['ensureMonths', 'publishReporting', 'clock', 'save', 'pgTarget', 'ownColumns', 'sqlOf', 'holdStill'],
]

test('functions that take no org say so in their name', () => {
  const quiet = others.filter(
    ({ name }) => !/OfAllOrgs$|InAllOrgs$|By\w*Hash$/.test(name) && !WITHOUT_ORG.includes(name),
  )
  expect(quiet.map(({ file, name }) => `${file} ${name}`)).toEqual([])
})

beforeAll(async () => {
  await seedOrg(db, a)
  await seedOrg(db, b)
})

/** The caller hands over the row these belong to, after finding it in the org; they only ever add. */
const ADDS_WHAT_IT_IS_GIVEN = [
  'audit.ts record',
  'metrics.ts write',
  'deliveries.ts insert',
  'owner-asks.ts insert',
]

test.each(ofOneOrg)('$file $name keeps to its org', async ({ file, name, params }) => {
  const module = (await import(`../../storage/${file}`)) as Record<
    string,
    (...given: unknown[]) => Promise<unknown>
  >
  const before = await rowsOf(db, a.org)
  let answer: unknown
  const undo = new Error('undo')
  await db
    .transaction(async (tx) => {
      answer = await module[name]?.(tx, b.org, ...params.slice(2).map((param) => argument(file, param)))
      expect(await rowsOf(tx, a.org), 'rows of the other org changed').toEqual(before)
      if (!ADDS_WHAT_IT_IS_GIVEN.includes(`${file} ${name}`))
        expect(JSON.stringify(await rowsOf(tx, b.org)), 'a row now points at the other org').not.toContain(
          `${a.mark}f`,
        )
      throw undo
    })
    .catch((error: unknown) => {
      if (error === undo) return
      // The database itself refused: a foreign key, a uniqueness or a check. Anything else is a mistake of this test.
      const { code } = error as { code?: string }
      if (!/^23/.test(code ?? '')) throw error
    })
  expect(JSON.stringify(answer ?? null), 'it gave away something of the other org').not.toContain(
    `${CANARY} ${a.mark}`,
  )
})

async function rowsOf({ sql }: Db, orgId: string): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.columns
    where table_schema = 'latchkey' and column_name = 'org_id' and table_name not like 'daily_metrics%' order by 1`
  const rows: Record<string, string> = {}
  for (const { name } of [...tables, { name: 'daily_metrics' }]) {
    const [found] = await sql<{ all: string }[]>`
      select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]')::text as all
      from ${sql(name)} t where org_id = ${orgId}`
    rows[name] = found?.all ?? ''
  }
  return rows
}

const ID_OF_FILE: Record<string, keyof Ids> = {
  'access-requests.ts': 'request',
  'request-queue.ts': 'request',
  'auth-links.ts': 'link',
  'clients.ts': 'client',
  'connections.ts': 'connection',
  'consents.ts': 'consent',
  'deliveries.ts': 'delivery',
  'held-credentials.ts': 'held',
  'incidents.ts': 'incident',
  'moves.ts': 'move',
  'owner-asks.ts': 'ask',
  'workspaces.ts': 'workspace',
  'sources.ts': 'source',
  'sync-runs.ts': 'run',
}

/** Something of org A for each parameter, by its name; objects get every field at once. */
function argument(file: string, param: string): unknown {
  const [, name = '', type = ''] =
    /^(\w+|\{[\s\S]*?\})\??(?::\s*([\s\S]*?))?(?:\s*=[\s\S]*)?$/.exec(param) ?? []
  const everything = everythingOf(file)
  if (/OrgSettings/.test(type)) return { name: 'Renamed' }
  if (name.startsWith('{')) return everything
  if (name in everything && !/^\{|^Pick|^Omit|^New|^Partial|\[\]$/.test(type)) return everything[name]
  if (/Buffer\[\]/.test(type)) return [Buffer.from(a.mark)]
  if (/^string\[\]$/.test(type)) return [a.source, a.connection, a.held]
  if (/\[\]$/.test(type)) return [everything]
  if (/^number/.test(type)) return 5
  if (/^boolean/.test(type)) return true
  if (/^Date/.test(type)) return new Date()
  if (/^Buffer/.test(type)) return Buffer.from(a.mark)
  if (/^['"]/.test(type)) return /'([^']+)'/.exec(type)?.[1]
  if (/^string/.test(type)) return 'anything'
  return everything
}

/** Fields nobody listed are words, so that a new function is called without a change here. */
function everythingOf(file: string): Record<string, unknown> {
  return new Proxy(listed(file), {
    get: (fields, name) =>
      name in fields ? fields[String(name)] : typeof name === 'string' ? 'words' : undefined,
  })
}

function listed(file: string): Record<string, unknown> {
  const now = new Date('2026-11-20T12:00:00Z')
  return {
    ...{ id: a[ID_OF_FILE[file] ?? 'source'], clientId: a.client, requestId: a.request, linkId: a.link },
    ...{ connectionId: a.connection, sourceId: a.source, incidentId: a.incident, linkSessionId: a.session },
    ...{ sessionId: a.session, fromConnectionId: a.connection, toConnectionId: a.connection, itemId: a.item },
    ...{ sourceIds: [a.source], workspaceId: a.workspace, subjectId: a.request, deliveryId: a.delivery },
    ...{ outageId: a.outage, failureClasses: ['revoked'], runId: a.run, seen: [], flags: [], offered: [] },
    ...{ slackUserId: `U${a.mark}`, userId: `U${a.mark}`, by: 'U2', submissionKey: a.mark, key: a.mark },
    ...{ day: '2026-11-01', date: '2026-11-01', from: '2026-11-01', to: '2026-11-02' },
    ...{ fromDay: '2026-11-01', toDay: '2026-11-02', kind: 'connection', status: 'agreed', as: 'cancelled' },
    ...{ channel: 'mail', address: 'x@y.example', dedupeKey: a.mark, name: 'Somebody', text: 'words' },
    ...{ provider: 'google', oauthApp: 'app', identity: 'person', identityLabel: 'label', scopes: ['s'] },
    ...{
      askedScopes: ['s'],
      sealed: 'sealed',
      accounts: [],
      epoch: 1,
      rows: 1,
      cursor: null,
      connectorId: 'ga4',
    },
    ...{
      account: { id: 'acc', name: 'Account' },
      failureClass: 'revoked',
      detail: 'detail',
      why: 'finished',
    },
    ...{ channelId: 'C1', ts: '1.1', contentHash: Buffer.from('x'), purpose: 'connect', forSelf: false },
    ...{ requestedBy: 'U1', items: [], note: '', owner: {}, tokenHash: Buffer.from('t'), keyId: 'k1' },
    ...{ receiptHash: Buffer.from('r'), counts: true, issuedBy: 'U1', issuedAt: null, createdBy: 'U1' },
    ...{ reason: 'reason', outcome: { healed: [], notHealed: [] }, until: now, expiresAt: now, last: true },
    ...{
      timeZone: 'Etc/UTC',
      zone: 'Etc/UTC',
      nextAt: now,
      words: '',
      limit: 10,
      days: 3,
      hash: Buffer.from('h'),
    },
    ...{
      teamId: 'T9',
      enterpriseId: null,
      displayName: 'N',
      email: 'x@y.example',
      role: 'admin',
      locale: null,
    },
    ...{
      grantExpiresAt: null,
      authorisedBy: 'U1',
      expiresInSeconds: 60,
      grantExpiresInSeconds: 60,
      dimensions: {},
      metrics: {},
    },
    ...{ disconnected: false, ownerAction: null, botUserId: 'B', teamName: 'T', installationSealed: null },
    ...{ actor: 'system', data: {}, trouble: null, receivedAt: now, linkSessionId: a.session, plan: 'pro' },
    ...{ installedBy: null, appId: null, installation: null, workspaceAdmin: false, refused: null },
    ...{ ownerEmail: null, ownerSlackUserId: null, ownerName: null, ownerTimeZone: null, currency: null },
  }
}

/** Parameters at the top level of a list: commas inside braces and angle brackets do not count. */
function split(list: string): string[] {
  const params: string[] = []
  let depth = 0
  let at = ''
  for (const character of list) {
    if ('{[(<'.includes(character)) depth++
    if ('}])>'.includes(character)) depth--
    if (character === ',' && depth === 0) {
      params.push(at.trim())
      at = ''
    } else at += character
  }
  return [...params, at.trim()].filter(Boolean)
}
