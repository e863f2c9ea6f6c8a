/** One sync run: pages from a connector into daily_metrics, each page and its cursor in one transaction. */
import { type Account, type Connector, ConnectorError, type Page } from '../connectors/connector.ts'
import * as audit from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import { type Db, isDuplicate } from '../storage/db.ts'
import * as metrics from '../storage/metrics.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import type { SyncRun } from '../storage/sync-runs.ts'
import * as runs from '../storage/sync-runs.ts'
import { sayComplete, sayProgress } from './backfill.ts'
import { withCredential } from './credential.ts'
import { noteFailure } from './disconnect.ts'
import { noteDrift } from './drift.ts'
import { touchCard } from './request-card.ts'
import { metricRows, metricsWithValues } from './rows.ts'
import type { Services } from './services.ts'

export type SyncOutcome =
  | { kind: 'done'; rows: number }
  /** Another worker took the run over, or it was stopped: nothing more to do here. */
  | { kind: 'fenced' }
  /** The run has ended, or its source is not connected. */
  | { kind: 'idle' }
  /** The provider asked to wait; not a failure. */
  | { kind: 'later'; seconds: number; why: string }
  /** Noted. Given up: the last attempt failed in a way nobody understands; else the run stays open for another. */
  | { kind: 'failed'; error: ConnectorError; givenUp: boolean }

const RATE_LIMIT_WAIT_S = 60
/** Whatever a provider says: a source that nobody asks again would stay silent for good. */
const LONGEST_WAIT_S = 6 * 3_600
/** Real seconds between two edits of the progress message. */
const PROGRESS_EVERY_S = 30

class FencedOut extends Error {}

type Reading = {
  run: SyncRun
  source: Source
  connector: Connector
  currency: string | null
  zone: string | null
}

/** Resumes at the run's cursor. Our own mistakes throw; provider trouble is an outcome, already noted. */
export async function runSync(
  services: Services,
  { orgId, runId, last = false }: { orgId: string; runId: number; last?: boolean },
  signal: AbortSignal,
): Promise<SyncOutcome> {
  const reading = await begin(services, orgId, runId)
  if (!reading) return { kind: 'idle' }
  try {
    return { kind: 'done', rows: await readPages(services, reading, signal) }
  } catch (error) {
    if (error instanceof FencedOut) return { kind: 'fenced' }
    if (signal.aborted) return { kind: 'later', seconds: 1, why: 'the worker is stopping' }
    if (!(error instanceof ConnectorError)) throw error
    return onTrouble(services, reading, error, last)
  }
}

/** Null where nothing may be read; what was open there is stopped, to be resumed when the source heals. */
async function begin({ db, connectors }: Services, orgId: string, runId: number): Promise<Reading | null> {
  const run = await runs.claim(db, orgId, runId)
  const source = run && (await sources.byId(db, orgId, run.sourceId))
  const connection = source && (await connections.byId(db, orgId, source.connectionId))
  const connector = source && connectors.get(source.connectorId)
  if (!run || !source || !connector) return null
  if (source.status === 'connected' && connection?.status === 'connected')
    return { run, source, connector, currency: source.currency, zone: null }
  await runs.stop(db, orgId, [source.id])
  return null
}

async function readPages(services: Services, reading: Reading, signal: AbortSignal): Promise<number> {
  const { run, source, connector } = reading
  const { orgId, connectionId } = source
  const range = { from: run.fromDay, to: run.toDay }
  const account = accountOf(source)
  const visited = new Set([run.cursor])
  let rows = 0
  await metrics.ensureMonths(services.db, range.from, range.to)
  await withCredential(services, { orgId, connectionId, connector, account }, signal, async (context) => {
    for await (const page of connector.report.pages(context, account, range, run.cursor)) {
      if (page.next !== null && visited.has(page.next))
        throw new ConnectorError('unknown', connector.provider.id, 'The report gave the same cursor twice')
      visited.add(page.next)
      reading.currency = page.currency ?? reading.currency
      reading.zone = page.timeZone ?? reading.zone
      rows += await storePage(services, reading, page)
      if (page.next === null) return
      signal.throwIfAborted()
    }
    await storePage(services, reading, { rows: [], next: null }) // a report that just ended
  })
  return rows
}

