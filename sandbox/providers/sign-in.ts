/** The one page a person sees at a pretended provider, and where its two buttons lead. */
import type { OAuthProvider } from '../../connectors/connector.ts'
import type { Call, Fake } from '../fakes/fake.ts'

export type Leaving = {
  name: string
  scopes: string[]
  /** Back at Latchkey with this code. */
  back(code: string): string
  redirectUri: string
  state: string | null
  /** OAuth 1.0a's. */
  requestToken: string | null
}

type Part = { oauth: OAuthProvider | null; fake: Fake }

/** Null: the call is not a browser's at the sign-in of any of these. */
export function leavingFrom(parts: Part[], { method, url }: Call): Leaving | null {
  const part = parts.find(({ oauth }) => oauth !== null && method === 'GET' && isSignIn(oauth, url))
  if (!part?.oauth) return null
  const requestToken = url.searchParams.get('oauth_token')
  const redirectUri = part.fake.signIn?.returnsTo?.(url) ?? url.searchParams.get('redirect_uri') ?? ''
  const state = url.searchParams.get('state')
  return {
    ...{ name: part.oauth.name, redirectUri, state, requestToken },
    scopes: (url.searchParams.get('scope') ?? '').split(/[\s,]+/).filter(Boolean),
    back(code) {
      const to = new URL(redirectUri)
      const brought = part.fake.signIn?.callback?.(code, url) ?? { code }
      for (const [name, value] of Object.entries(brought)) to.searchParams.set(name, value)
      if (state !== null) to.searchParams.set('state', state)
      return to.href
    },
  }
}

/** Shops and regions have an address each: the path tells. */
function isSignIn(provider: OAuthProvider, url: URL): boolean {
  const { authorizeUrl } = provider.endpoints?.(url.origin) ?? provider
  const paths = [authorizeUrl, provider.authorizeUrl].map((one) => new URL(one).pathname)
  return paths.includes(url.pathname)
}

export function deniedUrl({ redirectUri, state, requestToken }: Leaving): string {
  const to = new URL(redirectUri)
  if (requestToken !== null) to.searchParams.set('denied', requestToken)
  else to.searchParams.set('error', 'access_denied')
  if (state !== null) to.searchParams.set('state', state)
  return to.href
}

/** Both buttons lead back to this address with an answer. */
export function allowPage({ name, scopes }: Leaving, url: URL): string {
  const fields = [...url.searchParams].map(
    ([key, value]) => `<input type="hidden" name="${escaped(key)}" value="${escaped(value)}">`,
  )
  const asked =
    scopes.length > 0
      ? `<ul>${scopes.map((scope) => `<li><code>${escaped(scope)}</code></li>`).join('')}</ul>`
      : ''
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Allow Latchkey – sandbox ${escaped(name)}</title>
<style>
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 24px; background: Canvas; color: CanvasText }
main { max-width: 460px; margin: 6vh auto; border: 1px solid #8888; border-radius: 16px; padding: 28px } .note { font-size: 13px; opacity: .75; margin: 0 0 12px }
h1 { font-size: 24px; font-weight: 500; line-height: 1.25; margin: 0 0 8px } .actions { display: flex; gap: 8px; justify-content: flex-end; margin-top: 24px }
button { font: inherit; font-weight: 600; border: 1px solid #8888; border-radius: 10px; padding: 10px 22px; cursor: pointer; background: transparent; color: inherit }
button[value=allow] { background: #1d4ed8; color: #fff; border-color: #1d4ed8 } button:focus-visible { outline: 3px solid #93c5fd; outline-offset: 2px }
</style><main><p class="note">Sandbox: this is not ${escaped(name)}</p><h1>Allow Latchkey to read your ${escaped(name)} data?</h1>
<p>Signed in as Dana Whitfield.</p>${asked}
<form method="get" action="${escaped(url.pathname)}">${fields.join('')}
<div class="actions"><button name="sandbox-answer" value="deny">Cancel</button><button name="sandbox-answer" value="allow">Allow</button></div></form></main></html>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
