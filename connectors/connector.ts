/** What a connector is: typed data plus two generators. It never stores, posts or mails. */

/** https://… of the failure classes: docs/glossary.md. `unknown` is treated like `transient`, never like `revoked`. */
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

/** All given parts must match. A rule with `path` or `contains` beats one without, whatever its class. */
export type Rule = {
  kind: FailureClass
  at?: 'token' | 'api'
  http?: number[]
  /** Dotted; `a[].b` walks arrays, `x|y` tries either. */
  path?: string
  in?: (string | number | boolean)[]
  /** Inclusive bounds for a number at `path`. */
  between?: [number, number]
  /** A part of the raw body, letter for letter. */
  contains?: string
  /** What the owner has to do, in words for the alert. */
  ownerAction?: string
}

export type TokenSet = {
  accessToken: string
  refreshToken: string | null
  /** Seconds from now; null: does not expire. */
  expiresInSeconds: number | null
  /** As granted, not as asked. Null when the provider did not say. */
  scopes: string[] | null
}

export type Identity = { id: string; label: string }

export type Account = {
  id: string
  name: string
  currency?: string
  timeZone?: string
  /** Through which account it is reached, e.g. a Google Ads manager account. Goes back to the connector as it is. */
  parent?: string
  /** What it lies under at the provider, for telling namesakes apart. Shown, never sent. */
  group?: string
}

/** Inclusive, account-local days, yyyy-mm-dd. */
export type DayRange = { from: string; to: string }

export type Row = {
  date: string
  /** In a fixed order: together with the date they are the row's key. */
  dimensions: Record<string, string>
  /** Names that may change while the row stays the same one, e.g. a campaign's. Never part of the key. */
  labels?: Record<string, string>
  /**
   * In whole units (not micros or cents); money as an exact decimal string. Null: the provider did not say.
   * Never 0 for "unknown".
   */
  metrics: Record<string, number | string | null>
}

/** One page of a report. `next` resumes after it, also in another process later; null: this was the last. */
export type Page = {
  rows: Row[]
  next: string | null
  currency?: string
  timeZone?: string
  /** What the provider itself says is wrong with these figures, e.g. sampled. Machine words. */
  flags?: string[]
}

export type HttpRequest = {
  method?: 'GET' | 'POST' | 'DELETE'
  url: string
  query?: Record<string, string>
  json?: Json
  form?: Record<string, string>
  headers?: Record<string, string>
}
export type Reply = { status: number; headers: Record<string, string>; body: Json; text: string }

/**
 * What a connector may use while reading. `call` throws ConnectorError for anything but a good answer, and the
 * signal's own reason (no ConnectorError) within moments of an abort.
 */
export type Context = {
  call(request: HttpRequest): Promise<Reply>
  signal: AbortSignal
}

/** How hard one provider, or one account at it, may be called by this process. */
export type Pace = { concurrency: number; minTimeMs: number }

/** What a metric counts, for the reporting views and the data dictionary. */
type Metric = {
  unit: 'count' | 'decimal' | 'money' | 'ratio' | 'average'
  /** The common column it also feeds, for sums across connectors. */
  common?: 'impressions' | 'clicks' | 'cost' | 'conversions' | 'revenue' | 'sessions'
  says: string
}

export type OAuthApp = { id: string; secret: string }
/** By provider, from the environment. */
export type OAuthApps = Record<string, OAuthApp>

/** One authorisation server, shared by the connectors of one company. */
export type Provider = {
  id: string
  name: string
  /** Where people can see and withdraw what they granted. */
  permissionsUrl: string
  authorizeUrl: string
  tokenUrl: string
  scopeSeparator: ' ' | ','
  /** Asked beside every connector's scopes, for the identity. */
  baseScopes: string[]
  /** The only origins its tokens may be sent to, beside those its connectors name. */
  origins: string[]
  params: Record<string, string>
  /** Sends the expected login where the provider takes one. */
  loginHint?: (label: string) => Record<string, string>
  tokenAuth: 'form' | 'basic'
  /** How an access token is shown to its APIs. */
  authorization(accessToken: string): Record<string, string>
  /** `idToken`: its claims, the compact JWT or what grant made of it; null where there is none. */
  identity(context: Context, answer: { idToken: Json; raw: Json }): Promise<Identity>
  revoke?(token: string): HttpRequest
  /** One renewal; throws ConnectorError. The new refresh token, if any, replaces the old one. */
  renew(context: Context, app: OAuthApp, refreshToken: string): Promise<TokenSet>
  errors: Rule[]
  /** Dotted paths to the machine code of an error, tried in order: kept for the log and the incident. */
  reasonPath: string
  /** The wait it asks for in the body, beside the Retry-After header. */
  retryAfterSeconds?(reply: Reply): number | null
  limit: Pace
}

export type Connector = {
  id: string
  name: string
  provider: Provider
  /** Where its data come from; no other origin is ever called. */
  origins: string[]
  scopes: string[]
  /** Scope → what it lets us do, in plain words for the owner. */
  scopeWords: Record<string, string>
  /** The truth where the provider has no read-only scope; null where the asked scopes only read. */
  writeWarning: string | null
  /** What an account is called at this provider: "property", "site", "ad account". */
  accountWord: string
  help: { signInWith: string; role: string; friction?: string }
  headers(account: Account | null): Record<string, string>
  accounts(context: Context): AsyncIterable<Account>
  report: {
    zone: 'account' | 'pacific' | 'utc'
    /** Days re-read every night, and the span of the deep re-read on the first of the month. */
    restateDays: { nightly: number; deep: number }
    backfillMonths: number
    /** Said in the backfill message where 13 months cannot be had. */
    backfillNote?: string
    /** Newest day the provider can be asked for, in days before today. */
    lagDays: number
    /** Names of what makes a row's key beside its day, in order. */
    dimensions: string[]
    /** Names that travel with the rows and may change, and what they say. */
    labels?: Record<string, string>
    metrics: Record<string, Metric>
    /** Pages from `cursor` on (null: from the start). May be stopped between pages. */
    pages(context: Context, account: Account, range: DayRange, cursor: string | null): AsyncIterable<Page>
  }
  errors: Rule[]
  /** Where its errors carry their code elsewhere than the provider's others do. */
  reasonPath?: string
  /** Per account, where it is narrower than the provider's. */
  limit?: Pace
  version: { pinned: string; sunset?: string }
}

export type Catalogue = {
  get(id: string): Connector | undefined
  /** Throws on an id that is not offered. */
  require(id: string): Connector
  all(): Connector[]
  providers(): Provider[]
}

/** Why a provider call failed. Made only in connectors/. The message never holds a secret. */
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
  constructor(
    kind: FailureClass,
    provider: string,
    message: string,
    options: {
      retryAfterSeconds?: number | null
      ownerAction?: string | null
      reason?: string | null
      unauthorized?: boolean
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.provider = provider
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
    this.ownerAction = options.ownerAction ?? null
    this.reason = options.reason ?? null
    this.unauthorized = options.unauthorized ?? false
  }
}

export const defineConnector = (connector: Connector): Connector => connector
