/** What an admin sees after the install page at Slack. */
import { html } from '../markup.ts'
import { type Page, page } from './layout.ts'

/** `openUrl` leads back into Slack. */
export function installedPage(teamName: string, openUrl: string): Page {
  return page(
    null,
    'Latchkey is installed',
    html`<h1>Latchkey is installed in ${teamName}</h1>
<p>Open its Home tab in Slack: choose an alert channel and your time zone in the settings, then ask for the first access.</p>
<p><a href="${openUrl}">Open Latchkey in Slack</a></p>`,
  )
}

export function notInstalledPage(installUrl: string, reference: string): Page {
  return page(
    null,
    'Latchkey was not installed',
    html`<h1>Latchkey was not installed</h1>
<p>It was cancelled, took longer than ten minutes, or went on in another browser than it began in.</p>
<p><a href="${installUrl}">Begin again</a>. If it happens again, give your Latchkey operator the reference ${reference}.</p>`,
  )
}
