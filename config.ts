/** Everything read from the environment. Fails once, listing every problem, before anything starts. */
import type { OAuthApps } from './connectors/connector.ts'
import { allConnectors } from './connectors/index.ts'
import { parseSecretKeys, type SecretKeys } from './storage/seal.ts'

export type Config = {
  databaseUrl: string
  publicUrl: URL
  port: number
  role: 'all' | 'web' | 'worker'
  slack: SlackConfig
  smtp: { url: string; from: { name: string; address: string } }
  secretKeys: SecretKeys
  /** By provider id. A provider without its pair is not offered. */
  oauthApps: OAuthApps
  /** Providers whose pair is there, and why they are not offered all the same. */
  notOffered: string[]
  /** Origin → origin: where calls and browser redirects to the left really go. Empty in ordinary use. */
  providerOrigins: Record<string, string>
  metricsToken: string | null
  logLevel: string
}

export type SlackConfig = {
  apiUrl: string
  /** Empty in Socket Mode, where Slack signs nothing. */
  signingSecret: string
  /** Socket Mode instead of HTTP. */
  appToken: string | null
  /** One workspace by its token, or many through the install page. */
  install: { kind: 'token'; botToken: string } | { kind: 'oauth'; clientId: string; clientSecret: string }
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

type Env = Record<string, string | undefined>
type Reader = { env: Env; problems: string[]; notOffered: string[] }

/** Throws one Error that names every missing or wrong variable, a line each. Never prints a value. */
export function readConfig(env: Env): Config {
  const reader: Reader = { env, problems: [], notOffered: [] }
  const config: Config = {
    databaseUrl: readDatabaseUrl(reader),
    publicUrl: readPublicUrl(reader),
    port: readPort(reader),
    role: oneOf(reader, 'ROLE', ['all', 'web', 'worker'], 'all'),
    slack: readSlack(reader),
    smtp: readSmtp(reader),
    secretKeys: readSecretKeys(reader),
    oauthApps: readOAuthApps(reader),
    notOffered: reader.notOffered,
    providerOrigins: readOrigins(reader),
    metricsToken: value(reader, 'METRICS_TOKEN'),
    logLevel: oneOf(reader, 'LOG_LEVEL', LOG_LEVELS, 'info'),
  }
  if (env.NODE_ENV === 'production' && env.DEBUG)
    reader.problems.push('DEBUG must not be set in production: libraries would print what they send')
  if (reader.problems.length > 0)
    throw new Error(`Latchkey cannot start. Please correct:\n- ${reader.problems.join('\n- ')}`)
  return config
}

const value = ({ env }: Reader, name: string): string | null => env[name]?.trim() || null

function need(reader: Reader, name: string, what: string): string {
  const found = value(reader, name)
  if (!found) reader.problems.push(`${name} is missing: ${what}`)
  return found ?? ''
}

function oneOf<T extends string>(reader: Reader, name: string, allowed: T[], fallback: T): T {
  const found = (value(reader, name) ?? fallback) as T
  if (allowed.includes(found)) return found
  reader.problems.push(`${name} must be one of ${allowed.join(', ')}`)
  return fallback
}

/** Several hosts are allowed (`postgres://a,b/db`), which `URL` refuses, so only the shape is checked. */
function readDatabaseUrl(reader: Reader): string {
  const url = need(reader, 'DATABASE_URL', 'PostgreSQL 15 or newer, e.g. postgres://user:pass@host/latchkey')
  if (url && !/^postgres(ql)?:\/\/[^/\s]+\/[^\s?]+/.test(url))
    reader.problems.push('DATABASE_URL must look like postgres://user:pass@host:5432/database')
  return url
}

function readPublicUrl(reader: Reader): URL {
  const text = need(
    reader,
    'PUBLIC_URL',
    'where owners and Slack reach Latchkey, e.g. https://access.agency.com',
  )
  const nowhere = new URL('http://invalid.example')
  if (!text) return nowhere
  const url = URL.canParse(text) ? new URL(text) : null
  const local = url && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && local))) {
    reader.problems.push('PUBLIC_URL must be an https:// address (http:// only for localhost)')
    return nowhere
  }
  if (url.pathname !== '/' || url.search)
    reader.problems.push('PUBLIC_URL must be an origin, without a path or query')
  return url
}

