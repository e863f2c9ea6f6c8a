/** Instagram as the Graph API answers: three pages, two of them with an Instagram account. */
import type { Fake } from './fake.ts'
import { metaFake, paged, refusal } from './meta.ts'

const SIZES: Record<string, number> = {
  views: 8_000,
  reach: 4_300,
  accounts_engaged: 310,
  total_interactions: 520,
}
const LONGEST_S = 30 * 86_400

const pages = [
  page('100200300', 'Müller Möbel', '17841400000000001', 'mueller.moebel', 18_233),
  page('100200301', 'Fjord Outdoor', '17841400000000002', 'fjord_outdoor', 51_207),
  { id: '100200302', name: 'Müller Möbel Lagerverkauf' },
]

export const fake: Fake = metaFake((path, { url }, { figure }) => {
  if (path === '/me/accounts') return paged(url, pages, pages.length, pages.length)
  const id = /^\/(17841\d+)\/insights$/.exec(path)?.[1]
  if (id === undefined) return null
  const asked = (name: string) => url.searchParams.get(name) ?? ''
  const [since, until] = [Number(asked('since')), Number(asked('until'))]
  if (asked('period') !== 'day' || asked('metric_type') !== 'total_value')
    return refusal(100, 'metric_type must be total_value')
  if (until - since > LONGEST_S)
    return refusal(100, 'There cannot be more than 30 days between since and until')
  const day = new Date(since * 1_000).toISOString().slice(0, 10)
  const data = asked('metric')
    .split(',')
    .map((name) => ({
      ...{ name, period: 'day', title: name, id: `${id}/insights/${name}/day` },
      total_value: { value: figure(`instagram ${id} ${name}`, day, SIZES[name] ?? 0) },
    }))
  return { body: { data, paging: {} } }
})

function page(...[id, name, instagram, username, followers_count]: [string, string, string, string, number]) {
  return { id, name, instagram_business_account: { id: instagram, username, name, followers_count } }
}
