/** What a pretended provider is: answers in its documented shapes, made of believable figures. Also used by the conformance suite. */
import type { Json } from '../../connectors/call.ts'

/** A call as the provider would see it, with the origin it was meant for. */
export type Call = {
  method: string
  url: URL
  headers: Record<string, string>
  /** The body, as it came, as JSON (null: none) and as a form. */
  text: string
  json: Json
  form: Record<string, string>
}
/** Buffers go out as they are, text as text, all else as JSON. */
export type Answer = { status?: number; headers?: Record<string, string>; body: Json | Buffer }

export type World = {
  /** Campaign-like things under an account, always the same ones. */
  splits(accountId: string): { id: string; name: string }[]
  /** A whole number near `size`, the same for the same seed and day, lower at weekends, growing slowly. */
  figure(seed: string, day: string, size: number): number
  /** Whether a token or key of this provider is good now: the sandbox can withdraw it. */
  accepts(credential: string): boolean
}

export type Fake = {
  /** Everything it stands for: sign-in, API, sites and downloads, real origins. */
  origins: string[]
  /** Of OAuth providers. `callback`: what the browser brings back beside `state`; default {code}. */
  signIn?: {
    callback?(code: string, leftAt: URL): Record<string, string>
    /** Where the browser goes back to, if not to `redirect_uri`. */
    returnsTo?(leftAt: URL): string
    /** The token endpoint, asked by path: exchange and renewal. `mint` makes an access token the world accepts. */
    token(call: Call, mint: () => string, leftAt?: URL): Answer | null
    /** How it refuses to renew what was withdrawn, if not as RFC 6749 says. */
    refused?: Answer
  }
  /** Of key providers: what to type into each field in the sandbox. */
  keys?: Record<string, string>
  /** What to type where the owner is asked something else, e.g. for the address of a shop. */
  answers?: Record<string, string>
  /** Null: not a call of this fake. */
  answer(call: Call, world: World): Answer | null
}
