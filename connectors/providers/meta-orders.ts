/** Reports Meta prepares: one is ordered and waited for, then read like any other. (Marketing API, Insights, async jobs) */
import { type Account, ConnectorError, type Context } from '../connector.ts'
import { prepared } from '../paging.ts'
import { textAt } from '../values.ts'
import { GRAPH, meta } from './meta.ts'

/** The reason of a report that Meta gave up. */
export const FAILED = 'job_failed'

/** Gives the id by which to ask for it. */
export async function order(
  context: Context,
  { id }: Account,
  asked: Record<string, string>,
): Promise<string> {
  const url = `${GRAPH}/act_${id}/insights`
  const { body } = await context.call({ method: 'POST', url, form: asked })
  const job = textAt(body, 'report_run_id')
  if (job === null) throw new ConnectorError('unknown', meta.id, 'Meta Ads ordered a report without its id')
  return job
}

/** For some moments after the order Meta may not know it (code 100, subcode 33), which reads as account_lost. */
export async function finished(context: Context, job: string): Promise<void> {
  let absent: ConnectorError | null = null
  const ask = async () => {
    absent = null
    const { body } = await context.call({ url: `${GRAPH}/${job}` }).catch((error: unknown) => {
      if (!(error instanceof ConnectorError) || error.kind !== 'account_lost') throw error
      absent = error
      return { body: null }
    })
    const status = textAt(body, 'async_status') ?? ''
    if (['Job Failed', 'Job Skipped'].includes(status))
      throw new ConnectorError('transient', meta.id, 'Meta Ads failed to prepare it', { reason: FAILED })
    return status === 'Job Completed' ? job : null
  }
  await prepared(context, meta.id, ask).catch((error: unknown) => {
    throw absent ?? error
  })
}
