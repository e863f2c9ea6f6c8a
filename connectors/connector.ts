/** What a connector is: typed data plus two generators. It never stores, posts or mails. */
import type { Context, OAuthApp, Pace, Rule } from './call.ts'
import type { Field, Provider } from './provider.ts'

export type {
  Context,
  FailureClass,
  HttpRequest,
  Json,
  OAuthApp,
  OAuthApps,
  Reply,
  Rule,
} from './call.ts'
export { ConnectorError } from './call.ts'
export type {
  CallBack,
  Field,
  Identity,
  KeyProvider,
  OAuthProvider,
  Provider,
  TokenSet,
} from './provider.ts'

export type Account = {
  id: string
  name: string
  currency?: string
  timeZone?: string
  /** Through which account it is reached, e.g. a Google Ads manager account. Goes back to the connector as it is. */
  parent?: string
  /** What it lies under at the provider, for telling namesakes apart. Shown, never sent. */
  group?: string
  /** Why it cannot be chosen, in words for the owner, e.g. "no Instagram account is linked to this page". */
  unavailable?: string
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
  /** Of this row's money, where an account has several; else the page's holds. */
  currency?: string
}

/** One page of a report. `next` resumes after it, also in another process later; null: this was the last. */
export type Page = {
  rows: Row[]
  next: string | null
  currency?: string
  timeZone?: string
  /** What the provider itself says is wrong with these figures, e.g. sampled. Machine words. */
  flags?: string[]
  /**
   * All there is in the range, in a source whose rows may vanish: what else was read from its first day on is dropped.
   * Days before that stay, and all of them where there are no rows. Rows without values keep the ones they had.
   */
  whole?: true
}

/** What a metric counts, for the reporting views and the data dictionary. */
type Metric = {
  unit: 'count' | 'decimal' | 'money' | 'ratio' | 'average'
  /** The common column it also feeds, for sums across connectors. */
  common?: 'impressions' | 'clicks' | 'cost' | 'conversions' | 'revenue' | 'sessions'
  says: string
}

export type Connector = {
  id: string
  name: string
  provider: Provider
  /** Where its data come from; no other origin is ever called. Patterns as in Provider. */
  origins: string[]
  /**
   * Where files it has ordered are fetched from, without the token. Patterns as in Provider, and `https://*` for any
   * public address, where the provider forbids to count on one.
   */
  downloads?: string[]
  scopes: string[]
  /** Asked for too, but nothing is lost but reach where they are not granted. */
  optionalScopes?: string[]
  /** Scope → what it lets us do, in plain words for the owner. Any key where the provider has no scopes. */
  scopeWords: Record<string, string>
  /** The truth where the provider has no read-only scope; null where the asked scopes only read. */
  writeWarning: string | null
  /** Other words people type when they look for it, lower case. */
  alsoCalled?: string
  /** What an account is called at this provider: "property", "site", "ad account". */
  accountWord: string
  help: { signInWith: string; role: string; friction?: string }
  /** Questions of this data source alone, beside its provider's. */
  ask?: Field[]
  headers(account: Account | null, app: OAuthApp | null): Record<string, string>
  /** Every account the credential sees, of all pages; also where `context.answers` or `context.known` lead to it. */
  accounts(context: Context): AsyncIterable<Account>
  report: {
    zone: 'account' | 'pacific' | 'utc'
    /** Days re-read every night, and the span of the deep re-read on the first of the month. */
    restateDays: { nightly: number; deep: number }
    backfillMonths: number
    /** The provider keeps no more than so many days, today included. */
    reachDays?: number
    /** Without this optional scope only so many days can be read. */
    reachWithout?: { scope: string; days: number }
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

export const defineConnector = (connector: Connector): Connector => connector
