/** How Slack reaches us: signed HTTP on the shared Express app, or a socket. Both carry the same requests. */
import {
  ExpressReceiver,
  type InstallationStore,
  type Logger,
  type Receiver,
  type ReceiverEvent,
  SocketModeReceiver,
} from '@slack/bolt'
import type { Express } from 'express'
import type { SlackConfig } from '../config.ts'
import { interactive } from './client-options.ts'
import type { Signed } from './guard.ts'
import type { InstallPages } from './install-pages.ts'
import { BOT_SCOPES } from './scopes.ts'

export const EVENTS_PATH = '/slack/events'
export const INSTALL_PATH = '/slack/install'
export const REDIRECT_PATH = '/slack/oauth_redirect'

export type Installing = {
  store: InstallationStore
  stateSecret: string
  publicUrl: URL
  pages: InstallPages
}

type Processor = { processEvent(event: ReceiverEvent): Promise<void> }

/** `processor` receives each request in place of Bolt. */
export function openReceiver(
  slack: SlackConfig,
  logger: Logger,
  web: Express,
  installing: Installing,
  processor: Processor,
): Receiver {
  const inner = slack.appToken
    ? new SocketModeReceiver({
        appToken: slack.appToken,
        logger,
        // The socket must keep trying to reconnect, so it gets no `retryConfig` of ours.
        installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
      })
    : new ExpressReceiver({
        signingSecret: slack.signingSecret,
        app: web,
        endpoints: EVENTS_PATH,
        logger,
        customPropertiesExtractor: ({ headers }): Signed => ({
          slackSignature: String(headers['x-slack-signature'] ?? ''),
          slackTimestamp: String(headers['x-slack-request-timestamp'] ?? ''),
        }),
        ...installOptions(slack, logger, installing),
      })
  if (slack.appToken && slack.install.kind === 'oauth') mountInstallPage(slack, logger, web, installing)
  return {
    init: () => inner.init(processor as never),
    start: () => ('client' in inner ? inner.start() : Promise.resolve()),
    stop: () => ('client' in inner ? inner.stop() : Promise.resolve()),
  }
}

/** Beside a socket only the install page needs an address: browsers come there. */
function mountInstallPage(slack: SlackConfig, logger: Logger, web: Express, installing: Installing): void {
  new ExpressReceiver({
    ...{ app: web, endpoints: {}, logger, signingSecret: '', signatureVerification: false },
    ...installOptions(slack, logger, installing),
  })
}

function installOptions(
  { install, apiUrl }: SlackConfig,
  logger: Logger,
  { store, stateSecret, publicUrl, pages }: Installing,
) {
  if (install.kind !== 'oauth') return {}
  return {
    clientId: install.clientId,
    clientSecret: install.clientSecret,
    stateSecret,
    scopes: BOT_SCOPES,
    redirectUri: new URL(REDIRECT_PATH, publicUrl).href,
    installationStore: store,
    installerOptions: {
      directInstall: true,
      installPath: INSTALL_PATH,
      redirectUriPath: REDIRECT_PATH,
      callbackOptions: pages,
      authorizationUrl: new URL('/oauth/v2/authorize', apiUrl).href,
      clientOptions: interactive(apiUrl, logger),
    },
  }
}
