/** Escaping by default for HTML and MJML: html`<p>${name}</p>` is safe, and pieces nest without double escaping. */
export class Markup {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
  toString() {
    return this.source
  }
}

export function html(
  strings: TemplateStringsArray,
  ...values: (string | number | Markup | Markup[] | null)[]
): Markup {
  return new Markup(strings.reduce((out, part, i) => out + render(values[i - 1] ?? null) + part))
}

function render(value: string | number | Markup | Markup[] | null): string {
  if (value === null) return ''
  if (value instanceof Markup) return value.source
  if (Array.isArray(value)) return value.map((piece) => piece.source).join('')
  return String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
