/** Working off a source's open backfill slices, newest month first. */
import * as runs from '../storage/sync-runs.ts'
import type { Services } from './services.ts'
import { runSync, type SyncOutcome } from './sync.ts'

/** A long history goes back to the queue between slices, so that it does not keep others from being read. */
const TURN_MS = 60_000

/**
 * `done`: no slice is open any more. `later` also where the turn is over. After a failure the slice stays open for
 * the queue's retry; one that is given up on the last attempt lets the older months go on.
 */
export async function runBackfill(
  services: Services,
  { orgId, sourceId, last }: { orgId: string; sourceId: string; last: boolean },
  signal: AbortSignal,
): Promise<SyncOutcome> {
  const until = performance.now() + TURN_MS
  let rows = 0
  for (;;) {
    const [next] = await runs.openOf(services.db, orgId, sourceId, 'backfill')
    if (!next) return { kind: 'done', rows }
    if (signal.aborted || performance.now() > until)
      return { kind: 'later', seconds: 1, why: 'more months to read' }
    const outcome = await runSync(services, { orgId, runId: next.id, last }, signal)
    if (outcome.kind === 'done') rows += outcome.rows
    else if (outcome.kind !== 'failed' || !outcome.givenUp) return outcome
  }
}
