/** The voice in Slack: where it speaks, at what pace, and what it makes of Slack's refusals. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { background } from '../../bot/client-options.ts'
import { createVoices, type Voices } from '../../bot/slack.ts'
import { slackLogger } from '../../bot/slack-log.ts'
import type { Reachable, Workspaces } from '../../bot/workspaces.ts'
import type { SlackVoice } from '../../jobs/job.ts'
import { section } from '../../templates/slack/blocks.ts'
import { type FakeSlack, startFakeSlack } from '../support/fake-slack.ts'

let slack: FakeSlack
let voices: Voices
let options: ReturnType<typeof background>[] = []

const workspace = (orgId: string, botToken: string): Reachable => ({
  ...{ workspaceId: `ws-${orgId}`, orgId, teamId: 'T1', enterpriseId: null, teamName: 'Agency', botToken },
  ...{ botUserId: 'UBOT', botId: 'BBOT' },
})
const known: Workspaces = {
  ofTeam: async () => null,
  ofOrg: async (orgId) => (orgId === 'gone' ? null : workspace(orgId, `xoxb-${orgId}`)),
  close: async () => {},
}
const quiet = slackLogger({ debug() {}, info() {}, warn() {}, error() {} })

beforeAll(async () => {
  slack = await startFakeSlack()
  voices = createVoices(known, () => {
    const made = background(slack.apiUrl, quiet)
    options.push(made)
    return made
  })
})
beforeEach(() => {
  slack.calls.length = 0
  slack.answers = {}
  slack.uploads = {}
  options = []
})
afterAll(async () => {
  await voices.close()
  await slack.close()
})

const voiceOf = async (orgId: string) => (await voices.voice(orgId)) as SlackVoice
const message = { text: 'A sentence.', blocks: [section('A sentence.')] }
let channels = 0
const channel = () => `C${++channels}`

test('an org without a workspace has no voice', async () => {
  expect(await voices.voice('gone')).toBeNull()
})

describe('posting', () => {
  test('never unfurls, and says where it was posted', async () => {
    const to = channel()
    const posted = await (await voiceOf('one')).post(to, message, { threadTs: '1.1' })
    expect(posted).toMatchObject({ kind: 'posted', channel: to })
    expect(slack.of('chat.postMessage')[0]?.args).toMatchObject({
      ...{ channel: to, text: 'A sentence.', thread_ts: '1.1', unfurl_links: 'false', unfurl_media: 'false' },
    })
  })

  test('to a person opens the DM', async () => {
    expect(await (await voiceOf('one')).post('U7', message)).toMatchObject({ channel: 'D-U7' })
  })

  test('with a colour keeps the sentence outside the bar', async () => {
    await (await voiceOf('one')).post(channel(), { ...message, color: '#a30200' })
    const { args } = slack.of('chat.postMessage')[0] ?? { args: {} }
    expect(args).toMatchObject({ text: 'A sentence.', attachments: [{ color: '#a30200' }] })
  })

  test('keeps a distance in one channel and none between channels', async () => {
    const voice = await voiceOf('one')
    const [a, b] = [channel(), channel()]
    const began = performance.now()
    const done: [string, number][] = []
    const post = async (to: string) => {
      await voice.post(to, message)
      done.push([to, performance.now() - began])
    }
    await Promise.all([post(a), post(a), post(b)])
    const seconds = (to: string) => done.filter(([name]) => name === to).map(([, ms]) => ms / 1000)
    expect(done.at(-1)?.[0]).toBe(a)
    expect(seconds(a)[1]).toBeGreaterThan(1.1)
  })
})

describe('a file', () => {
  const file = (more = {}) => ({
    ...{ name: 'a.png', title: 'A picture', altText: 'Ten of ten days', data: new Blob(['bytes']) },
    ...more,
  })

  test('is announced with its length and its words, sent, and shared in the DM with the message', async () => {
    expect(await (await voiceOf('one')).file('U21', file(), message)).toMatchObject({
      ...{ kind: 'posted', channel: 'D-U21' },
    })
    const [announced] = slack.of('files.getUploadURLExternal')
    expect(announced?.args).toEqual({ filename: 'a.png', length: '5', alt_txt: 'Ten of ten days' })
    expect(Object.values(slack.uploads).map(String)).toEqual(['bytes'])
    const [id] = Object.keys(slack.uploads)
    expect(slack.of('files.completeUploadExternal')[0]?.args).toMatchObject({
      ...{ files: [{ id, title: 'A picture' }], channel_id: 'D-U21', blocks: message.blocks },
    })
  })

  test('has no more words than Slack takes', async () => {
    await (await voiceOf('one')).file('U22', file({ altText: 'x'.repeat(2_000) }), message)
    expect(String(slack.of('files.getUploadURLExternal')[0]?.args.alt_txt)).toHaveLength(1_000)
  })

  test.each([
    ['file_uploads_disabled', 'refused'],
    ['file_upload_size_restricted', 'refused'],
    ['missing_scope', 'refused'],
    ['token_revoked', 'unreachable'],
  ])('%s is an answer: %s', async (error, kind) => {
    slack.answers['files.getUploadURLExternal'] = { ok: false, error }
    expect(await (await voiceOf('one')).file(channel(), file(), message)).toEqual({ kind, why: error })
  })

  test('that did not arrive is thrown, and never shared', async () => {
    slack.answers['files.getUploadURLExternal'] = {
      ...{ ok: true, file_id: 'F1', upload_url: `${slack.apiUrl}nowhere`.replace('/api/', '/lost/') },
    }
    slack.answers['/lost/nowhere'] = { ok: false, retryAfter: 1 }
    await expect((await voiceOf('one')).file(channel(), file(), message)).rejects.toThrow('429')
    expect(slack.of('files.completeUploadExternal')).toEqual([])
  })
})

describe('a refusal of Slack', () => {
  test.each(['channel_not_found', 'is_archived', 'restricted_action_read_only_channel', 'token_revoked'])(
    '%s is an answer',
    async (error) => {
      slack.answers['chat.postMessage'] = { ok: false, error }
      expect(await (await voiceOf('one')).post(channel(), message)).toEqual({
        kind: 'unreachable',
        why: error,
      })
    },
  )

  test('a DM that cannot be opened is an answer too', async () => {
    slack.answers['conversations.open'] = { ok: false, error: 'user_not_found' }
    expect(await (await voiceOf('one')).post('U8', message)).toEqual({
      ...{ kind: 'unreachable', why: 'user_not_found' },
    })
  })

  test.each(['message_not_found', 'cant_update_message', 'channel_not_found'])(
    'an edit after %s is gone',
    async (error) => {
      slack.answers['chat.update'] = { ok: false, error }
      expect(await (await voiceOf('one')).update('C1', '1.1', message)).toBe('gone')
    },
  )

  test('what will pass is thrown, and so is a mistake of ours with its details', async () => {
    slack.answers['chat.postMessage'] = { ok: false, error: 'internal_error' }
    await expect((await voiceOf('one')).post(channel(), message)).rejects.toThrow('internal_error')
    slack.answers['chat.postMessage'] = {
      ...{ ok: false, error: 'invalid_blocks', response_metadata: { messages: ['[ERROR] must be string'] } },
    }
    await expect((await voiceOf('one')).post(channel(), message)).rejects.toThrow('must be string')
  })

  test('a long wait is handed to the queue', async () => {
    slack.answers['chat.postMessage'] = { ok: false, error: 'ratelimited', retryAfter: 31 }
    await expect((await voiceOf('one')).post(channel(), message)).rejects.toMatchObject({
      retryAfterSeconds: 31,
    })
  })

  test('a short wait is waited for', async () => {
    let asked = 0
    slack.answers['chat.postMessage'] = ({ args }) =>
      ++asked === 1 ? { ok: false, retryAfter: 1 } : { ok: true, channel: args.channel, ts: '9.9' }
    expect(await (await voiceOf('one')).post(channel(), message)).toMatchObject({ ts: '9.9' })
  })
})

test('two workspaces never share a token: no headers in the options, and a fresh object each time', async () => {
  await (await voiceOf('red')).post(channel(), message)
  await (await voiceOf('blue')).post(channel(), message)
  await (await voiceOf('red')).post(channel(), message)
  expect(slack.of('chat.postMessage').map(({ token }) => token)).toEqual([
    ...['xoxb-red', 'xoxb-blue', 'xoxb-red'],
  ])
  expect(options).toHaveLength(2)
  expect(options[0]).not.toBe(options[1])
  for (const made of options) expect(made).not.toHaveProperty('headers')
})
