/** What stands before the owner's pages: no forms from elsewhere, no guessing of tokens, no endless waiting. */
import { isIPv6 } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { foreignFormPage, unknownPage } from '../templates/page/problem.ts'
import { sendPage } from './send.ts'

/** Forms must come from our own pages. Browsers too old for Sec-Fetch-Site still send Origin. */
export function ownForms(publicUrl: URL): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'POST' || isOwn(req, publicUrl)) return next()
    sendPage(res, 403, foreignFormPage())
  }
}

function isOwn(req: Request, publicUrl: URL): boolean {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin } = req.headers
  return origin === undefined || origin === publicUrl.origin
}

const WINDOW_MS = 60_000
const UNKNOWN_MAX = 30
const ADDRESSES_MAX = 10_000

export type Guesses = {
  /** True when this address named too many unknown links in the last minute: it is not looked up any more. */
  tooMany(address: string): boolean
  note(address: string): void
}

/** Counts unknown tokens per address, in this process. Known links never count. */
export function countGuesses(now: () => number = Date.now): Guesses {
  const counts = new Map<string, { since: number; n: number }>()
  const current = (address: string) => {
    const entry = counts.get(network(address))
    return entry && now() - entry.since < WINDOW_MS ? entry : null
  }
  return {
    tooMany: (address) => (current(address)?.n ?? 0) >= UNKNOWN_MAX,
    note(address) {
      const entry = current(address)
      if (entry) entry.n++
      else {
        const [oldest] = counts.keys()
        if (counts.size >= ADDRESSES_MAX && oldest !== undefined) counts.delete(oldest)
        counts.delete(network(address)) // so that the map stays in the order of time
        counts.set(network(address), { since: now(), n: 1 })
      }
    },
  }
}

/** One customer has a /64 of IPv6, so many addresses that each could guess. */
function network(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const rest = tail.split(':').filter(Boolean)
  const zeros = address.includes('::') ? 8 - groups.length - rest.length : 0
  return [...groups, ...Array<string>(zeros).fill('0'), ...rest].slice(0, 4).join(':')
}

/** Stops an address that guesses before its next guess reaches the database. The body is that of an unknown link. */
export function stopGuessing(guesses: Guesses): RequestHandler {
  return (req, res, next) => {
    if (!guesses.tooMany(req.ip ?? '')) return next()
    res.set('retry-after', '60')
    sendPage(res, 429, unknownPage())
  }
}

/** The database did not answer in time, or at all. */
class Unavailable extends Error {
  override name = 'Unavailable'
}

const PATIENCE_MS = 4_000

/** For the first question a page asks the database: a person gets an answer within five seconds. */
export async function promptly<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, no) => {
    timer = setTimeout(() => no(new Unavailable('the database did not answer in time')), PATIENCE_MS)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

const DOWN = /^(CONNECT|CONNECTION_|ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EPIPE|57P0|53300|08)/

export function isUnavailable(error: unknown): boolean {
  if (error instanceof Unavailable) return true
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown[] }
  return (typeof code === 'string' && DOWN.test(code)) || (errors?.some(isUnavailable) ?? false)
}
