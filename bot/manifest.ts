/** Slack's app manifest, written from what the listeners say they listen to. */

import { type Listener, registeredBy } from './listener.ts'
import { EVENTS_PATH, REDIRECT_PATH } from './receiver.ts'
import { BOT_SCOPES } from './scopes.ts'

export type ManifestOptions = {
  /** Where Slack reaches us; without effect in Socket Mode. */
  url: string
  socket: boolean
}

const DESCRIPTION = 'Gets agencies into their clients’ data, and keeps them in.'
const LONG_DESCRIPTION = `Latchkey asks the owners of ad accounts, analytics properties and sites for read access, from Slack: type /request-access, say which data sources of which client and who owns them, and the owner gets a link that works once. They sign in at the provider, nobody sends a password. The data are read every night from then on. When an authorisation breaks, one card in your alert channel says so and everything heals with one reconnect.`

/** A plain object, in the order people read it. */
export function manifest(listeners: readonly Listener[], { url, socket }: ManifestOptions) {
  const events = new URL(EVENTS_PATH, url).href
  const over = <T extends object>(http: T): T | Record<string, never> => (socket ? {} : http)
  const commands = listeners.flatMap((listener) => listener.commands ?? [])
  return {
    _metadata: { major_version: 2 },
    display_information: {
      name: 'Latchkey',
      description: DESCRIPTION,
      background_color: '#1f3a5f',
      long_description: LONG_DESCRIPTION,
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: 'Latchkey', always_online: true },
      shortcuts: listeners.flatMap((listener) => listener.shortcuts ?? []),
      slash_commands: commands.map((command) => ({
        ...command,
        ...over({ url: events }),
        should_escape: true,
      })),
    },
    oauth_config: {
      ...over({ redirect_urls: [new URL(REDIRECT_PATH, url).href] }),
      scopes: { bot: BOT_SCOPES },
    },
    settings: {
      event_subscriptions: { ...over({ request_url: events }), bot_events: botEvents(listeners) },
      interactivity: {
        is_enabled: true,
        ...over({ request_url: events, message_menu_options_url: events }),
      },
      org_deploy_enabled: true,
      socket_mode_enabled: socket,
      // A token from the environment cannot be renewed by us, and rotation can never be switched off again.
      token_rotation_enabled: false,
    },
  }
}

const botEvents = (listeners: readonly Listener[]) =>
  [...new Set(registeredBy(listeners).event.map(String))].sort()

/** The little YAML a manifest needs: maps, lists, and scalars quoted as JSON where plain words would not do. */
export function toYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value))
    return value.map((item) => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join('\n')
  if (value === null || typeof value !== 'object') return indent + scalar(value)
  return Object.entries(value)
    .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
    .map(([key, inner]) =>
      inner !== null && typeof inner === 'object'
        ? `${indent}${key}:\n${toYaml(inner, `${indent}  `)}`
        : `${indent}${key}: ${scalar(inner)}`,
    )
    .join('\n')
}

const scalar = (value: unknown) =>
  typeof value === 'string' &&
  /^[a-z][\w.]*( [\w.]+)*$/i.test(value) &&
  !/^(true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : JSON.stringify(value)
