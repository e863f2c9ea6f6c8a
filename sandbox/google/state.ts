/** What the sandbox's Google remembers and can be told to do. One per running server. */
import { type Person, people } from './cast.ts'

export type Mode = 'ok' | 'slow' | 'rate-limited' | 'down'

export type State = {
  now: () => Date
  mode: Mode
  /** How long an answer takes in mode `slow`. */
  slowMs: number
  /** Accounts nobody sees any more, by id. */
  removed: Set<string>
  /** Scopes whose box starts unticked on the consent page. */
  unticked: Set<string>
  /** Calls per endpoint, e.g. `token` or `ads.report`. */
  calls: Map<string, number>
  /** Rows per report page, where smaller than Google's: for trying paging without ten thousand rows. */
  pageRows: number
  access: Map<string, Token>
  refresh: Map<string, Token>
  /** What a person has granted to an OAuth app so far: `email client`. */
  grants: Map<string, Set<string>>
}

export type Token = { email: string; client: string; scopes: string[]; expiresAt: number }

export function newState(now: () => Date, pageRows: number): State {
  return {
    ...{ now, pageRows, mode: 'ok', slowMs: 4_000 },
    ...{ removed: new Set(), unticked: new Set(), calls: new Map() },
    ...{ access: new Map(), refresh: new Map(), grants: new Map() },
  }
}

export function count(state: State, endpoint: string): void {
  state.calls.set(endpoint, (state.calls.get(endpoint) ?? 0) + 1)
}

/** Who a live access token belongs to. */
export function bearer(state: State, authorization: string | undefined): Token | null {
  const token = state.access.get(authorization?.replace(/^Bearer /, '') ?? '')
  return token && token.expiresAt > state.now().getTime() ? token : null
}

export function personOf(email: string): Person | null {
  return people.find((person) => person.email === email) ?? null
}

/** One API call as the handlers see it: who asks is known and has the scope. */
export type Ask = {
  state: State
  person: Person
  path: string
  query: URLSearchParams
  json: Record<string, unknown>
  headers: Record<string, string | string[] | undefined>
}

export type Answer = { status: number; body: unknown }

/** An error as Google's newer APIs write it; `reason` makes the older `errors` list and an ErrorInfo of it. */
export function refusal(status: number, code: string, message: string, reason?: string): Answer {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }
  const error = { code: status, message, status: code }
  if (reason === undefined) return { status, body: { error } }
  const errors = [{ message, domain: 'global', reason }]
  return { status, body: { error: { ...error, errors, details: [info] } } }
}
