/** The real voice in Slack before a fake one, and services with it, for what jobs say. */
import { afterAll, beforeEach } from 'vitest'
import { background } from '../../bot/client-options.ts'
import { createVoices } from '../../bot/slack.ts'
import { slackLogger } from '../../bot/slack-log.ts'
import type { Workspaces } from '../../bot/workspaces.ts'
import type { Services } from '../../flows/services.ts'
import type { Voices } from '../../jobs/job.ts'
import { type FakeSlack, startFakeSlack } from './fake-slack.ts'

const workspaces: Workspaces = {
  ofTeam: async () => null,
  ofOrg: async (orgId) => ({
    ...{ workspaceId: `ws-${orgId}`, orgId, teamId: 'T1', enterpriseId: null, teamName: 'Agency' },
    ...{ botToken: 'xoxb-one', botUserId: 'UBOT', botId: 'BBOT' },
  }),
  close: async () => {},
}
const quiet = slackLogger({ debug() {}, info() {}, warn() {}, error() {} })

/** What Slack was asked is forgotten before every test. */
export async function speaking(services: Services): Promise<{ slack: FakeSlack; all: Services & Voices }> {
  const slack = await startFakeSlack()
  const voices = createVoices(workspaces, () => background(slack.apiUrl, quiet))
  const mail: Voices['mail'] = { send: () => Promise.reject(new Error('no mail here')) }
  beforeEach(() => {
    slack.calls.length = 0
    slack.answers = {}
    slack.uploads = {}
  })
  afterAll(async () => {
    await voices.close()
    await slack.close()
  })
  return { slack, all: { ...services, slack: voices.voice, mail } }
}
