/** One request on the wire: deadline, size, declared origins; what comes back is returned, good or bad. */
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { ConnectorError, type HttpRequest, type Json, type Reply } from './call.ts'
import type { Connector, Provider } from './connector.ts'
import { exactJson } from './files.ts'
import { checkOrigin, isDownload, isLanding, routed } from './origins.ts'
import { callOutward, callRouted, type Inward, PrivateAddress } from './outward.ts'

export type Caller = {
  provider: Provider
  connector: Connector | null
  where: 'token' | 'api'
  site: string
  /** What was shown, so that an answer that repeats it is not passed on. */
  accessToken?: string | null
}

const DEADLINE_MS = 30_000
const DOWNLOAD_MS = 120_000
const MAX_BYTES = 20 * 1024 * 1024
const DOWNLOAD_BYTES = 100 * 1024 * 1024
const AGENT = 'Latchkey'

/** Throws ConnectorError `transient` where there was no answer. */
export async function send(caller: Caller, request: HttpRequest, signal: AbortSignal): Promise<Reply> {
  const { provider, connector, site } = caller
  const allowed = [...provider.origins, ...(connector?.origins ?? [])]
  const way = checkOrigin(request.url, allowed, site, connector?.id ?? provider.id)
  return timed(caller, signal, DEADLINE_MS, async (deadline) => {
    const options = { method: request.method ?? 'GET', headers: headersOf(request), body: bodyOf(request) }
    const { status, headers, body } = await deliver(target(request), way, { ...options, signal: deadline })
    const text = new TextDecoder().decode(await readAll(caller, body, MAX_BYTES))
    const form = request.formAnswer ? Object.fromEntries(new URLSearchParams(text)) : null
    return { status, headers, body: parse(text) ?? form, text }
  })
}

/** As `Context.download` says. */
export async function download(caller: Caller, url: string, signal: AbortSignal): Promise<Buffer> {
  const { connector, provider } = caller
  const allowed = [...(connector?.downloads ?? []), ...(connector?.origins ?? [])]
  const stray = () => failure(caller, 'unknown', 'prepared a file at an address that is not its own')
  if (!isDownload(url, allowed, provider.origins)) throw stray()
  return timed(caller, signal, DOWNLOAD_MS, async (deadline) => {
    const options = { method: 'GET', headers: { 'user-agent': AGENT }, body: null, signal: deadline }
    const isThere = isLanding(url, [...allowed, ...provider.origins])
    const sent = isThere ? callRouted(url, options) : deliver(url, 'site', options)
    const { status, body } = await sent.catch((cause: unknown) => {
      throw cause instanceof PrivateAddress ? stray() : cause
    })
    const file = await readAll(caller, body, DOWNLOAD_BYTES)
    if (status >= 300)
      throw new ConnectorError('transient', provider.id, `A prepared report answered ${status}`)
    return isGzip(file) ? gunzipSync(file, { maxOutputLength: DOWNLOAD_BYTES }) : file
  })
}

export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
}

type Details = ConstructorParameters<typeof ConnectorError>[3]

export function failure(
  { provider, connector }: Caller,
  kind: ConnectorError['kind'],
  what: string,
  details: Details = {},
): ConnectorError {
  return new ConnectorError(kind, provider.id, `${connector?.name ?? provider.name} ${what}`, details)
}

async function timed<T>(
  caller: Caller,
  signal: AbortSignal,
  ms: number,
  work: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ms)])
  try {
    return await work(deadline)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof ConnectorError) throw cause
    if (cause instanceof PrivateAddress) throw failure(caller, 'account_lost', 'has no public address')
    const late = deadline.aborted ? `did not answer within ${ms / 1000} s` : 'could not be reached'
    throw failure(caller, 'transient', late, { cause })
  }
}

type Options = { method: string; headers: Record<string, string>; body: string | null; signal: AbortSignal }

async function deliver(url: string, way: 'declared' | 'site', options: Options): Promise<Inward> {
  const to = routed(url)
  if (way === 'site') return to === url ? callOutward(url, options) : callRouted(to, options)
  const response = await fetch(to, { ...options, redirect: 'manual' })
  return { status: response.status, headers: Object.fromEntries(response.headers), body: bytesOf(response) }
}

async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  yield* response.body ?? []
}

function target({ url, query }: HttpRequest): string {
  const whole = new URL(url)
  for (const [name, value] of Object.entries(query ?? {})) whole.searchParams.set(name, value)
  return query ? whole.href : url
}

function headersOf({ json, form, headers }: HttpRequest): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': AGENT,
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...headers,
  }
}

function bodyOf({ json, form }: HttpRequest): string | null {
  if (json !== undefined) return JSON.stringify(json)
  return form === undefined ? null : new URLSearchParams(form).toString()
}

/** Stops reading, and the transfer, beyond `max`. */
async function readAll(caller: Caller, body: AsyncIterable<Uint8Array>, max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > max) throw failure(caller, 'unknown', `answered with more than ${max / 1024 / 1024} MB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A whole number of 16 digits or more that is not within quotation marks, e.g. an id. */
const LONG_NUMBER = /[:[,]\s*-?\d{16,}\s*[,}\]]/

/** Undefined: not JSON, so an HTML page, a truncated answer or nothing at all. */
function parse(raw: string): Json | undefined {
  try {
    return LONG_NUMBER.test(raw) ? exactJson(raw) : (JSON.parse(raw) as Json)
  } catch {
    return undefined
  }
}

const isGzip = (file: Buffer) => file[0] === 0x1f && file[1] === 0x8b
