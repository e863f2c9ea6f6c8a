/** The two calls of a token endpoint as RFC 6749 has them, for providers where only something around them is odd. */
import type { CallBack, Context, OAuthApp, OAuthProvider, TokenSet } from './connector.ts'
import { postToken } from './http.ts'

/** A code for tokens (RFC 6749 §4.1.3, with PKCE where it is on), with what the provider wants `more`. Throws ConnectorError. */
export function redeemCode(
  provider: OAuthProvider,
  { signal, site }: Context,
  app: OAuthApp,
  { query, redirectUri, verifier }: CallBack,
  more: Record<string, string> = {},
): Promise<TokenSet> {
  const code = query.code ?? ''
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...more }
  const proven = verifier === '' ? form : { ...form, code_verifier: verifier }
  return postToken(provider, proven, { app, signal, site })
}

/** A renewal (RFC 6749 §6). An answer without a refresh token means that the old one goes on. Throws ConnectorError. */
export async function renewToken(
  provider: OAuthProvider,
  { signal, site }: Context,
  app: OAuthApp,
  refreshToken: string,
  more: Record<string, string> = {},
): Promise<TokenSet> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...more }
  const renewed = await postToken(provider, form, { app, signal, site })
  return { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken }
}
