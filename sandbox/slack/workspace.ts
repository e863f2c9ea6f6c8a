/**
 * The emulated Slack Web API (`emulate`) behind fixed ids: it makes up the ids of what it is seeded with, so ids are
 * translated in everything that goes in and out.
 */
import { createEmulator } from 'emulate'
import { APP_ID, BOT, CHANNELS, dmOf, OAUTH_APP, PEOPLE, TEAM } from './people.ts'

export type Answer = { status: number; body: { ok: boolean; error?: string; [key: string]: unknown } }
export type Workspace = {
  /** One Web API call; `body` is what arrived, form-encoded or JSON. */
  call(method: string, body: string, type: string, token: string): Promise<Answer>
  /** Anything else Slack serves to browsers: the consent page of an installation, uploads, files. */
  pass(path: string, request: RequestInit): Promise<Response>
  url: string
  close(): Promise<void>
}

type Found = { id: string; name: string }

export async function openWorkspace(
  port: number,
  options: { botToken: string; signingSecret: string; redirectUris: string[] },
): Promise<Workspace> {
  const emulator = await createEmulator({ service: 'slack', port, seed: { slack: seed(options) } as never })
  const ids = new Map<string, string>()
  const call = caller(emulator.url, ids)
  await learnIds(call, ids, options.botToken)
  return {
    call,
    url: emulator.url,
    close: () => emulator.close(),
    async pass(path, request) {
      const answer = await fetch(emulator.url + path, { ...request, redirect: 'manual' })
      const text = translate(await answer.text(), ids, 'ours')
      const headers = new Headers(answer.headers)
      for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
      return new Response(text || null, { status: answer.status, headers })
    },
  }
}

function seed({ botToken, signingSecret, redirectUris }: Parameters<typeof openWorkspace>[1]) {
  const bot = { app_id: APP_ID, bot_id: BOT.id, bot_user_id: BOT.userId }
  return {
    team: { name: TEAM.name, domain: TEAM.domain },
    users: PEOPLE.map(({ name, realName, email, kind }) => ({
      ...{ name, real_name: realName, email, is_admin: kind === 'owner' || kind === 'admin' },
    })),
    channels: CHANNELS.map(({ name, topic, isPrivate }) => ({ name, topic, is_private: isPrivate })),
    signing_secret: signingSecret,
    oauth_apps: [
      {
        ...{ client_id: OAUTH_APP.clientId, client_secret: OAUTH_APP.clientSecret, name: BOT.realName },
        ...{ ...bot, bot_name: BOT.name, redirect_uris: redirectUris, scopes: SCOPES },
      },
    ],
    tokens: [
      {
        token: botToken,
        user_id: BOT.userId,
        type: 'bot',
        scopes: SCOPES,
        client_id: OAUTH_APP.clientId,
        ...bot,
      },
    ],
  }
}

const SCOPES = [
  ...['commands', 'chat:write', 'chat:write.public', 'im:write', 'users:read', 'users:read.email'],
  ...['channels:read', 'groups:read', 'usergroups:read', 'files:write', 'files:read'],
]

function caller(url: string, ids: Map<string, string>): Workspace['call'] {
  return async (method, body, type, token) => {
    const answer = await fetch(`${url}/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': type, ...(token && { authorization: `Bearer ${token}` }) },
      body: translate(body, ids, 'theirs'),
    })
    if (answer.status === 404) return { status: 200, body: { ok: false, error: 'unknown_method' } }
    const given = JSON.parse(translate(await answer.text(), ids, 'ours'))
    return { status: answer.status, body: method === 'users.list' ? withoutStrangers(given) : given }
  }
}

/** Also opens every direct conversation with the bot, since those ids are made up on first use. */
async function learnIds(call: Workspace['call'], ids: Map<string, string>, token: string): Promise<void> {
  const ask = async (method: string, fields: Record<string, string>) =>
    (await call(method, new URLSearchParams(fields).toString(), FORM, token)).body
  const { members } = (await ask('users.list', { limit: '100' })) as unknown as { members: Found[] }
  const { channels } = (await ask('conversations.list', {
    ...{ limit: '100', types: 'public_channel,private_channel' },
  })) as unknown as { channels: Found[] }
  for (const { id, name } of PEOPLE) ids.set(id, members.find((one) => one.name === name)?.id ?? id)
  for (const { id, name } of CHANNELS) ids.set(id, channels.find((one) => one.name === name)?.id ?? id)
  for (const { id, isPrivate } of CHANNELS) {
    if (isPrivate) continue
    await ask('conversations.join', { channel: id })
    await ask('conversations.invite', { channel: id, users: PEOPLE.map((one) => one.id).join(',') })
  }
  for (const { id } of PEOPLE) {
    const { channel } = (await ask('conversations.open', { users: id })) as unknown as { channel: Found }
    ids.set(dmOf(id), channel.id)
  }
}

/** The emulator brings an administrator of its own, who would get every alert by mail. */
function withoutStrangers(listed: Record<string, unknown>): Record<string, unknown> {
  const members = (listed.members ?? []) as Found[]
  const ours = ({ id, name }: Found) =>
    id === BOT.userId || PEOPLE.some((one) => one.id === id || one.name === name)
  return { ...listed, ...(listed.members ? { members: members.filter(ours) } : {}) }
}

const FORM = 'application/x-www-form-urlencoded'

function translate(text: string, ids: Map<string, string>, to: 'ours' | 'theirs'): string {
  let out = text
  for (const [ours, theirs] of ids)
    out = to === 'ours' ? out.replaceAll(theirs, ours) : out.replaceAll(ours, theirs)
  return out
}
