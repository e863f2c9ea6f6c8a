/** The two ways to go through pages, and waiting for a report that is being prepared. */
import { ConnectorError, type Context, type HttpRequest, type Json, type Reply } from './call.ts'
import type { Page } from './connector.ts'

/**
 * Every answer of a listing: `next` makes the following request of the last answer; null, or the same one, ends it.
 * Throws ConnectorError where that leads back to a page read before: it would never end.
 */
export async function* listing(
  context: Context,
  first: HttpRequest,
  next: (reply: Reply, asked: HttpRequest) => HttpRequest | null,
): AsyncGenerator<Json> {
  const asked = new Set<string>()
  for (let request: HttpRequest | null = first; request !== null; ) {
    const page = JSON.stringify([request.url, request.query, request.json, request.form])
    if (asked.has(page))
      throw new ConnectorError('unknown', new URL(request.url).host, 'A listing came back to the same page')
    asked.add(page)
    const reply: Reply = await context.call(request)
    yield reply.body
    const following: HttpRequest | null = next(reply, request)
    request = JSON.stringify(following) === JSON.stringify(request) ? null : following
  }
}

/**
 * A report whose place is a small state: where the next page begins, or which prepared report is waited for. The
 * cursor is that state as JSON. A step says the state `after` its page, null at the end; it may give no rows, but must
 * change the state, or the run is stopped.
 */
export async function* walk<State extends Json>(
  start: State,
  cursor: string | null,
  step: (state: State) => Promise<Omit<Page, 'next'> & { after: State | null }>,
): AsyncGenerator<Page> {
  for (let state: State | null = cursor === null ? start : (JSON.parse(cursor) as State); state !== null; ) {
    const { after, ...page } = await step(state)
    yield { ...page, next: after === null ? null : JSON.stringify(after) }
    state = after
  }
}

/** First waits in this process, short ones; then the queue asks again. */
const LOOKS_MS = [500, 1_000, 2_000]
const LATER_S = 20

/**
 * Asks until a prepared report is there (`ask` gives null while it is not). After some seconds it is handed back to the
 * queue: throws ConnectorError `rate_limited`, and the cursor of the page before leads back here.
 */
export async function prepared<T>(
  context: Context,
  provider: string,
  ask: () => Promise<T | null>,
): Promise<T> {
  for (const ms of [0, ...LOOKS_MS]) {
    if (ms > 0) await context.sleep(ms)
    const found = await ask()
    if (found !== null) return found
  }
  const says = 'The report is still being prepared'
  throw new ConnectorError('rate_limited', provider, says, { retryAfterSeconds: LATER_S })
}
