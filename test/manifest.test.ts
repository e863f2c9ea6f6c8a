/** The manifest says exactly what the code listens to, and Slack would take it. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { listeners } from '../bot/index.ts'
import { registeredBy } from '../bot/listener.ts'
import { manifest, toYaml } from '../bot/manifest.ts'

const URL_GIVEN = 'https://latchkey.example.com'
const http = manifest(listeners, { url: URL_GIVEN, socket: false })
const socket = manifest(listeners, { url: URL_GIVEN, socket: true })
const registered = registeredBy(listeners)
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Settled: what the app may do in a workspace, and which events it is sent. */
const SCOPES =
  'commands chat:write chat:write.public im:write users:read users:read.email channels:read groups:read usergroups:read files:write files:read'
const EVENTS =
  'app_home_opened app_uninstalled tokens_revoked user_change member_joined_channel channel_archive channel_rename'
const sorted = (words: string) => words.split(' ').sort()

describe("Slack's schema", () => {
  const schema = JSON.parse(read('support/slack-manifest.schema.json'))
  const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(schema)
  test.each([
    ['HTTP', http],
    ['Socket Mode', socket],
  ])('takes the manifest for %s', (_mode, value) => {
    validate(JSON.parse(JSON.stringify(value)))
    expect(validate.errors ?? []).toEqual([])
  })
})

describe('the manifest and the code', () => {
  test('name the same slash commands, each once', () => {
    const named = http.features.slash_commands.map(({ command }) => command)
    expect(named.toSorted()).toEqual(registered.command.map(String).sort())
    expect(new Set(named).size).toBe(named.length)
  })

  test('name the same shortcuts', () => {
    const named = http.features.shortcuts.map(({ callback_id }) => callback_id)
    expect(named.toSorted()).toEqual(registered.shortcut.map(shortcutId).sort())
  })

  test('name the same events, and those that were settled', () => {
    expect(http.settings.event_subscriptions.bot_events).toEqual(sorted(EVENTS))
  })

  test('ask for the settled scopes and no other', () => {
    expect(http.oauth_config.scopes.bot.toSorted()).toEqual(sorted(SCOPES))
  })

  test('give every listener an id of its own', () => {
    for (const kind of ['command', 'action', 'view', 'options'] as const) {
      const ids = registered[kind].map((id) => (id instanceof RegExp ? String(id) : JSON.stringify(id)))
      expect(ids.filter((id, at) => ids.indexOf(id) < at)).toEqual([])
    }
  })
})

describe('what the schema does not see', () => {
  test('every address lies at the host given', () => {
    const addresses = JSON.stringify(http).match(/https?:\/\/[^"]+/g) ?? []
    expect(addresses.length).toBeGreaterThan(4)
    for (const address of addresses) expect(new URL(address).origin).toBe(URL_GIVEN)
  })

  test('typeaheads have an address of their own', () => {
    expect(http.settings.interactivity).toMatchObject({
      is_enabled: true,
      message_menu_options_url: `${URL_GIVEN}/slack/events`,
    })
  })

  test('Socket Mode names no address', () => {
    expect(JSON.stringify(socket)).not.toMatch(/https?:/)
    expect(socket.settings.socket_mode_enabled).toBe(true)
  })

  test('commands are lower case without spaces, described, and escape what people mention', () => {
    for (const command of http.features.slash_commands) {
      expect(command.command).toMatch(/^\/[a-z-]+$/)
      expect(command.description).not.toBe('')
      expect(command.should_escape).toBe(true)
    }
  })

  test('the Home tab is on and the app can be written DMs by buttons only', () => {
    expect(http.features.app_home).toEqual({
      home_tab_enabled: true,
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: true,
    })
  })
})

test('manifest.yml is what `npm run manifest` writes', () => {
  const [, ...rest] = read('../manifest.yml').split('\n')
  const host = /url: "?(https:\/\/[^/"]+)/.exec(rest.join('\n'))?.[1] ?? URL_GIVEN
  expect(rest.join('\n').trim()).toBe(toYaml(manifest(listeners, { url: host, socket: false })))
})

const shortcutId = (constraint: unknown) =>
  typeof constraint === 'string' ? constraint : String((constraint as { callback_id: string }).callback_id)
