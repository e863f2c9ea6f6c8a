/**
 * Calls to addresses that strangers typed or providers hand out: https only, never into a private network. The address
 * is checked as it is connected to, so a name that resolves differently the second time gains nothing.
 */
import { type LookupAddress, lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

export type Outward = {
  method: string
  headers: Record<string, string>
  body: string | null
  signal: AbortSignal
}
export type Inward = { status: number; headers: Record<string, string>; body: AsyncIterable<Uint8Array> }

/** An address inside somebody's network. */
export class PrivateAddress extends Error {
  override name = 'PrivateAddress'
}

/** Follows no redirect. Rejects with PrivateAddress, the signal's reason, or what the network says. */
export function callOutward(url: string, { method, headers, body, signal }: Outward): Promise<Inward> {
  const { protocol, hostname } = new URL(url)
  const address = hostname.replace(/^\[|\]$/g, '')
  if (protocol !== 'https:' || (isIP(address) !== 0 && isPrivate(address)))
    return Promise.reject(new PrivateAddress('only public https addresses may be called'))
  return ask(https, url, { method, headers, body, signal }, publicOnly)
}

/** The same for an address PROVIDER_ORIGINS leads to, wherever that is. */
export function callRouted(url: string, options: Outward): Promise<Inward> {
  return ask(new URL(url).protocol === 'http:' ? http : https, url, options)
}

function ask(
  protocol: typeof http | typeof https,
  url: string,
  { method, headers, body, signal }: Outward,
  resolve?: LookupFunction,
): Promise<Inward> {
  return new Promise((answered, failed) => {
    const request = protocol.request(
      url,
      {
        method,
        headers: { 'accept-encoding': 'identity', ...headers },
        signal,
        ...(resolve && { lookup: resolve }),
      },
      (response) => {
        const sent = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const body = unpacked(response)
        answered({ status: response.statusCode ?? 0, headers: Object.fromEntries(sent), body })
      },
    )
    request.on('error', failed)
    request.end(body ?? undefined)
  })
}

const UNPACKERS: Record<string, () => NodeJS.ReadWriteStream & AsyncIterable<Uint8Array>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Some shops’ caches pack every answer, whatever was asked for; nothing at all is a whole answer, too. */
async function* unpacked(response: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  const unpacker = UNPACKERS[response.headers['content-encoding']?.trim().toLowerCase() ?? '']?.()
  if (!unpacker) return yield* response
  let isEmpty = true
  const packed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of response) {
      isEmpty = false
      yield chunk
    }
  }
  pipeline(packed, unpacker, () => {}) // whoever reads hears the error
  try {
    yield* unpacker
  } catch (error) {
    if (!isEmpty) throw error
  }
}

const publicOnly: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const [first] = found ?? []
    if (error || !first) return done(error ?? new Error(`${host} has no address`), '', 4)
    if (found.some(({ address }) => isPrivate(address)))
      return done(new PrivateAddress(`${host} lies in a private network`), '', 4)
    if (options.all) return done(null, found as never, 0)
    done(null, first.address, first.family)
  })
}

/** Loopback, private, link-local, shared, multicast, documentation and reserved ranges (IANA special-purpose registries). */
export function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  return reserved.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}

const RANGES_4: [string, number][] = [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
  ] as [string, number][]),
  ...([
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as [string, number][]),
]
/** 64:ff9b::/96 and 2002::/16 carry an IPv4 address that would have to be looked into: nobody's shop lies there. */
const RANGES_6: [string, number][] = [
  ['::', 127],
  ['64:ff9b::', 32],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
]

const reserved = new BlockList()
for (const [net, bits] of RANGES_4) reserved.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of RANGES_6) reserved.addSubnet(net, bits, 'ipv6')