const accountOf = (source: Source): Account => ({
  id: source.accountId,
  name: source.accountName,
  ...(source.currency !== null && { currency: source.currency }),
  ...(source.accountTimeZone !== null && { timeZone: source.accountTimeZone }),
  ...(source.accountParent !== null && { parent: source.accountParent }),
})

/**
 * The cursor moves with the rows or not at all, and the last page ends the run. A rival that inserted the same key
 * first costs one repetition.
 */
async function storePage(services: Services, reading: Reading, page: Page): Promise<number> {
  const { run, source, connector, currency } = reading
  const rows = metricRows(connector.report, page, { from: run.fromDay, to: run.toDay }, currency)
  const store = () =>
    services.db.transaction(async (tx) => {
      const moved = await runs.progress(tx, source.orgId, run, {
        ...{ cursor: page.next, rows: rows.length, seen: metricsWithValues(rows), flags: page.flags ?? [] },
      })
      if (!moved) throw new FencedOut()
      await metrics.write(tx, source.orgId, source.id, rows)
      const [first] = rows.map(({ date }) => date).sort()
      // Nothing at all is more often a mistake than a wish, and tables that keep the latest days only are no news of
      // the days before: neither drops anything.
      if (page.whole && first !== undefined)
        await metrics.dropOthers(tx, source.orgId, source.id, { from: first, to: run.toDay }, rows)
      if (page.next === null) await end(services, tx, reading)
      if (run.kind === 'backfill') await sayProgress(services, tx, source, PROGRESS_EVERY_S)
      if (run.kind === 'backfill' && page.next === null) await sayComplete(services, tx, source)
    })
  await store().catch((error) => {
    if (!isDuplicate(error)) throw error
    return store()
  })
  return rows.length
}

async function end(services: Services, tx: Db, { run, source, currency, zone }: Reading): Promise<void> {
  const { orgId, id, requestId, clientId, connectionId } = source
  await runs.finish(tx, orgId, run)
  await sources.advance(tx, orgId, id, run.toDay, { currency, timeZone: zone })
  await noteDrift(services, tx, source, { runId: run.id, judges: run.kind !== 'backfill' })
  if (run.kind !== 'backfill' || (await runs.openOf(tx, orgId, id, 'backfill')).length > 0) return
  const data = { source: source.accountName, connector: source.connectorId }
  await audit.record(tx, orgId, {
    ...{ kind: 'backfill.done', actor: 'system', clientId, requestId, connectionId, sourceId: id, data },
  })
  if (requestId) await touchCard(services, tx, orgId, requestId)
}

async function onTrouble(
  services: Services,
  { run, source }: Reading,
  error: ConnectorError,
  last: boolean,
): Promise<SyncOutcome> {
  const { orgId, connectionId, id: sourceId } = source
  const waits = error.kind === 'rate_limited'
  // Trouble with a name passes or is mended some day, and `reconcile` brings the run back until then.
  const givenUp = last && error.kind === 'unknown'
  const why = { failureClass: error.kind, detail: error.message.slice(0, 500), last: givenUp }
  if (!(await runs.fail(services.db, orgId, run, why))) return { kind: 'fenced' }
  if (waits)
    return {
      ...{ kind: 'later', why: error.message },
      seconds: Math.min(error.retryAfterSeconds ?? RATE_LIMIT_WAIT_S, LONGEST_WAIT_S),
    }
  await noteFailure(services, { orgId, connectionId, sourceId, error })
  if (givenUp && run.kind === 'backfill') await sayComplete(services, services.db, source)
  return { kind: 'failed', error, givenUp }
}
