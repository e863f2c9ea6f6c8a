/** The pretended providers' keys, as somebody meets them who tries the sandbox: what to type, and what revoking does. */
import { afterEach, describe, expect, it } from 'vitest'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import { type KeptTokens, type SandboxProviders, startProviders } from '../../sandbox/providers/start.ts'
import { toType } from '../../sandbox/providers/to-type.ts'

const started: SandboxProviders[] = []
afterEach(async () => {
  for (const providers of started.splice(0)) await providers.stop()
})

async function start(kept?: KeptTokens): Promise<SandboxProviders> {
  const providers = await startProviders({ kept })
  started.push(providers)
  return providers
}

const offered = catalogue(allConnectors)
const asking = offered
  .all()
  .flatMap(({ ask = [], provider }) =>
    [...(provider.ask ?? []), ...ask].filter(({ choices }) => !choices).map((field) => ({ field, provider })),
  )

/** What is shown for a question, by the words of the question. */
function shownFor({ keys }: SandboxProviders, provider: string, label: string): string {
  const fields = toType(offered, keys).filter((one) => one.provider === provider)
  return fields.flatMap((one) => one.fields).find((one) => one.label === label)?.value ?? ''
}

describe('what to type', () => {
  it.each(
    asking.map(({ field, provider }) => [`${provider.name}: ${field.label}`, field, provider] as const),
  )('is shown and taken, also after it was revoked – %s', async (_, field, provider) => {
    const providers = await start()
    for (let times = 0; times < 3; times++) {
      expect(field.read(shownFor(providers, provider.id, field.label))).not.toBeNull()
      providers.withdraw(provider.id)
    }
  })

  it('bears the name of the one data source that asks, where its provider does not', async () => {
    const { keys } = await start()
    const names = toType(offered, keys).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Google Sheets', 'Klaviyo', 'Shopify']))
    expect(names).not.toContain('Google')
    expect(names).toEqual(names.toSorted())
  })
})

describe('deleting a key', () => {
  const ask = async ({ origins }: SandboxProviders, key = '') => {
    const { status } = await fetch(`${origins['https://a.klaviyo.com']}/api/accounts`, {
      headers: { authorization: `Klaviyo-API-Key ${key}`, revision: '2026-07-15' },
    })
    return status
  }

  it('ends it, and puts another in its place, which is told apart by its last four characters', async () => {
    const providers = await start()
    const old = providers.keys.klaviyo?.apiKey ?? ''
    expect(await ask(providers, old)).toBe(200)
    expect(await ask(providers, 'pk_somebody_elses')).toBe(401)
    providers.withdraw('klaviyo')
    const young = providers.keys.klaviyo?.apiKey ?? ''
    expect(young.slice(-4)).not.toBe(old.slice(-4))
    expect([await ask(providers, old), await ask(providers, young)]).toEqual([401, 200])
  })

  it('leaves other providers alone, and outlives a restart', async () => {
    const providers = await start()
    const before = structuredClone(providers.keys)
    providers.withdraw('klaviyo')
    const after = structuredClone(providers.keys)
    expect({ ...after, klaviyo: before.klaviyo }).toEqual(before)
    const again = await start(JSON.parse(JSON.stringify(providers.keep())) as KeptTokens)
    expect(again.keys).toEqual(after)
  })

  it('wants both halves where there are two', async () => {
    const { keys, origins } = await start()
    const { storeUrl = '', username = '', password = '' } = keys.woocommerce ?? {}
    const status = async (typed: string) => {
      const authorization = `Basic ${btoa(typed)}`
      return (await fetch(`${origins[storeUrl]}/wp-json/wc/v3/reports`, { headers: { authorization } }))
        .status
    }
    expect(await status(`${username}:${password}`)).toBe(200)
    expect(await status(`${username}:cs_0`)).toBe(401)
  })
})
