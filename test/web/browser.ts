/** A browser by hand: cookies, forms and redirects, and a record of everything that went by. */
export type Shown = { status: number; url: string; html: string; headers: Headers }

export class Visitor {
  readonly jar = new Map<string, string>()
  /** Every URL requested and every body and Location answered. */
  readonly seen: string[] = []
  readonly agent: string
  constructor(agent = 'Mozilla/5.0') {
    this.agent = agent
  }

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    this.seen.push(url)
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'user-agent': this.agent, ...(cookie && { cookie }), ...(init.headers as object) }
    const response = await fetch(url, { redirect: 'manual', ...init, headers })
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split(/=(.*)/)
      this.jar.set(name, value)
    }
    this.seen.push(response.headers.get('location') ?? '')
    return response
  }

  /** Follows redirects, and stops before one that leaves for `until`. */
  async go(url: string, init: RequestInit = {}, until?: string): Promise<Shown> {
    let response = await this.request(url, init)
    let at = url
    for (let hops = 0; response.status >= 300 && response.status < 400 && hops < 10; hops++) {
      at = new URL(response.headers.get('location') ?? '', at).href
      if (until && at.includes(until))
        return { status: response.status, url: at, html: '', headers: response.headers }
      response = await this.request(at)
    }
    const html = await response.text()
    this.seen.push(html)
    return { status: response.status, url: at, html, headers: response.headers }
  }

  async post(url: string, fields: Record<string, string | string[]> = {}, until?: string): Promise<Shown> {
    const body = new URLSearchParams()
    for (const [name, value] of Object.entries(fields))
      for (const one of [value].flat()) body.append(name, one)
    const origin = new URL(url).origin
    return this.go(url, { method: 'POST', body, headers: { origin, 'sec-fetch-site': 'same-origin' } }, until)
  }
}

/** Values of the inputs with this name, in order. */
export function values(html: string, name: string): string[] {
  const inputs = html.match(/<input[^>]*>/g) ?? []
  return inputs
    .filter((input) => input.includes(`name="${name}"`))
    .map((input) => unescaped(/value="([^"]*)"/.exec(input)?.[1] ?? ''))
}

const unescaped = (text: string) => text.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(Number(n)))

/** Fills the picker on the page: which boxes, by the account's id or 'all'. */
export function picks(
  html: string,
  ids: string[] | 'all',
  press = 'finish',
): Record<string, string | string[]> {
  const all = values(html, 'pick')
  return {
    form: values(html, 'form')[0] ?? '',
    held: values(html, 'held'),
    pick: ids === 'all' ? all : all.filter((value) => ids.includes(value.split(' ')[1] ?? '')),
    do: press,
  }
}

export function heading(html: string): string {
  const text = /<h1>([\s\S]*?)<\/h1>/.exec(html)?.[1] ?? ''
  return unescaped(text.replace(/<[^>]+>/g, ''))
}
