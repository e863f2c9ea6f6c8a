/** A process of its own that reads or renews, so that a test may kill it: `fork(this file, [database URL, origin])`. */
import { withCredential } from '../../flows/credential.ts'
import { runBackfill } from '../../flows/run-backfill.ts'
import { openDb } from '../../storage/db.ts'
import { readingServices } from './reading.ts'
import { remoteConnector } from './tiny-provider.ts'

export type Task =
  | { kind: 'backfill'; orgId: string; sourceId: string }
  | { kind: 'call'; orgId: string; connectionId: string; jobs: number }
export type Report = { done: number; failures: string[] }

const [, , databaseUrl = '', origin = ''] = process.argv
const connector = remoteConnector(origin)
const services = readingServices(openDb(databaseUrl, { max: 5 }), [connector])
const signal = new AbortController().signal

process.on('message', async (task: Task) => {
  const attempts =
    task.kind === 'backfill'
      ? [runBackfill(services, { ...task, last: false }, signal).then(({ kind }) => kind)]
      : Array.from({ length: task.jobs }, () =>
          withCredential(services, { ...task, connector }, signal, (context) =>
            context.call({ url: `${origin}/accounts` }),
          ),
        )
  const settled = await Promise.allSettled(attempts)
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  process.send?.({ done: settled.length - failures.length, failures } satisfies Report)
})
process.on('disconnect', () => process.exit())
process.send?.('up')
