/** Addresses strangers typed: what is read as one, and that none leads into somebody's network. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addressOf, secretField } from '../../connectors/fields.ts'
import { openContext, routeOrigins } from '../../connectors/http.ts'
import { callOutward, callRouted, isPrivate, PrivateAddress } from '../../connectors/outward.ts'
import { woocommerce } from '../../connectors/woocommerce.ts'

/** What the resolver says, by name; others are asked for real. */
const answers: Record<string, { address: string; family: number }[]> = {}
vi.mock('node:dns', async (real) => {
  const dns = await real<typeof import('node:dns')>()
  const lookup = (host: string, options: object, done: (...said: unknown[]) => void) => {
    if (answers[host]) return done(null, answers[host])
    if (!host.endsWith('.example')) return dns.lookup(host, options, done as never)
    done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }))
  }
  return { ...dns, default: { ...dns, lookup }, lookup }
})

const options = { method: 'GET', headers: {}, body: null, signal: AbortSignal.timeout(10_000) }

beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name]
})
afterEach(() => routeOrigins({}))

describe('an address', () => {
  it.each([
    ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254'],
    ...['172.16.0.1', '172.31.255.255', '192.0.2.1', '192.168.1.1', '198.18.0.1', '224.0.0.1'],
    ...['255.255.255.255', '::', '::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fec0::1', 'ff02::1'],
    ...['2001:db8::1', '2002:7f00:1::', '64:ff9b::7f00:1'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::FFFF:192.168.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe'],
  ])('%s is private', (address) => {
    expect(isPrivate(address)).toBe(true)
  })

  it.each([
    ...['1.1.1.1', '11.0.0.1', '100.128.0.1', '172.32.0.1', '192.169.0.1', '223.255.255.255'],
    ...['2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '::ffff:808:808'],
  ])('%s is public', (address) => {
    expect(isPrivate(address)).toBe(false)
  })
})

describe('a call outward', () => {
  it.each([
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://127.1/', 'https://[::1]/'],
    ...['https://[::ffff:127.0.0.1]/', 'https://10.1.2.3:8443/', 'https://169.254.169.254/latest/meta-data'],
    ...['https://localhost/', 'http://shop.example/', 'ftp://shop.example/'],
  ])('to %s is refused', async (url) => {
    await expect(callOutward(url, options)).rejects.toBeInstanceOf(PrivateAddress)
  })

  it.each([
    ['lies in a private network', ['10.0.0.5']],
    ['has a private address beside a public one', ['93.184.216.34', '10.0.0.5']],
    ['hides a private address in an IPv6 one', ['::ffff:10.0.0.5']],
    ['is the machine itself', ['::1']],
  ])('to a name that %s is refused', async (_says, found) => {
    answers['shop.example'] = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    await expect(callOutward('https://shop.example/', options)).rejects.toBeInstanceOf(PrivateAddress)
  })

  it('asks the resolver anew for every connection, so that a name that changes its mind gains nothing', async () => {
    answers['shop.example'] = [{ address: '10.0.0.5', family: 4 }]
    await expect(callOutward('https://shop.example/', options)).rejects.toBeInstanceOf(PrivateAddress)
    answers['shop.example'] = []
    await expect(callOutward('https://shop.example/', options)).rejects.toThrow('has no address')
    answers['shop.example'] = [{ address: '192.168.0.9', family: 4 }]
    await expect(callOutward('https://shop.example/', options)).rejects.toBeInstanceOf(PrivateAddress)
  })

  it('follows no redirect', async () => {
    const asked: string[] = []
    const server = createServer(({ url = '' }, response) => {
      asked.push(url)
      response.writeHead(302, { location: '/inside' }).end()
    })
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    const { port } = server.address() as AddressInfo
    const { status, headers } = await callRouted(`http://127.0.0.1:${port}/start`, options)
    expect([status, headers.location, asked]).toEqual([302, '/inside', ['/start']])
    server.closeAllConnections()
    server.close()
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['nothing we know', (text: string) => Buffer.from(text)],
  ] as const)('reads an answer packed with %s, though it asks for none', async (encoding, pack) => {
    const asked: unknown[] = []
    const server = createServer(({ url, headers }, response) => {
      asked.push(headers['accept-encoding'])
      response.writeHead(200, { 'content-encoding': encoding }).end(url === '/' ? pack('{"a":"ü"}') : '')
    })
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    const { port } = server.address() as AddressInfo
    for (const [path, text] of [
      ['/', '{"a":"ü"}'],
      ['/empty', ''],
    ]) {
      const { body } = await callRouted(`http://127.0.0.1:${port}${path}`, options)
      expect(Buffer.concat(await Array.fromAsync(body)).toString()).toBe(text)
    }
    expect(asked).toEqual(['identity', 'identity'])
    server.closeAllConnections()
    server.close()
  })

  it('breaks off where what was packed is broken or cut off, or nobody reads on', async () => {
    const whole = gzipSync('x'.repeat(5_000_000))
    const server = createServer(({ url }, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end(url === '/broken' ? 'no gzip at all' : url === '/half' ? whole.subarray(0, 2_000) : whole)
    })
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    const { port } = server.address() as AddressInfo
    const broken = await callRouted(`http://127.0.0.1:${port}/broken`, options)
    await expect(Array.fromAsync(broken.body)).rejects.toThrow('incorrect header check')
    const half = await callRouted(`http://127.0.0.1:${port}/half`, options)
    await expect(Array.fromAsync(half.body)).rejects.toThrow('unexpected end of file')
    const { body } = await callRouted(`http://127.0.0.1:${port}/`, options)
    for await (const chunk of body) {
      expect(chunk.byteLength).toBeLessThan(5_000_000)
      break
    }
    server.closeAllConnections()
    server.close()
  })

  it('ends with the signal', async () => {
    const signal = AbortSignal.abort(new Error('shutting down'))
    await expect(callOutward('https://shop.example/', { ...options, signal })).rejects.toThrow()
  })
})

describe('a shop', () => {
  const shop = (site: string) =>
    openContext({
      ...{ provider: woocommerce.provider, connector: woocommerce, accessToken: 'ck:cs', app: null, site },
      signal: options.signal,
    })
  const ask = (site: string, url = `${site}/wp-json/wc/v3/reports`) => shop(site).call({ url })

  it('inside a network is no shop', async () => {
    await expect(ask('https://localhost')).rejects.toMatchObject({ kind: 'account_lost' })
    answers['shop.example'] = [{ address: '172.20.0.4', family: 4 }]
    await expect(ask('https://shop.example')).rejects.toMatchObject({ kind: 'account_lost' })
  })

  it('is never what PROVIDER_ORIGINS leads to, unless it is led there', async () => {
    const inside = createServer((_request, response) => void response.end('{"secret":"of the network"}'))
    await new Promise<void>((up) => inside.listen(0, '127.0.0.1', up))
    const proxy = `https://127.0.0.1:${(inside.address() as AddressInfo).port}`
    routeOrigins({ 'https://graph.facebook.com': proxy })
    await expect(ask(proxy)).rejects.toMatchObject({ kind: 'account_lost' })
    routeOrigins({ 'https://shop.example': proxy.replace('https', 'http') })
    expect((await ask('https://shop.example')).body).toEqual({ secret: 'of the network' })
    const file = shop('https://shop.example').download(`${proxy.replace('https', 'http')}/report`)
    await expect(file).rejects.toMatchObject({ kind: 'unknown' })
    inside.closeAllConnections()
    inside.close()
  })

  it('whose name nobody knows now is passing trouble', async () => {
    await expect(ask('https://gone.example')).rejects.toMatchObject({ kind: 'transient' })
  })

  it('gets the key at its own address only', async () => {
    const elsewhere = 'https://evil.example/wp-json/wc/v3/reports'
    await expect(ask('https://shop.example', elsewhere)).rejects.toThrow('may not call https://evil.example')
  })
})

describe('what people type', () => {
  it.each([
    ['shop.example', 'https://shop.example'],
    ['  https://Shop.Example/  ', 'https://shop.example'],
    ['https://shop.example/de/?utm_source=mail#top', 'https://shop.example/de'],
    ['https://shop.example:443/', 'https://shop.example'],
    ['https://shop.example\\@evil.example', 'https://shop.example/@evil.example'],
    ['https://müller.example', 'https://xn--mller-kva.example'],
  ])('%s is an address', (typed, meant) => {
    expect(addressOf(typed)).toBe(meant)
  })

  it.each([
    ...['', '   ', 'shop', 'localhost', 'http://shop.example', 'ftp://shop.example', 'javascript:alert(1)'],
    ...['https://shop.example:8443', 'https://me:pw@shop.example', 'https://me@shop.example'],
    ...['https://127.0.0.1', '10.0.0.1', 'https://[::1]', 'https://0x7f.1', 'https://2130706433'],
    ...['https://', 'https://shop..example', 'two words'],
  ])('%j is none', (typed) => {
    expect(addressOf(typed)).toBeNull()
  })

  const key = secretField({
    ...{ name: 'key', label: 'Key', hint: 'It begins with k_', problem: 'No key' },
    pattern: /^k_[a-z]+$/,
  })
  it('is a key without what was copied along, and never half of one', () => {
    for (const typed of ['k_abc', ' k_abc\n', '"k_abc"', 'k_\u200babc', 'k_a bc'])
      expect(key.read(typed)).toBe('k_abc')
    for (const typed of ['', 'abc', 'k_', 'k_abc1', 'https://k_abc', 'K_ABC'])
      expect(key.read(typed)).toBeNull()
    expect(key.secret).toBe(true)
  })
})
