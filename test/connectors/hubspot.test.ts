/** HubSpot says in its headers how much is left; the rest of a day belongs to the portal's other tools. */
import { expect, it } from 'vitest'
import { hubspot } from '../../connectors/providers/hubspot.ts'

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
