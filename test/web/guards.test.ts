import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDb } from '../../storage/db.ts'
import { countGuesses } from '../../web/guard.ts'
import { metricsRoute } from '../../web/metrics.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { proxyFor } from '../support/proxy.ts'
import { heading, picks, Visitor } from './browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeProvider,
  issueLink,
  type Link,
  openStage,
  type Stage,
} from './stage.ts'

const { db, url } = await freshDatabase()
let google: FakeServer
let stage: Stage
beforeAll(async () => {
  google = await fakeAuthorisationServer()
  stage = await openStage(db, [
    fakeConnector('ads', fakeProvider('google', google), [{ id: 'a1', name: 'Shop' }]),
  ])
})
afterAll(async () => {
  await Promise.all([stage.close(), google.close()])
})

const at = (path: string) => `${stage.origin}${path}`
const issue = () => issueLink(stage, { connectorIds: ['ads'] })

/** Everything that a link owns, to see that nothing changed. */
const snapshot = async ({ linkId, requestId }: Link) =>
  JSON.stringify([
    await db.sql`select * from auth_link where id = ${linkId}`,
    await db.sql`select * from access_request where id = ${requestId}`,
    await db.sql`select * from link_session where link_id = ${linkId}`,
    await db.sql`select count(*) from audit_event where request_id = ${requestId}`,
  ])

const SCANNERS = [
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5',
  'BarracudaCentral/1.0',
  '',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36',
]

describe('robots', () => {
  it('look 100 times with every method, and change nothing', async () => {
    const link = await issue()
    const before = await snapshot(link)
    for (const agent of SCANNERS)
      for (let round = 0; round < 20; round++)
        for (const method of ['HEAD', 'GET']) {
          const response = await new Visitor(agent).request(at(link.path), { method })
          expect(response.status).toBe(200)
          expect(response.headers.getSetCookie()).toEqual([])
        }
    await new Visitor().request(at(link.path), { method: 'OPTIONS' })
    for (const path of ['/decline', '/question', '/someone-else', '/accounts'])
      await new Visitor().go(at(`${link.path}${path}`))
    expect(await snapshot(link)).toBe(before)
  })

  it('press every button on every page, and the owner still gets through', async () => {
    const link = await issue()
    for (let robot = 0; robot < 12; robot++) await pressEverything(at(link.path))
    const open = await db.sql`select count(*)::int as n from link_session
      where link_id = ${link.linkId} and closed_at is null`
    expect(open[0]?.n).toBe(10)
    const owner = new Visitor()
    const picker = await owner.post(at(`${link.path}/continue`))
    const done = await owner.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
  })
})

/** Follows every form of every page it can reach here, with empty fields, up to the provider's door. */
async function pressEverything(start: string): Promise<void> {
  const robot = new Visitor('HeadlessChrome')
  const waiting = [start]
  const seen = new Set<string>()
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (seen.has(url) || seen.size > 20) continue
    seen.add(url)
    const { html } = await robot.go(url, {}, '/authorize')
    for (const [, method, action] of html.matchAll(/<form method="(\w+)" action="([^"]+)"/g)) {
      const target = new URL(action ?? '', url).href
      if (method === 'get') waiting.push(target)
      else if (!seen.has(`post ${target}`)) {
        seen.add(`post ${target}`)
        await robot.post(target, {}, '/authorize')
      }
    }
  }
}

describe('link sessions', () => {
  it('an eleventh browser pushes out the oldest that holds no credential', async () => {
    const link = await issue()
    const signedIn = new Visitor()
    const picker = await signedIn.post(at(`${link.path}/continue`))
    const first = new Visitor()
    await first.post(at(`${link.path}/continue`), {}, '/authorize')
    for (let n = 0; n < 9; n++) await new Visitor().post(at(`${link.path}/continue`), {}, '/authorize')
    const rows =
      await db.sql`select closed_why from link_session where link_id = ${link.linkId} order by opened_at`
    expect(rows.map((row) => row.closedWhy).slice(0, 3)).toEqual([null, 'pushed-out', null])
    const done = await signedIn.post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(heading(done.html)).toBe('Done. Thank you')
  })

  it('never adopts a cookie it did not make, and binds forms to the one it did', async () => {
    const link = await issue()
    const owner = new Visitor()
    const planted = 'x'.repeat(43)
    owner.jar.set(`ls_${link.linkId.slice(0, 8)}`, planted)
    const picker = await owner.post(at(`${link.path}/continue`))
    expect([...owner.jar.values()]).not.toContain(planted)
    const forged = { ...picks(picker.html, 'all'), form: 'forged' }
    await owner.post(at(`${link.path}/finish`), forged)
    const stranger = await new Visitor().post(at(`${link.path}/finish`), picks(picker.html, 'all'))
    expect(stranger.html).not.toContain('Done')
    const [row] = await db.sql`select status from auth_link where id = ${link.linkId}`
    expect(row?.status).toBe('issued')
  })

  it('keeps only a hash of the cookie, which is HttpOnly and Lax', async () => {
    const link = await issue()
    const response = await new Visitor().request(at(`${link.path}/continue`), { method: 'POST' })
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^ls_[0-9a-f]{8}=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
    const [row] =
      await db.sql`select encode(hash, 'base64') as hash from link_session where link_id = ${link.linkId}`
    expect(cookie).not.toContain(row?.hash)
  })
})

