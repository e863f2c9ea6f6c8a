/** Where each provider's sign-in begins, as the browser is sent there: address, scopes and parameters. */
import { expect, it } from 'vitest'
import type { OAuthProvider } from '../../connectors/connector.ts'
import { allConnectors } from '../../connectors/index.ts'
import type { Stop } from '../../flows/connect/plan.ts'
import { planTrip } from '../../flows/connect/trip.ts'
import { leave } from '../../web/oauth.ts'
import { fixtures } from '../connectors/fixtures/index.ts'

const ORIGIN = 'https://access.agency.example'
const RANDOM = ['state', 'nonce', 'code_challenge']

const providers = [...new Map(allConnectors.map(({ provider }) => [provider.id, provider])).values()].filter(
  (provider): provider is OAuthProvider => provider.auth === 'oauth' && !provider.depart,
)

it.for(providers.map((provider) => [provider.id, provider] as const))('%s', async ([id, provider]) => {
  const own = allConnectors.filter((connector) => connector.provider.id === id)
  const scopes = own.flatMap((connector) => [...connector.scopes, ...(connector.optionalScopes ?? [])])
  const stop = { provider, scopes: [...new Set([...provider.baseScopes, ...scopes])] } as Stop
  const [first] = own
  const typed = Object.entries(fixtures[first?.id ?? '']?.fields ?? {})
  const answers = Object.fromEntries(typed.map(([name, { good }]) => [name, good[0]?.[1] ?? '']))
  const ids = { orgId: 'o', consentId: 'c', linkSessionId: 's' }
  const trip = planTrip(stop, { id: 'the-app', secret: 'shh' }, { ids, hint: 'dana@client.example', answers })
  if (!trip) throw new Error(`${id} has no trip`)
  const { location, state } = await leave(trip, ORIGIN)
  const url = new URL(location)
  expect(url.searchParams.get('state')).toBe(state)
  expect(location).not.toContain('shh')
  for (const name of RANDOM) if (url.searchParams.has(name)) url.searchParams.set(name, '*')
  expect(decodeURIComponent(url.href).split(/[?&]/)).toMatchSnapshot()
})
