/** HubSpot says in its headers how much is left; the rest of a day belongs to the portal's other tools. */
import nock from 'nock'
import { expect, it } from 'vitest'
import { openContext } from '../../connectors/http.ts'
import { hubspotPortal } from '../../connectors/hubspot.ts'
import { hubspot } from '../../connectors/providers/hubspot.ts'
import { app } from './fixture.ts'

const rest = (left: Record<string, string>) => {
  const headers = Object.fromEntries(
    Object.entries(left).map(([name, value]) => [`x-hubspot-ratelimit-${name}`, value]),
  )
  return hubspot.restSeconds?.({ status: 200, headers, body: {}, text: '' })
}

it('goes on while there is enough, and where nothing is said, as in answers of the search', () => {
  expect(rest({})).toBeNull()
  expect(rest({ remaining: '104', 'secondly-remaining': '9', 'daily-remaining': '249000' })).toBeNull()
})

it('waits a moment before the ten seconds are used up, and an hour before the day is', () => {
  expect(rest({ remaining: '4', 'daily-remaining': '249000' })).toBe(2)
  expect(rest({ remaining: '104', 'secondly-remaining': '0' })).toBe(2)
  expect(rest({ remaining: '104', 'daily-remaining': '99' })).toBe(3600)
})

it('takes only the refresh token away when it revokes, as our OAuth app', () => {
  const app = { id: 'latchkey', secret: 'shh' }
  expect(hubspot.revoke?.('na1-token', '', app)).toEqual({
    method: 'POST',
    url: 'https://api.hubapi.com/oauth/2026-09/token/revoke',
    form: {
      ...{ client_id: 'latchkey', client_secret: 'shh', token: 'na1-token' },
      token_type_hint: 'refresh_token',
    },
  })
})

/** The new contacts of a day in New York; the searches' answers in order, the last one again and again. */
async function newContacts(...answers: object[]) {
  const api = nock('https://api.hubapi.com')
  api.get(/histogram/).reply(200, { results: [] })
  for (const answer of answers) api.post(/contacts\/search$/).reply(200, answer as nock.Body)
  api.post(/deals\/search$/).reply(200, { total: 0, results: [] })
  const context = openContext({
    ...{ provider: hubspot, connector: hubspotPortal, accessToken: 'na1-token', app },
    signal: new AbortController().signal,
  })
  const account = { id: '24001122', name: 'HubSpot portal', timeZone: 'US/Eastern' }
  const day = { from: '2026-11-06', to: '2026-11-06' }
  const [page] = await Array.fromAsync(hubspotPortal.report.pages(context, account, day, null))
  expect(nock.isDone()).toBe(true)
  return page?.rows[0]?.metrics.new_contacts
}

it('counts by the totals of the days where pages lead to themselves', async () => {
  const found = { total: 42, results: [{ properties: { createdate: '2026-11-06T15:02:11.000Z' } }] }
  const again = { ...found, paging: { next: { after: '1' } } }
  expect(await newContacts(again, again, again)).toBe(42)
})

it('counts records that say when they were made beside their properties, or in milliseconds', async () => {
  const results = [
    { properties: { email: 'dana@northwind.example' }, createdAt: '2026-11-06T15:02:11.000Z' },
    { properties: { createdate: null }, createdAt: '2026-11-06T15:02:12.000Z' },
    { properties: { createdate: String(Date.parse('2026-11-07T04:59:59Z')) } },
  ]
  expect(await newContacts({ total: 3, results })).toBe(3)
})

it('counts by the totals of the days where a record does not say when it was made', async () => {
  const said = { properties: { createdate: '2026-11-06T15:02:11.000Z' } }
  expect(await newContacts({ total: 2, results: [said, { id: '9' }] }, { total: 2, results: [said] })).toBe(2)
})

it('counts by the totals of the days where fewer records came than there are', async () => {
  const results = [{ properties: { createdate: '2026-11-06T15:02:11.000Z' } }]
  expect(await newContacts({ total: 115, results }, { total: 115, results })).toBe(115)
})