it('finds the link in a browser that has twenty others', async () => {
  const owner = new Visitor()
  for (let n = 0; n < 22; n++) owner.jar.set(`ls_0000${n}`, String(n).padEnd(43, 'x'))
  const link = await issue()
  const picker = await owner.post(at(`${link.path}/continue`))
  expect(heading(picker.html)).toBe('Choose the accounts to connect')
})

describe('guesses', () => {
  const full = (...addresses: string[]) => {
    const guesses = countGuesses()
    for (let n = 0; n < 30; n++) for (const address of addresses) guesses.note(address)
    return guesses
  }

  it('are counted per IPv4 address and per customer network of IPv6', () => {
    const guesses = full('192.0.2.1', '2001:db8:1:2::1')
    for (const address of ['192.0.2.1', '2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:db8:1:2:3:4:5:6'])
      expect(guesses.tooMany(address), address).toBe(true)
    for (const address of ['192.0.2.2', '2001:db8:1:3::1', '2001:db8::1:2:0:1', '::1', '::ffff:192.0.2.1'])
      expect(guesses.tooMany(address), address).toBe(false)
  })

  it('are not forgotten because ten thousand others guess too', () => {
    const guesses = countGuesses()
    for (let n = 0; n < 9_999; n++) guesses.note(`198.51.${n >> 8}.${n & 255}`)
    for (let n = 0; n < 30; n++) guesses.note('192.0.2.1')
    guesses.note('192.0.2.9')
    expect(guesses.tooMany('192.0.2.1')).toBe(true)
  })

  it('are counted by the address a proxy names, not by one the guesser names', async () => {
    const from = (forwarded: string) =>
      new Visitor().request(at('/l/lk_none'), { headers: { 'x-forwarded-for': forwarded } })
    for (let n = 0; n < 31; n++) await from(`203.0.113.${n}, 192.0.2.7`)
    expect((await from('203.0.113.99, 192.0.2.7')).status).toBe(429)
    expect((await from('192.0.2.7, 192.0.2.8')).status).toBe(404)
  })

  it('are counted on every way in', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.20', 'sec-fetch-site': 'same-origin' }
    const ways = ['continue', 'finish', 'decline', 'question', 'someone-else', 'fresh']
    const press = (way: string, body: string) =>
      new Visitor().request(at(`/l/lk_none/${way}`), {
        ...{ method: 'POST', body },
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      })
    const bodies = ['', 'do=another', 'email=a@b.example&question=x&reason=x']
    let known = 0
    for (const way of ways)
      for (const body of bodies) known += Number((await press(way, body)).status !== 429)
    expect(known).toBe(ways.length * bodies.length)
    for (let n = known; n < 30; n++) await new Visitor().request(at(`/r/lk_none${n}`), { headers })
    expect((await new Visitor().request(at('/l/lk_none'), { headers })).status).toBe(429)
  })
})

