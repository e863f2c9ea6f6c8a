/** What to type in the sandbox where an owner's page asks: keys, and the addresses of shops and sheets. */
import type { Catalogue, Field } from '../../connectors/connector.ts'
import { fakes } from '../fakes/index.ts'

export type ToType = { provider: string; name: string; fields: { label: string; value: string }[] }

/** Of every provider that asks for something which nobody can know here. Questions to choose from need no help. */
export function toType(catalogue: Catalogue, keys: Record<string, Record<string, string>>): ToType[] {
  const asking = catalogue.providers().flatMap((provider) => {
    const ours = catalogue.all().filter((connector) => connector.provider.id === provider.id)
    const typed = Object.assign({}, ...ours.map(({ id }) => fakes[id]?.answers), keys[provider.id])
    const asked: Field[] = [...(provider.ask ?? []), ...ours.flatMap(({ ask = [] }) => ask)]
    const fields = asked.flatMap(({ name, label, choices }) => {
      const value: string | undefined = typed[name]
      return choices || value === undefined ? [] : [{ label, value }]
    })
    // Where only one of the provider's data sources asks, its own name says more.
    const [only] = ours.filter(({ ask }) => ask)
    const { name } = provider.ask ? provider : (only ?? provider)
    return fields.length > 0 ? [{ provider: provider.id, name, fields }] : []
  })
  return asking.sort((a, b) => a.name.localeCompare(b.name))
}
