/** Reports a provider prepares as files: ordered window by window, waited for, fetched, and read page by page. */
import { ConnectorError, type Context } from './call.ts'
import type { DayRange, Page } from './connector.ts'
import { addDays, windowFrom } from './days.ts'
import { prepared, walk } from './paging.ts'

/** Null: still being prepared. `lost`: failed, expired or unknown by now. `empty`: done, and there is no file. */
type Fate = { url: string } | 'empty' | 'lost' | null

export type Orders = {
  provider: string
  /** How long a range one report may span. */
  days: number
  /** Orders a report and gives the id by which to ask for it. */
  order(window: DayRange): Promise<string>
  look(id: string): Promise<Fate>
  /** Takes the file out of what it is packed in, beside gzip. May throw anything. */
  unpack?(file: Buffer): Buffer
  /** The rows from a byte on (0: the beginning), and the byte where the next page begins. May throw anything. */
  read(file: Buffer, at: number): Omit<Page, 'next'> & { next: number | null }
}

/**
 * Without `id` a window is to be ordered; with it, its report, ordered at `since`, is to be read from `at` on. `tries`:
 * how many of its reports were lost.
 */
type Place = { from: string; to?: string; id?: string; since?: number; at?: number; tries?: number }

/** So many are ordered again at once; then the failure is said, and the next attempt goes on. */
const TRIES = 3

const HOUR_MS = 3_600_000
/** Longer than any provider says it needs: what is still being prepared then has been forgotten there. */
const FORGOTTEN_MS = 12 * HOUR_MS
/** To the hour, so that a range read again has the same cursors. */
const hourNow = () => Math.floor(Date.now() / HOUR_MS) * HOUR_MS

/**
 * Goes on from any cursor: a report that was lost in between is ordered once more. Throws ConnectorError, `rate_limited`
 * while a report is being prepared, `transient` where several were lost.
 */
export function orderedPages(
  context: Context,
  range: DayRange,
  cursor: string | null,
  orders: Orders,
): AsyncGenerator<Page> {
  const orderedNow = new Set<string>()
  let open: { id: string; file: Buffer } | null = null

  return walk<Place>({ from: range.from }, cursor, async (place) => {
    const { from, to = range.to, id, since = hourNow(), at = 0, tries = 0 } = place
    if (id === undefined) {
      const window = windowFrom(from, range, orders.days)
      if (window === null) return { rows: [], after: null }
      if (tries > 0 && tries % TRIES === 0 && JSON.stringify(place) !== cursor)
        throw unreadable(orders, 'failed at the provider')
      const ordered = await orders.order(window)
      orderedNow.add(ordered)
      return { rows: [], after: { ...window, id: ordered, since, ...(tries > 0 && { tries }) } }
    }
    if (open?.id !== id) {
      const isForgotten = Date.now() - since > FORGOTTEN_MS
      const look = async () => (await orders.look(id)) ?? (isForgotten ? 'lost' : null)
      const fate = await prepared(context, orders.provider, look).catch(gone(orderedNow.has(id)))
      if (fate === 'lost' && !orderedNow.has(id)) return { rows: [], after: { from, tries: tries + 1 } }
      if (fate === 'lost') throw unreadable(orders, 'failed at the provider')
      open = { id, file: fate === 'empty' ? Buffer.alloc(0) : await fetched(context, orders, fate.url) }
    }
    const { next, ...page } = readable(orders, open.file, (file) => orders.read(file, at))
    if (next !== null) return { ...page, after: { from, to, id, since, at: next } }
    return { ...page, after: to < range.to ? { from: addDays(to, 1) } : null }
  })
}

/** Through URL once: providers write default ports, which nobody's origin has. */
async function fetched(context: Context, orders: Orders, url: string): Promise<Buffer> {
  const file = await context.download(URL.canParse(url) ? new URL(url).href : url)
  return readable(orders, file, (packed) => orders.unpack?.(packed) ?? packed)
}

/** A file that makes no sense is one that broke on its way: the next attempt fetches it again. */
function readable<T>(orders: Orders, file: Buffer, work: (file: Buffer) => T): T {
  try {
    return work(file)
  } catch (cause) {
    if (cause instanceof ConnectorError) throw cause
    throw unreadable(orders, 'could not be read', cause)
  }
}

/** Some providers refuse a question about a report they no longer know, in words of their own: that one is lost. */
const gone = (isNew: boolean) => (error: unknown) => {
  if (isNew || !(error instanceof ConnectorError) || error.kind !== 'unknown') throw error
  return 'lost' as const
}

const unreadable = ({ provider }: Orders, what: string, cause?: unknown) =>
  new ConnectorError('transient', provider, `A prepared report ${what}`, { cause })