describe('the door', () => {
  it('sends strict headers, with the provider’s origin as the only other form target', async () => {
    const link = await issue()
    const { headers, html } = await new Visitor().go(at(link.path))
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`form-action 'self' ${google.origin}`)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(Object.fromEntries(headers)).toMatchObject({
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'x-content-type-options': 'nosniff',
    })
    expect(html).not.toMatch(/<script|<img|<link|src=|@import|url\(/)
  })

  it('lets no browser guess what an answer is, page or not', async () => {
    for (const path of ['/healthz', '/readyz', '/nothing', '/l/lk_none', '/connect/google/callback'])
      expect((await new Visitor().request(at(path))).headers.get('x-content-type-options'), path).toBe(
        'nosniff',
      )
  })

  it('uses a __Host- cookie behind https', async () => {
    const publicUrl = stage.services.publicUrl
    Object.assign(stage.services, { publicUrl: new URL('https://access.example') })
    try {
      const link = await issue()
      const headers = { 'sec-fetch-site': 'same-origin' }
      const response = await new Visitor().request(at(`${link.path}/continue`), { method: 'POST', headers })
      expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-ls_[0-9a-f]{8}=.*; Path=\/;.*; Secure$/)
      expect(response.headers.get('location')).toContain(
        encodeURIComponent('https://access.example/connect/google'),
      )
    } finally {
      Object.assign(stage.services, { publicUrl })
    }
  })

  it('refuses forms of other sites', async () => {
    const link = await issue()
    const from = (headers: Record<string, string>) =>
      new Visitor().request(at(`${link.path}/continue`), { method: 'POST', headers })
    expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await from({ 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await from({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await from({ origin: 'null' })).status).toBe(403)
    const sessions = await db.sql`select from link_session where link_id = ${link.linkId}`
    expect(sessions).toHaveLength(0)
  })

  it.each(['cut', 'silent'] as const)(
    'answers 503 calmly within five seconds while the database is %s, and recovers',
    async (state) => {
      const proxy = await proxyFor(url)
      const away = openDb(proxy.url)
      const behind = await openStage(away, stage.services.connectors.all())
      const link = await issue()
      const show = () => new Visitor().go(`${behind.origin}${link.path}`)
      expect((await show()).status).toBe(200)
      proxy.set(state)
      const began = performance.now()
      const page = await show()
      expect(page.status).toBe(503)
      expect(page.headers.get('retry-after')).toBe('10')
      expect(heading(page.html)).toBe('Back in a moment')
      expect(performance.now() - began).toBeLessThan(5_000)
      proxy.set('cut')
      proxy.set('open')
      await eventually(async () => expect((await show()).status).toBe(200), 250)
      await behind.close()
      await away.close()
      await proxy.close()
    },
  )

  it('shows an error page with a reference that the log has too', async () => {
    stage.logged.length = 0
    const whole = stage.services.db
    Object.assign(stage.services, {
      db: {
        ...whole,
        sql: () => {
          throw new Error('a mistake of ours')
        },
      },
    })
    try {
      const page = await new Visitor().go(at('/l/lk_whatever'))
      expect(page.status).toBe(500)
      const reference = /<strong>(\w{8})<\/strong>/.exec(page.html)?.[1] ?? 'none'
      expect(stage.logged.join()).toContain(reference)
      expect(page.html).not.toContain('a mistake of ours')
    } finally {
      Object.assign(stage.services, { db: whole })
    }
  })

  it('shows figures only to the bearer of the token', async () => {
    const web = express()
    web.use(metricsRoute(stage.services, 'watcher'))
    const server = web.listen(0)
    const url = `http://localhost:${(server.address() as AddressInfo).port}/metrics`
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    const text = await (await fetch(url, { headers: { authorization: 'Bearer watcher' } })).text()
    expect(text).toMatch(/^latchkey_auth_links\{status="issued"\} \d+$/m)
    expect(text).toMatch(/^latchkey_held_credentials \d+$/m)
    server.close()
  })

  it('answers an address that cannot be read like one that is unknown', async () => {
    const unknown = await new Visitor().go(at('/l/lk_none'))
    for (const path of ['/l/%E0%A4%A', '/r/%ff', '/l/%00', `/l/${'x'.repeat(3000)}`]) {
      const page = await new Visitor().go(at(path))
      expect([page.status, page.html], path).toEqual([404, unknown.html])
      expect(page.headers.get('cache-control')).toBe('no-store')
    }
  })

  it('follows no path out of the pages', async () => {
    const { hostname, port } = new URL(stage.origin)
    const answer = await new Promise<string>((heard) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write('GET /l/../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
      })
      let text = ''
      socket.on('data', (bytes) => {
        text += bytes
      })
      socket.on('close', () => heard(text))
    })
    expect(answer).toMatch(/^HTTP\/1.1 404/)
  })

  // Last: it uses up this address's tries of the minute.
  it('looks up 30 unknown tokens a minute from one address, and answers all alike', async () => {
    const link = await issue()
    const bodies = new Set<string>()
    const statuses: number[] = []
    for (let n = 0; n < 60; n++) {
      const page = await new Visitor().go(at(`/l/lk_${'x'.repeat(42)}${n % 10}`))
      bodies.add(page.html)
      statuses.push(page.status)
    }
    expect(bodies.size).toBe(1)
    expect(statuses.filter((status) => status === 404).length).toBeLessThanOrEqual(30)
    expect(statuses.at(-1)).toBe(429)
    await setClock(db, null)
    expect((await new Visitor().go(at(link.path))).status).toBe(429)
  })
})
