/** The voice `mail`: SMTP through nodemailer, with its refusals told apart from its passing troubles. */
import nodemailer from 'nodemailer'
import type { Config } from '../config.ts'
import type { MailOutcome, MailVoice } from '../jobs/job.ts'
import type { Mail } from '../templates/mail/layout.ts'

const CONNECTIONS = 3
/** This machine, a private network, or a name without a dot, which only an inner network knows. */
const INSIDE = /^(localhost$|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|[^.]+$)/

/** Connects with the first mail. `host` stands behind the @ of every Message-ID. */
export function openMailer(smtp: Config['smtp'], host = 'latchkey'): MailVoice & { close(): void } {
  const { hostname, port, username, password, protocol } = new URL(smtp.url)
  const secure = protocol === 'smtps:'
  const relay = nodemailer.createTransport({
    ...{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (secure ? 465 : 587)), secure },
    // Whoever can cut STARTTLS out of the greeting would read the password, and every link.
    ...{ requireTLS: !secure && username !== '' && !INSIDE.test(hostname) },
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    ...{ pool: true as const, maxConnections: CONNECTIONS },
    ...{ connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 },
    ...{ disableFileAccess: true, disableUrlAccess: true }, // a message can never attach a file or fetch a URL
  })
  return {
    async send(to, mail, options) {
      try {
        await relay.sendMail(envelope(smtp, host, to, mail, options))
        return { kind: 'sent' }
      } catch (error) {
        return refusal(error)
      }
    },
    close: () => relay.close(),
  }
}

/** Addresses only as objects: a string would be read as a list. */
function envelope(
  { from }: Config['smtp'],
  host: string,
  to: Parameters<MailVoice['send']>[0],
  { subject, text, html }: Mail,
  { id, fromName, replyTo }: Parameters<MailVoice['send']>[2],
) {
  return {
    from: { name: displayName(fromName || from.name), address: from.address },
    to: { name: displayName(to.name ?? ''), address: to.address },
    ...(replyTo && { replyTo: { name: '', address: replyTo } }),
    ...{ subject: literal(subject), text, html, messageId: `<${id}@${host}>` },
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}

/** No address inside a name: "security@google.com" <access@agency.com> would be a disguise. */
const displayName = (name: string) =>
  literal(name)
    .replace(/[<>@"\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 70)

/** Not read as an encoded word (RFC 2047), which could bring back every character that was taken out. */
const literal = (text: string) => text.replace(/=\?/g, '= ?')

/** What was said when the server refused: before any recipient was named, it refuses us. */
const OURS = /^(CONN|EHLO|HELO|LHLO|STARTTLS|AUTH|MAIL)/

/** 5xx about the recipient or the message is final. 4xx, network and what is wrong on our side (login, sender) throw. */
function refusal(error: unknown): MailOutcome {
  const { responseCode, response, command } = error as {
    responseCode?: number
    response?: string
    command?: string
  }
  const final = responseCode !== undefined && responseCode >= 500 && responseCode < 600
  if (!final || OURS.test(command ?? '')) throw passing(error)
  return {
    kind: 'refused',
    code: responseCode,
    why: String(response ?? '')
      .replace(/^\d{3}[ -]/, '')
      .slice(0, 200),
  }
}

/** As it is, without the addresses mail servers repeat: this goes to the log and into the queue's tables. */
function passing(error: unknown): Error {
  const { message, code } = error as { message?: string; code?: string }
  return new Error(`${code ?? 'SMTP'}: ${String(message).replace(/<?[^\s<>"']+@[^\s<>"']+>?/g, '…')}`)
}
