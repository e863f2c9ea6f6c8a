/** What calling a provider means: requests, answers, failure classes and the rules that find them. */

/** See docs/glossary.md. `unknown` is treated like `transient`, never like `revoked`. */
export type FailureClass =
  | 'revoked'
  | 'consent_failed'
  | 'scope_missing'
  | 'account_lost'
  | 'rate_limited'
  | 'app_config'
  | 'version_sunset'
  | 'transient'
  | 'unknown'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** All given parts must match. A rule with `path`, `contains` or `json` beats one without, whatever its class. */
export type Rule = {
  kind: FailureClass
  at?: 'token' | 'api'
  http?: number[]
  /** Dotted; `a[].b` walks arrays, `x|y` tries either. */
  path?: string
  /** Numbers and their text are the same: providers write codes either way. */
  in?: (string | number | boolean)[]
  /** Inclusive bounds for a number at `path`. */
  between?: [number, number]
  /** A part of the raw body, letter for letter. */
  contains?: string
  /** Parts of the raw body none of which may be there: exceptions to a code that is mostly meant. */
  lacks?: string[]
  /** False: only an answer that is not JSON, e.g. a firewall's page or nothing at all. */
  json?: false
  /** What the owner has to do, in words for the alert. */
  ownerAction?: string
}

export type HttpRequest = {
  method?: 'GET' | 'POST' | 'DELETE'
  url: string
  query?: Record<string, string>
  json?: Json
  form?: Record<string, string>
  headers?: Record<string, string>
  /** The answer is a form, not JSON (RFC 5849): its fields become the body. */
  formAnswer?: true
  /** Further statuses whose answer is read, not thrown, e.g. 425 that names what exists already. */
  also?: number[]
}
export type Reply = { status: number; headers: Record<string, string>; body: Json; text: string }

/** `developerToken`: where a provider wants one beside the OAuth app's pair. */
export type OAuthApp = { id: string; secret: string; developerToken?: string }
/** By provider, from the environment. */
export type OAuthApps = Record<string, OAuthApp>

/**
 * What a connector may use while reading. `call` throws ConnectorError for anything but a good answer, and the
 * signal's own reason (no ConnectorError) within moments of an abort.
 */
export type Context = {
  call(request: HttpRequest): Promise<Reply>
  /**
   * A file the provider prepared, from the URL it gave, unpacked where it is gzip. Sends no token. Throws
   * ConnectorError, also where the URL leads to none of the connector's `downloads`.
   */
  download(url: string): Promise<Buffer>
  /** Rejects with the signal's reason. For moments; longer waits go back to the queue (`rate_limited`). */
  sleep(ms: number): Promise<void>
  signal: AbortSignal
  /** Our registration at the provider; null for keys. */
  app: OAuthApp | null
  /** Where this very connection's API lies, e.g. https://northwind.myshopify.com; '' at providers with one address. */
  site: string
  /** What the owner answered before signing in, by field; {} in later reads. */
  answers: Record<string, string>
  /** Ids of the accounts this connection feeds sources from already. */
  known: string[]
}

/** How hard one provider, or one account at it, may be called by this process. */
export type Pace = { concurrency: number; minTimeMs: number; perMinute?: number }

type Details = {
  retryAfterSeconds?: number | null
  ownerAction?: string | null
  reason?: string | null
  unauthorized?: boolean
  cause?: unknown
}

/** Why a provider call failed. Made only in connectors/ (and by flows that speak for one). Never holds a secret. */
export class ConnectorError extends Error {
  override name = 'ConnectorError'
  readonly kind: FailureClass
  readonly provider: string
  readonly retryAfterSeconds: number | null
  readonly ownerAction: string | null
  /** The provider's own machine code, where it gave one. */
  readonly reason: string | null
  /** An API refused the access token itself (401): renew once, replay once, and only then believe `revoked`. */
  readonly unauthorized: boolean
  constructor(kind: FailureClass, provider: string, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.kind = kind
    this.provider = provider
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
    this.ownerAction = details.ownerAction ?? null
    this.reason = details.reason ?? null
    this.unauthorized = details.unauthorized ?? false
  }
}
