/** Ten links per org in any rolling hour: exact with four processes, and over any history. */
import { fork } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sendQueued } from '../../flows/queue-requests.ts'
import { judge, quotaOf, slotFor } from '../../flows/quota.ts'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest } from '../../flows/request-actions.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import type { Order } from '../support/quota-child.ts'

const { url, db } = await freshDatabase()
const { services } = askServices(db)
const CHILD = new URL('../support/quota-child.ts', import.meta.url).pathname
const MINUTE = 60_000

async function inProcesses(count: number, order: Omit<Order, 'url'>): Promise<string[]> {
  const all = Array.from({ length: count }, () => {
    const child = fork(CHILD, { execArgv: [] })
    child.send({ url, ...order } satisfies Order)
    return new Promise<string[]>((done, failed) => {
      child.once('message', (kinds) => done(kinds as string[]))
      child.once('exit', (code) => code && failed(new Error(`child exited ${code}`)))
    })
  })
  return (await Promise.all(all)).flat()
}

const countsOf = (kinds: string[]) =>
  Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]))

test('a thousand requests from four processes issue exactly ten links', async () => {
  const orgId = await makeOrg(db)
  const kinds = await inProcesses(4, { orgId, times: 250, queue: false })
  expect(countsOf(kinds)).toEqual({ issued: 10, 'quota-reached': 990 })
  const [rows] = await db.sql`
    select (select count(*) from auth_link where org_id = ${orgId})::int as links,
      (select count(*) from access_request where org_id = ${orgId})::int as requests,
      (select count(*) from client where org_id = ${orgId})::int as clients,
      (select count(*) from delivery where org_id = ${orgId})::int as deliveries,
      (select recent_links = (select array_agg(issued_at order by issued_at) from auth_link where org_id = org.id)
        from org where id = ${orgId}) as agree`
  expect({ ...rows }).toEqual({ links: 10, requests: 10, clients: 10, deliveries: 10, agree: true })
})

test('quota and next free slot as they are shown', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 9, minute))
  const ring = Array.from({ length: 10 }, (_, n) => at(n))
  expect(judge([], at(0))).toEqual({ used: 0, left: 10, nextSlot: null })
  expect(judge(ring, at(30))).toEqual({ used: 10, left: 0, nextSlot: at(60) })
  expect(judge(ring, at(60))).toEqual({ used: 9, left: 1, nextSlot: null })
  expect(slotFor(ring, at(30), 3)).toEqual(at(62))
  expect(slotFor(ring, at(30), 12)).toEqual(at(121))
})

type Step =
  | { kind: 'ask'; queue: boolean; self: boolean }
  | { kind: 'cancel'; nth: number }
  | { kind: 'tick' }
  | { kind: 'wait'; minutes: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      queue: fc.boolean(),
      self: fc.nat(9).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), nth: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 70 }) }),
  },
)

/** The promise in the plainest words: a list of issue times and a line of people. */
class Model {
  now = Date.UTC(2026, 5, 1)
  issued: number[] = []
  line: string[] = []
  sent: string[] = []
  free = () => 10 - this.issued.filter((at) => at > this.now - 60 * MINUTE).length
  issue(id: string) {
    this.issued.push(this.now)
    this.sent.push(id)
  }
  tick() {
    while (this.line.length > 0 && this.free() > 0) this.issue(this.line.shift() as string)
  }
}

test('any history of asking, queueing, cancelling and waiting keeps to the promise', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 60 }), async (steps) => {
      const orgId = await makeOrg(db)
      const model = new Model()
      const made: string[] = []
      await setClock(db, new Date(model.now))
      for (const one of steps) {
        if (one.kind === 'wait') {
          model.now += one.minutes * MINUTE
          await setClock(db, new Date(model.now))
        } else if (one.kind === 'tick') {
          await sendQueued(services)
          model.tick()
        } else if (one.kind === 'cancel') {
          const requestId = made[one.nth]
          if (!requestId) continue
          await cancelRequest(services, { orgId, requestId, by: 'U1' })
          model.line = model.line.filter((id) => id !== requestId)
        } else {
          const ifFull = one.queue ? 'queue' : 'refuse'
          const outcome = await requestAccess(services, wish(orgId, { ifFull, forSelf: one.self }))
          const expected =
            one.self || model.free() > model.line.length ? 'issued' : one.queue ? 'queued' : 'quota-reached'
          expect(outcome.kind).toBe(expected)
          if (!('requestId' in outcome)) continue
          made.push(outcome.requestId)
          if (expected === 'queued') model.line.push(outcome.requestId)
          else if (!one.self) model.issue(outcome.requestId)
        }
        expect((await quotaOf(db, orgId)).used).toBe(10 - model.free())
      }
      const links = await db.sql<{ requestId: string; issuedAt: Date }[]>`
        select request_id, issued_at from auth_link where org_id = ${orgId} and counts order by issued_at, request_id`
      const bare = (list: string[]) => [...list].sort()
      expect(bare(links.map(({ requestId }) => requestId))).toEqual(bare(model.sent))
      const times = links.map(({ issuedAt }) => issuedAt.getTime())
      const gaps = times.slice(10).map((at, n) => at - (times[n] ?? 0))
      expect(gaps.filter((gap) => gap < 60 * MINUTE)).toEqual([])
    }),
    { numRuns: 25 },
  )
  await setClock(db, null)
}, 60_000)
