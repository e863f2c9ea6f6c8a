/**
 * What a flow may use. Built once in app.ts, replaced piece by piece in tests.
 * Flows never reach a person directly: they enqueue a job, and the job speaks.
 */
import type { Catalogue, OAuthApps } from '../connectors/connector.ts'
import type { Db } from '../storage/db.ts'
import type { Deriver, Vault } from '../storage/seal.ts'

export type { Db }

export type Services = {
  db: Db
  queue: Queue
  /** Connectors that can be offered: their provider has an OAuth app, or they need none. */
  connectors: Catalogue
  oauthApps: OAuthApps
  /** Seals credentials and grant's sessions. */
  vault: Vault
  /** Link tokens (`link:<link id>`), receipt tokens (`receipt:<link id>`) and CSRF tokens come from here. */
  tokens: Deriver
  publicUrl: URL
}

/** Job name → payload. Each file in jobs/ adds its own line. Payloads hold ids, never secrets or addresses. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging, one line per job file
export interface Jobs {}

export type JobName = keyof Jobs

type SendOptions = {
  /** The transaction's `db`, so that the job exists exactly when the rows it refers to exist. */
  db: Db
  /** One job per key is waiting or running, where the queue's policy says so. */
  key?: string
  /** Not before this many seconds from now, on the real clock. For retries only: deadlines are columns. */
  afterSeconds?: number
}

export type Queue = {
  send<Name extends JobName>(name: Name, payload: Jobs[Name], options: SendOptions): Promise<void>
  sendMany<Name extends JobName>(
    name: Name,
    jobs: { payload: Jobs[Name]; key?: string }[],
    options: { db: Db },
  ): Promise<void>
}
