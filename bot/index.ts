/** Everything people can do in Slack. Adding a command: one new file here and one line below. */
import { randomBytes } from 'node:crypto'
import { App, type AuthorizeResult, type Context, type Receiver } from '@slack/bolt'
import type { Express } from 'express'
import type { SlackConfig } from '../config.ts'
import type { Services } from '../flows/services.ts'
import type { SlackVoice } from '../jobs/job.ts'
import type { Log } from '../log.ts'
import {
  outdatedButton,
  problemView,
  tryAgain,
  unknownCommand,
  unknownWorkspace,
} from '../templates/slack/trouble.ts'
import * as access from './access.ts'
import * as channels from './channels.ts'
import { background, interactive } from './client-options.ts'
import * as exportCsv from './export-csv.ts'
import { createGuard, type Guard } from './guard.ts'
import * as home from './home.ts'
import * as incidentButtons from './incident-buttons.ts'
import * as install from './install.ts'
import { installPages } from './install-pages.ts'
import { isKnown, type Listener, type Registered, registeredBy } from './listener.ts'
import * as move from './move.ts'
import * as ownerAsk from './owner-ask.ts'
import { INSTALL_PATH, openReceiver } from './receiver.ts'
import * as reconnect from './reconnect.ts'
import * as requestAccess from './request-access.ts'
import * as requestButtons from './request-buttons.ts'
import * as requestForm from './request-form.ts'
import * as roles from './roles.ts'
import * as settings from './settings.ts'
import { createVoices } from './slack.ts'
import { slackLogger } from './slack-log.ts'
import * as sources from './sources.ts'
import { answersInPlace, answerWith, type Body } from './trouble.ts'
import * as whoHasAccess from './who-has-access.ts'
import { openWorkspaces, teamOf, type Workspaces } from './workspaces.ts'

export const listeners: readonly Listener[] = [
  install,
  channels,
  home,
  sources,
  exportCsv,
  whoHasAccess,
  access,
  settings,
  roles,
  requestAccess,
  requestForm,
  requestButtons,
  reconnect,
  incidentButtons,
  move,
  ownerAsk,
]

export type Bot = {
  start(): Promise<void>
  /** Waits for running listeners, at most `graceMs`. */
  stop(graceMs: number): Promise<void>
  voice(orgId: string): Promise<SlackVoice | null>
}

/** Mounts Slack's endpoints on `web` (HTTP), or opens a socket (Socket Mode). Call before `closeWeb`. */
export async function createBot(
  slack: SlackConfig,
  services: Services,
  log: Log,
  web: Express,
): Promise<Bot> {
  const logger = slackLogger(log)
  const patient = () => background(slack.apiUrl, logger)
  const prompt = () => interactive(slack.apiUrl, logger)
  const workspaces = await openWorkspaces(slack, services, patient())
  const guard = createGuard(() => app, services, log, prompt)
  const receiver = openReceiver(slack, logger, web, installing(services, log, patient), {
    processEvent: guard.process,
  })
  const app = wire(receiver, { workspaces, services, log, guard, logger, clientOptions: prompt() })
  await app.init()
  const voices = createVoices(workspaces, patient)
  return {
    start: async () => void (await receiver.start()),
    async stop(graceMs) {
      await receiver.stop()
      await guard.drain(graceMs)
      await voices.close()
      await workspaces.close()
    },
    voice: voices.voice,
  }
}

const installing = (services: Services, log: Log, patient: () => ReturnType<typeof background>) => ({
  store: install.installationStore(services, patient),
  stateSecret: services.tokens.derive(services.tokens.newestKeyId, 'slack install state'),
  publicUrl: services.publicUrl,
  pages: installPages(new URL(INSTALL_PATH, services.publicUrl), log),
})

type Wiring = {
  workspaces: Workspaces
  services: Services
  log: Log
  guard: Guard
  logger: ReturnType<typeof slackLogger>
  clientOptions: ReturnType<typeof interactive>
}

function wire(receiver: Receiver, { workspaces, services, log, guard, logger, clientOptions }: Wiring): App {
  const app = new App({
    receiver,
    logger,
    clientOptions,
    authorize: (source) => authorize(workspaces, log, source),
    deferInitialization: true,
    convoStore: false,
    extendedErrorHandler: true,
  })
  app.error(async ({ error, body, context }: Failed) => {
    const reference = randomBytes(4).toString('hex')
    log.error({ reference, org: context.orgId, error: error.original ?? error }, 'a Slack request failed')
    guard.note(body, error.original ?? error, reference, context.botToken ?? null)
  })
  app.use(answerOnlyTheKnown(registeredBy(listeners)))
  for (const listener of listeners) listener.register(app, services)
  return app
}

type Failed = { error: Error & { original?: Error }; body: object; context: Context }

/** Never throws: Bolt would swallow it, and the person would see nothing. The middleware below answers instead. */
async function authorize(
  workspaces: Workspaces,
  log: Log,
  source: Parameters<typeof teamOf>[0],
): Promise<AuthorizeResult> {
  try {
    const workspace = await workspaces.ofTeam(teamOf(source))
    if (!workspace) return { trouble: unknownWorkspace() }
    const { orgId, botToken, botUserId, botId } = workspace
    return { orgId, workspace, botToken, botUserId, ...(botId && { botId }) }
  } catch (error) {
    log.error({ error }, 'a workspace could not be looked up')
    return { trouble: tryAgain() }
  }
}

/** Slack shows an error of its own for whatever is not acknowledged, so the unknown is answered too. */
function answerOnlyTheKnown(registered: Registered): Parameters<App['use']>[0] {
  return async (args) => {
    const body = args.body as Body
    const { ack, respond } = args as unknown as {
      ack?: (answer?: unknown) => Promise<void>
      respond?: (text: object) => Promise<unknown>
    }
    const trouble = args.context.trouble ?? (isKnown(registered, body) ? null : whyUnknown(body))
    if (trouble === null || (body.event && isFarewell(body))) return args.next()
    if (body.event) return
    const says = String(trouble)
    await ack?.(answerWith(body, { reference: null, says, botToken: null }))
    if (answersInPlace(body) || says === '') return
    if (respond) await respond({ response_type: 'ephemeral', replace_original: false, text: says })
    else if (body.trigger_id && args.context.botToken)
      await args.client.views.open({ trigger_id: body.trigger_id, view: problemView(says) })
  }
}

const isFarewell = ({ event }: Body) => event?.type === 'app_uninstalled' || event?.type === 'tokens_revoked'

/** Link buttons lead to a page by themselves and only want to be acknowledged; so do closed modals. */
function whyUnknown({ command, type, actions }: Body): string {
  if (command !== undefined) return unknownCommand(command)
  const [action] = actions ?? []
  if (type === 'view_closed' || action?.url || action?.selected_option?.url) return ''
  return outdatedButton()
}