function readPort(reader: Reader): number {
  const port = Number(value(reader, 'PORT') ?? 3000)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  reader.problems.push('PORT must be a number from 0 to 65535')
  return 0
}

function readSlack(reader: Reader): SlackConfig {
  const appToken = value(reader, 'SLACK_APP_TOKEN')
  const botToken = value(reader, 'SLACK_BOT_TOKEN')
  const signingSecret = appToken
    ? (value(reader, 'SLACK_SIGNING_SECRET') ?? '')
    : need(reader, 'SLACK_SIGNING_SECRET', 'Basic Information › App Credentials (or SLACK_APP_TOKEN)')
  return {
    apiUrl: readApiUrl(reader),
    signingSecret,
    appToken,
    install: botToken
      ? { kind: 'token', botToken }
      : {
          kind: 'oauth',
          clientId: need(reader, 'SLACK_CLIENT_ID', 'or SLACK_BOT_TOKEN for a single workspace'),
          clientSecret: need(reader, 'SLACK_CLIENT_SECRET', 'or SLACK_BOT_TOKEN for a single workspace'),
        },
  }
}

function readApiUrl(reader: Reader): string {
  const text = value(reader, 'SLACK_API_URL') ?? 'https://slack.com/api/'
  if (!URL.canParse(text)) reader.problems.push('SLACK_API_URL must be a URL')
  return text.endsWith('/') ? text : `${text}/`
}

function readSmtp(reader: Reader): Config['smtp'] {
  const url = need(reader, 'SMTP_URL', 'e.g. smtp://user:pass@host:587')
  if (url && !/^smtps?:\/\/[^\s/]+/.test(url))
    reader.problems.push('SMTP_URL must start with smtp:// or smtps://')
  const from = need(reader, 'MAIL_FROM', 'e.g. Agency <access@agency.com>')
  const parsed = /^(?:"?([^"<>]*?)"?\s*<)?([^\s<>@,;]+@[^\s<>@,;]+)>?$/.exec(from)
  if (from && !parsed) reader.problems.push('MAIL_FROM must be one address, e.g. Agency <access@agency.com>')
  return { url, from: { name: parsed?.[1]?.trim() ?? '', address: parsed?.[2] ?? '' } }
}

function readSecretKeys(reader: Reader): SecretKeys {
  const text = need(
    reader,
    'SECRET_KEYS',
    'k1:<base64 of 32 random bytes>, e.g. k1:$(openssl rand -base64 32)',
  )
  if (!text) return []
  try {
    return parseSecretKeys(text)
  } catch (error) {
    reader.problems.push(`SECRET_KEYS: ${(error as Error).message}`)
    return []
  }
}

/** Which providers take a pair, and under which names: the connectors say. */
export function appVariables(): {
  provider: string
  id: string
  secret: string
  developerToken: string | null
}[] {
  const providers = new Map(allConnectors.map(({ provider }) => [provider.id, provider]))
  return [...providers.values()].flatMap((provider) => {
    if (provider.auth === 'key') return []
    const name = provider.id.toUpperCase()
    const developerToken = provider.developerToken ?? null
    return [
      { provider: provider.id, id: `${name}_CLIENT_ID`, secret: `${name}_CLIENT_SECRET`, developerToken },
    ]
  })
}

function readOAuthApps(reader: Reader): Config['oauthApps'] {
  const apps: Config['oauthApps'] = {}
  for (const names of appVariables()) {
    const id = value(reader, names.id)
    const secret = value(reader, names.secret)
    const developerToken = names.developerToken && value(reader, names.developerToken)
    if (id && secret && names.developerToken && !developerToken)
      reader.notOffered.push(`${names.provider}: ${names.developerToken} is missing`)
    else if (id && secret) apps[names.provider] = { id, secret, ...(developerToken && { developerToken }) }
    else if (id || secret)
      reader.problems.push(`${id ? names.secret : names.id} is missing: its other half is set`)
  }
  return apps
}

function readOrigins(reader: Reader): Record<string, string> {
  const text = value(reader, 'PROVIDER_ORIGINS')
  if (!text) return {}
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, string>)
    return Object.fromEntries(entries.map(([from, to]) => [new URL(from).origin, new URL(to).origin]))
  } catch {
    reader.problems.push('PROVIDER_ORIGINS must be JSON like {"https://api.example":"http://127.0.0.1:9001"}')
    return {}
  }
}
