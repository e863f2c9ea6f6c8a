/** From a provider's answer to a failure class, by rules alone: status codes mean different things everywhere. */
import type { FailureClass, Json, Reply, Rule } from './call.ts'

export type Verdict = { kind: FailureClass; ownerAction: string | null }

/**
 * `lists` in order of precedence: the connector's own, then its provider's. A rule about the body beats every rule
 * without, and a 403 that is a page no API wrote: a firewall wants to see a browser, and lets calls pass at other times.
 * Within a list the gravest class wins, then the earlier rule. No rule: `unknown` below 500, else `transient`; nothing
 * but a rule ever makes `revoked`.
 */
export function classify(lists: Rule[][], where: 'token' | 'api', reply: Reply): Verdict {
  const hits = lists.map((rules) => rules.filter((rule) => matches(rule, where, reply)))
  const specific = hits.map((list) => list.filter(isSpecific))
  const rule = [...specific, ...(isPage(reply) ? [] : hits)].map(gravest).find(Boolean)
  if (rule) return { kind: rule.kind, ownerAction: rule.ownerAction ?? null }
  return { kind: reply.status >= 500 || isPage(reply) ? 'transient' : 'unknown', ownerAction: null }
}

const isPage = ({ status, body, text }: Reply) => status === 403 && body === null && /^\s*</.test(text)

/** True where a rule names this good status outright: some providers wrap their errors in 200. */
export function isDisguised(lists: Rule[][], reply: Reply): boolean {
  return lists.flat().some((rule) => rule.http?.includes(reply.status) && matches(rule, 'api', reply))
}

/** Everything at a dotted path: `a[].b` walks arrays, `[].k` starts in one, `x|y` gives what either finds. */
export function valuesAt(body: Json, path: string): Json[] {
  return path
    .split('|')
    .flatMap((way) => way.split('.').reduce<Json[]>((found, step) => found.flatMap(follow(step)), [body]))
}

/** Gravest first, as `docs/glossary.md` has them. */
const ORDER: FailureClass[] = [
  ...(['revoked', 'consent_failed', 'scope_missing', 'account_lost', 'rate_limited'] as const),
  ...(['app_config', 'version_sunset', 'transient', 'unknown'] as const),
]

const isSpecific = (rule: Rule) =>
  rule.path !== undefined || rule.contains !== undefined || rule.json !== undefined

function gravest(rules: Rule[]): Rule | undefined {
  return ORDER.map((kind) => rules.find((rule) => rule.kind === kind)).find(Boolean)
}

function matches(rule: Rule, where: 'token' | 'api', reply: Reply): boolean {
  if (rule.at && rule.at !== where) return false
  if (rule.http && !rule.http.includes(reply.status)) return false
  if (rule.contains !== undefined && !reply.text.includes(rule.contains)) return false
  if (rule.lacks?.some((part) => reply.text.includes(part))) return false
  if (rule.json === false && reply.body !== null) return false
  if (rule.path === undefined) return true
  return valuesAt(reply.body, rule.path).some((value) => isMeant(rule, value))
}

function isMeant(rule: Rule, value: Json): boolean {
  if (value === null || typeof value === 'object') return !rule.in && !rule.between
  if (rule.in && !rule.in.some((wanted) => String(wanted) === String(value))) return false
  if (!rule.between) return true
  const number = value === '' || typeof value === 'boolean' ? Number.NaN : Number(value)
  return number >= rule.between[0] && number <= rule.between[1]
}

function follow(step: string): (from: Json) => Json[] {
  const many = step.endsWith('[]')
  const key = many ? step.slice(0, -2) : step
  return (from) => {
    const next = key === '' ? from : property(from, key)
    if (next === undefined) return []
    if (!many) return [next]
    return Array.isArray(next) ? next : []
  }
}

function property(from: Json, key: string): Json | undefined {
  if (from === null || typeof from !== 'object' || Array.isArray(from)) return undefined
  return Object.hasOwn(from, key) ? from[key] : undefined
}
