/** What a provider is: one authorisation server, or one kind of key, shared by the connectors of one company. */
import type { Context, HttpRequest, Json, OAuthApp, Pace, Reply, Rule } from './call.ts'

export type TokenSet = {
  /** For keys and OAuth 1.0a: both halves, joined as their header wants them. */
  accessToken: string
  /** What `renew` takes; where a token is extended by itself, that token again. */
  refreshToken: string | null
  /** Seconds until it must be renewed; null: nothing to renew in time. */
  expiresInSeconds: number | null
  /** Seconds until a person has to authorise again whatever we do; null: never. Left out: the answer does not say. */
  grantExpiresInSeconds?: number | null
  /** As granted, not as asked. Null when the provider did not say. */
  scopes: string[] | null
  /** Where this connection's API lies, if the answer says so. */
  site?: string
  /** The answer as it came, for `identity`. */
  raw?: Json
}

export type Identity = { id: string; label: string }

/** One question to the owner, before the sign-in or instead of one. */
export type Field = {
  name: string
  label: string
  /** Where to find it or how it looks, below the field. */
  hint: string
  /** Never shown again but for its last four characters. */
  secret?: boolean
  /** To choose from instead of typing. */
  choices?: { value: string; label: string }[]
  /** Trims and corrects what people type; null where it cannot be meant. */
  read(text: string): string | null
  /** What is wrong and how it should look, in the owner's words. */
  problem: string
}

type Shared = {
  id: string
  name: string
  /** Where people can see and withdraw what they granted. */
  permissionsUrl: string
  /**
   * The only origins its tokens may be sent to, beside those its connectors name. `https://*.example.com` is any
   * subdomain; `site` is the address the connection itself has, which is checked against private networks.
   */
  origins: string[]
  /** Asked beside every connector's scopes, for the identity. */
  baseScopes: string[]
  /** How a credential is shown to its APIs; `request` is the whole call, for providers that want it signed. */
  authorization(accessToken: string, request: HttpRequest, app: OAuthApp | null): Record<string, string>
  /** `idToken`: its claims, the compact JWT or what grant made of it; null where there is none. Throws ConnectorError. */
  identity(context: Context, answer: { idToken: Json; raw: Json }): Promise<Identity>
  /** The address of this connection's API by what the owner answered. */
  site?(answers: Record<string, string>): string
  /** False where a good status hides a failure. Its rules then say which. */
  isGood?(reply: Reply): boolean
  errors: Rule[]
  /** Dotted paths to the machine code of an error, tried in order: kept for the log and the incident. */
  reasonPath: string
  /** The wait a refusal asks for in its body or headers, beside Retry-After. */
  retryAfterSeconds?(reply: Reply): number | null
  /** How long a good answer asks the next call of this account to wait; null or 0: not at all. */
  restSeconds?(reply: Reply): number | null
  limit: Pace
  /** How long every answer must be a refusal before it is believed, where more than the usual minute is needed. */
  refusalSeconds?: number
}

/** What came back with the browser, for exchanges of a provider's own. `query` is complete, as it came. */
export type CallBack = {
  query: Record<string, string>
  redirectUri: string
  /** PKCE, or '' where it is switched off. */
  verifier: string
  /** What `depart` kept. */
  kept: string
}

export type OAuthProvider = Shared & {
  auth: 'oauth'
  /** Questions before the trip, e.g. which shop. */
  ask?: Field[]
  authorizeUrl: string
  tokenUrl: string
  /** Where both depend on what the owner answered. */
  endpoints?(site: string): { authorizeUrl: string; tokenUrl: string }
  /** What the owner's page says about where the sign-in is, if `authorizeUrl` is not the whole truth. */
  goesTo?: string
  /**
   * Origins the provider itself sends a browser on to before it shows the sign-in. A browser holds such redirects
   * against the page the trip began on (CSP form-action), so that page has to name them. Patterns as in `origins`.
   */
  passes?: string[]
  /** '': scopes are fixed at the provider and not sent. */
  scopeSeparator: ' ' | ',' | ''
  params: Record<string, string>
  /** The OAuth app's id is wanted under this name too. */
  idParam?: string
  /** Only with a cited reason: decisions 7. */
  pkce?: false
  /** Sends the expected login where the provider takes one. */
  loginHint?: (label: string) => Record<string, string>
  tokenAuth: 'form' | 'basic'
  /** Environment variable of a further token every call needs. */
  developerToken?: string
  /** A start of the provider's own (OAuth 1.0a). `state` comes back as `oauth_token`. Throws ConnectorError. */
  depart?(
    context: Context,
    app: OAuthApp,
    redirectUri: string,
  ): Promise<{ location: string; state: string; kept: string }>
  /** An exchange of the provider's own in place of the standard one. Throws ConnectorError. */
  exchange?(context: Context, app: OAuthApp, back: CallBack): Promise<TokenSet>
  revoke?(token: string, site: string, app: OAuthApp | null): HttpRequest
  /** One renewal; throws ConnectorError. The new refresh token replaces the old one. Null: tokens do not end. */
  renew: ((context: Context, app: OAuthApp, refreshToken: string) => Promise<TokenSet>) | null
}

/** Entered by the owner on the link page, checked at the provider, and never renewed. Belongs to one client. */
export type KeyProvider = Shared & {
  auth: 'key'
  /** What people call it: "API key", "basic auth". */
  authWord: string
  ask: Field[]
  /** The credential `authorization` gets, made of the answers. */
  accessToken(answers: Record<string, string>): string
}

export type Provider = OAuthProvider | KeyProvider
