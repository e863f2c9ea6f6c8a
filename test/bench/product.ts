/** The product's services on a bench database, without its edges. */
import { randomBytes } from 'node:crypto'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import type { Services } from '../../flows/services.ts'
import { jobs } from '../../jobs/index.ts'
import { openQueue } from '../../jobs/queue.ts'
import { type Db, openDb } from '../../storage/db.ts'
import { createDeriver, createVault, parseSecretKeys } from '../../storage/seal.ts'

export type Product = { db: Db; services: Services; close(): Promise<void> }

/** Sends jobs and runs none. `secretKeys` must be shared by processes that share credentials. */
export async function openProduct(databaseUrl: string, secretKeys = freshKeys(), max = 16): Promise<Product> {
  const db = openDb(databaseUrl, { max })
  const report = (_level: string, error: unknown) => console.error(error)
  const queue = await openQueue(databaseUrl, jobs, { worker: false, report })
  const keys = parseSecretKeys(secretKeys)
  const services: Services = {
    db,
    queue: queue.queue,
    connectors: catalogue(allConnectors),
    oauthApps: { google: { id: 'app', secret: 'secret' } },
    vault: createVault(keys, 'credential'),
    tokens: createDeriver(keys, 'token'),
    publicUrl: new URL('http://localhost:3000'),
  }
  return {
    db,
    services,
    async close() {
      await queue.close()
      await db.close()
    },
  }
}

export const freshKeys = () => `k1:${randomBytes(32).toString('base64')}`
