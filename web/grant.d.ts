/** grant's core, as far as it is used: its own types describe only the adapters around it. */
declare module 'grant/lib/grant.js' {
  type Session = { state?: unknown; nonce?: unknown; code_verifier?: unknown }
  type Step = {
    method: string
    params: { provider: string; override?: string }
    query: Record<string, string>
    body: object
    state: object
    session: object
  }
  type Done = { location?: string; session: Session; state: { response?: Record<string, unknown> } }
  export default function grant(options: { config: object; request: object }): (step: Step) => Promise<Done>
}
