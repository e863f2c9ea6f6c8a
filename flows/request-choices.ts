/** What the request form offers while somebody types, and what the words after /request-access mean. */
import type { Connector } from '../connectors/connector.ts'
import * as clients from '../storage/clients.ts'
import type { Services } from './services.ts'

export type ConnectorChoice = { id: string; name: string }
export type ClientChoice = { id: string; name: string }

const CLIENTS_SHOWN = 50
const NAME_MAX = 200

/** Every word typed must begin a word of the connector's name, id, provider or kind. No words: all of them. */
export function findConnectors({ connectors }: Services, typed: string): ConnectorChoice[] {
  const wanted = wordsOf(typed)
  const found = connectors.all().filter((connector) => {
    const words = vocabulary(connector)
    return wanted.every((word) => words.some((known) => known.startsWith(word)))
  })
  return found.map(({ id, name }) => ({ id, name }))
}

export function findClients({ db }: Services, orgId: string, typed: string): Promise<ClientChoice[]> {
  return clients.search(db, orgId, typed.trim(), CLIENTS_SHOWN)
}

export type Prefill = {
  sources: ConnectorChoice[]
  client: { id: string | null; name: string } | null
  email: string | null
  slackUserId: string | null
}

/** `google ads and ga4 for Acme from dana@acme.com`, in any order; what is not understood is left to the form. */
export async function readRequestWords(services: Services, orgId: string, text: string): Promise<Prefill> {
  const { what, who, whom } = clauses(text)
  const email = /[^\s<>|:,;]+@[^\s<>|:,;]+\.[^\s<>|:,;]+/.exec(whom)?.[0] ?? null
  const slackUserId = /<@([UW][A-Z0-9]+)/.exec(whom)?.[1] ?? null
  const named = who.slice(0, NAME_MAX)
  const known = named ? await clients.search(services.db, orgId, named, CLIENTS_SHOWN) : []
  const client = known.find(({ name }) => name.toLowerCase() === named.toLowerCase())
  return {
    sources: sourcesIn(services, what),
    client: client ?? (named ? { id: null, name: named } : null),
    email,
    slackUserId,
  }
}

function clauses(text: string): { what: string; who: string; whom: string } {
  const parts = text.trim().split(/(?:^|\s)(for|from)\s+/i)
  const after = (word: string) => {
    const at = parts.findIndex((part, i) => i % 2 === 1 && part.toLowerCase() === word)
    return at < 0 ? '' : (parts[at + 1] ?? '').trim()
  }
  return { what: parts[0] ?? '', who: unquoted(after('for')), whom: after('from') }
}

/** Only quotes around the whole: `Müller & "Söhne"` keeps both of its own. */
const unquoted = (text: string) => /^["“']([^"“”']+)["”']$/.exec(text)?.[1] ?? text

function sourcesIn(services: Services, text: string): ConnectorChoice[] {
  const pieces = text.split(/,|\+|&|\band\b/i).map((piece) => piece.trim())
  const found = pieces.filter(Boolean).flatMap((piece) => {
    const fits = findConnectors(services, piece)
    const exact = fits.find(({ id, name }) => [id, name.toLowerCase()].includes(piece.toLowerCase()))
    return exact ?? fits[0] ?? []
  })
  return [...new Map(found.map((choice) => [choice.id, choice])).values()]
}

function vocabulary({ id, name, provider, alsoCalled = '' }: Connector): string[] {
  return wordsOf([id, name, provider.id, provider.name, alsoCalled].join(' '))
}

const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
