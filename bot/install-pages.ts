/** Where Slack leads back to after its install page: done, or not and how to begin again. */
import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { ExpressReceiverOptions } from '@slack/bolt'
import type { Log } from '../log.ts'
import { installedPage, notInstalledPage } from '../templates/page/installed.ts'
import type { Page } from '../templates/page/layout.ts'

type Callbacks = NonNullable<NonNullable<ExpressReceiverOptions['installerOptions']>['callbackOptions']>
export type InstallPages = Pick<Callbacks, 'success' | 'failure'>

export function installPages(installUrl: URL, log: Log): InstallPages {
  return {
    success({ team, enterprise, appId }, _options, _req, res) {
      const url = new URL('https://slack.com/app_redirect')
      url.searchParams.set('app', appId ?? '')
      if (team) url.searchParams.set('team', team.id)
      send(res, 200, installedPage(team?.name ?? enterprise?.name ?? 'your workspace', url.href))
    },
    failure(error, _options, _req, res) {
      const reference = randomBytes(4).toString('hex')
      log.warn({ reference, error }, 'an installation failed')
      send(res, 400, notInstalledPage(installUrl.href, reference))
    },
  }
}

/** The page's own style is the only thing it may load. */
function send(res: ServerResponse, status: number, { html, style }: Page): void {
  const hash = createHash('sha256').update(style).digest('base64')
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  res.end(html)
}
