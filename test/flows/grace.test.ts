/** A provider that refuses a good consent for its first minutes: never believed, and asked again afterwards. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { secondLook, secondLooks } from '../../flows/second-look.ts'
import { verifyConnection } from '../../flows/verify.ts'
import * as connections from '../../storage/connections.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { readingServices, type Seeded, type Sent, seedSource } from '../support/reading.ts'
import { jobsNamed } from '../support/reconnecting.ts'
import { remoteConnector, startTinyProvider } from '../support/tiny-provider.ts'

const { db } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())
const sent: Sent[] = []
const services = readingServices(db, [remoteConnector(tiny.origin)], sent)
const signal = new AbortController().signal
const START = Date.parse('2026-11-20T12:00:00Z')
const at = (minutes: number) => setClock(db, new Date(START + minutes * 60_000))
const row = ({ orgId, connectionId }: Seeded) => connections.byId(db, orgId, connectionId)
const looks = async ({ connectionId }: Seeded) => {
  sent.length = 0
  await secondLooks(services)
  return jobsNamed(sent, 'second-look').filter(({ key }) => key === connectionId).length
}

beforeEach(async () => {
  await at(0)
  Object.assign(tiny, { tokenCalls: 0, mode: { token: 'rotate', api: 'check' }, refreshToken: 'refresh-0' })
  tiny.valid = new Set(['access-0'])
})

/** Refused by the API at 2 and 9 minutes, whether its token can be renewed or not. */
async function refusedAtFirst(refreshToken: string | null): Promise<Seeded> {
  const seeded = await seedSource(services, { authorisedAgo: '0 minutes', expiresAt: null, refreshToken })
  tiny.mode.api = 'refuse'
  for (const minute of [2, 4, 9]) {
    await at(minute)
    await verifyConnection(services, seeded, signal)
    await secondLook(services, seeded, signal)
    expect(await row(seeded)).toMatchObject({ status: 'connected', failureClass: null })
    expect(await looks(seeded), 'nobody asks on purpose while it means nothing').toBe(0)
  }
  return seeded
}

test.each([['refresh-0'], [null]])(
  'a 401 within ten minutes of the consent never disconnects, and afterwards a good answer clears it (%s)',
  async (refreshToken) => {
    const seeded = await refusedAtFirst(refreshToken)
    tiny.mode.api = 'check'
    await at(10)
    expect(await looks(seeded)).toBe(1)
    await secondLook(services, seeded, signal)
    expect(await row(seeded)).toMatchObject({ status: 'connected', suspectedAt: null })
  },
)

test('refused afterwards as well, it is disconnected', async () => {
  const seeded = await refusedAtFirst(null)
  await at(10)
  expect(await looks(seeded)).toBe(1)
  await secondLook(services, seeded, signal)
  expect(await row(seeded)).toMatchObject({ status: 'disconnected', failureClass: 'revoked' })
})
