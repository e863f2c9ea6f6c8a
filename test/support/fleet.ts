/** Many connections of one provider and OAuth app, over several orgs, whose tokens a test takes and gives back. */
import { randomUUID } from 'node:crypto'
import { secondLook } from '../../flows/second-look.ts'
import type { Services } from '../../flows/services.ts'
import { verifyConnection } from '../../flows/verify.ts'
import * as connections from '../../storage/connections.ts'
import type { Db } from '../../storage/db.ts'
import * as incidents from '../../storage/incidents.ts'
import { setClock } from './database.ts'
import { readingServices, type Sent, seedSource } from './reading.ts'
import { remoteConnector, startTinyProvider, type TinyServer } from './tiny-provider.ts'

export type Ship = { orgId: string; connectionId: string; sourceId: string; token: string }
export type Fleet = {
  services: Services
  sent: Sent[]
  ships: Ship[]
  orgs: string[]
  tiny: TinyServer
  /** Minutes on latchkey's clock since the fleet was made. */
  at(minutes: number): Promise<void>
  /** Read by something, and refused if its token is not valid. */
  read(ship: Ship): Promise<void>
  look(ship: Ship): Promise<void>
  status(ship: Ship): Promise<string>
  open(ship: Ship): Promise<string[]>
}

const signal = new AbortController().signal
const START = Date.parse('2026-11-20T00:00:00Z')

/** `sizes`: connections per org, each authorised a day ago, with one source and a valid token that needs no renewal. */
export async function launch(db: Db, sizes: number[], tiny: TinyServer): Promise<Fleet> {
  const sent: Sent[] = []
  const services = readingServices(db, [remoteConnector(tiny.origin)], sent)
  await setClock(db, new Date(START))
  const app = randomUUID()
  const ships: Ship[] = []
  const orgs: string[] = []
  for (const size of sizes) {
    const [org] =
      await db.sql`insert into org (name, alert_channel_id) values ('Agency', 'CALERT') returning id`
    const orgId = org?.id as string
    orgs.push(orgId)
    for (let i = 0; i < size; i++) {
      const token = `token-${randomUUID()}`
      tiny.valid.add(token)
      const made = await seedSource(services, {
        refreshToken: null,
        expiresAt: null,
        accessToken: token,
        orgId,
      })
      await db.sql`update connection set oauth_app = ${app} where id = ${made.connectionId}`
      ships.push({ ...made, token })
    }
  }
  return {
    ...{ services, sent, ships, orgs, tiny },
    at: (minutes) => setClock(db, new Date(START + minutes * 60_000)),
    read: (ship) => verifyConnection(services, ship, signal),
    look: (ship) => secondLook(services, ship, signal),
    status: async ({ orgId, connectionId }) =>
      (await connections.byId(db, orgId, connectionId))?.status ?? 'gone',
    open: async ({ orgId, connectionId }) =>
      (await incidents.openOf(db, orgId, connectionId)).map(({ kind }) => kind),
  }
}

export { startTinyProvider }
