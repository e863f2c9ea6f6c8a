/** The two pages a person sees at the sandbox's Google: which login, and which boxes to tick. */
import { people } from './cast.ts'

/** What Google calls each permission on its own consent page. `openid` and `email` have no box there. */
export const boxes: Record<string, string> = {
  'https://www.googleapis.com/auth/adwords':
    'See, edit, create, and delete your Google Ads accounts and data',
  'https://www.googleapis.com/auth/analytics.readonly': 'See and download your Google Analytics data',
  'https://www.googleapis.com/auth/webmasters.readonly': 'View Search Console data for your verified sites',
  'https://www.googleapis.com/auth/youtube.readonly': 'View your YouTube account',
  'https://www.googleapis.com/auth/yt-analytics.readonly':
    'View YouTube Analytics reports for your YouTube content',
  'https://www.googleapis.com/auth/business.manage':
    'See, edit, create, and delete your Google Business Profile listings',
  'https://www.googleapis.com/auth/spreadsheets.readonly': 'See all your Google Sheets spreadsheets',
}

/** Each login is a link back to the same address with `authuser`. */
export function chooserPage(request: URL): string {
  const hint = request.searchParams.get('login_hint')
  const links = people.map(({ email, name }) => {
    const to = new URL(request)
    to.searchParams.set('authuser', email)
    const initial = name.slice(0, 1)
    return `<li><a href="${escaped(to.pathname + to.search)}" data-email="${email}"><b>${initial}</b>
      <span>${name}${email === hint ? ' <em>expected</em>' : ''}<small>${email}</small></span></a></li>`
  })
  return page(
    'Choose an account',
    `<p>to continue to <strong>Latchkey</strong></p><ul class="people">${links.join('')}</ul>`,
  )
}

/** Posts to `consent` beside the address it is served from; the query goes along unchanged. */
export function consentPage(request: URL, email: string, unticked: Set<string>): string {
  const asked = (request.searchParams.get('scope') ?? '').split(' ').filter((scope) => scope in boxes)
  const rows = asked.map((scope) => {
    const checked = unticked.has(scope) ? '' : ' checked'
    return `<li><label><span>${boxes[scope]}</span><input type="checkbox" name="scope" value="${scope}"${checked}></label></li>`
  })
  return page(
    'Latchkey wants access to your Google Account',
    `<p class="chip">${escaped(email)}</p>
    <form method="post" action="${escaped(`/o/oauth2/v2/consent${request.search}`)}">
      <input type="hidden" name="email" value="${escaped(email)}">
      ${rows.length > 0 ? `<h2>Select what Latchkey can access</h2><ul class="boxes">${rows.join('')}</ul>` : ''}
      <p class="small">You can remove this access at any time in your Google Account.</p>
      <div class="actions"><button name="answer" value="cancel" class="plain">Cancel</button>
      <button name="answer" value="continue">Continue</button></div>
    </form>`,
  )
}

export function problemPage(title: string, text: string): string {
  return page(title, `<p>${escaped(text)}</p>`)
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} – sandbox Google</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1f1f1f; background: #f0f4f9; margin: 0; padding: 24px }
main { max-width: 480px; margin: 6vh auto; background: #fff; border-radius: 24px; padding: 36px }
.note { color: #5f6368; font-size: 13px; margin: 0 0 16px } h1 { font-size: 26px; font-weight: 400; line-height: 1.25; margin: 0 0 8px }
h2 { font-size: 16px; margin: 20px 0 4px } ul { list-style: none; padding: 0; margin: 12px 0 } .small { font-size: 13px; color: #444746 }
.people a { display: flex; gap: 14px; align-items: center; padding: 12px 4px; border-bottom: 1px solid #e1e3e1; color: inherit; text-decoration: none }
.people b { width: 36px; height: 36px; line-height: 36px; border-radius: 50%; background: #0b57d0; color: #fff; text-align: center }
small { display: block; color: #5f6368 } em { font-size: 12px; color: #0b57d0 } .chip { display: inline-block; border: 1px solid #c4c7c5; border-radius: 16px; padding: 2px 14px; margin: 4px 0 }
.boxes label { display: flex; justify-content: space-between; gap: 16px; padding: 14px 0; border-bottom: 1px solid #e1e3e1 }
.boxes input { width: 20px; height: 20px; flex: none } .actions { display: flex; justify-content: flex-end; gap: 8px; margin-top: 24px }
button { font: inherit; font-weight: 500; border: 0; border-radius: 20px; padding: 9px 24px; background: #0b57d0; color: #fff; cursor: pointer }
button.plain { background: transparent; color: #0b57d0 } a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid #a8c7fa }
</style><main><p class="note">Sandbox: this is not Google</p><h1>${title}</h1>${body}</main></html>`
}
