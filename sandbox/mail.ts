/** A mail server that delivers nowhere: keeps what it accepts, refuses and greylists on request. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export type CaughtMail = {
  /** Counts up; the newest is the highest. */
  no: number
  /** By the sandbox's clock. */
  at: Date
  to: string[]
  returnPath: string
  from: { name: string; address: string }
  replyTo: string | null
  subject: string
  messageId: string
  text: string
  html: string
  headers: { key: string; value: string }[]
  /** Every http(s) address of the text part, in order. */
  links: string[]
}

export type MailCatcher = {
  url: string
  mails: CaughtMail[]
  to(address: string): CaughtMail[]
  /** The next message is refused for good (550) or for now (451), whoever it is for. */
  next(what: 'bounce' | 'greylist'): void
  /** Called after every mail that was accepted, until the function it gives is called. */
  onMail(listener: () => void): () => void
  close(): Promise<void>
}

/** Accepts everything, except nouser@… (550, always) and grey@… (451, the first time). */
export async function startMailCatcher({ port = 0, now = () => new Date() } = {}): Promise<MailCatcher> {
  const mails: CaughtMail[] = []
  const listeners = new Set<() => void>()
  const greyed = new Set<string>()
  let coming: 'bounce' | 'greylist' | null = null
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo({ address }, _session, done) {
      const asked = coming
      coming = null
      if (asked === 'bounce' || address.startsWith('nouser@')) return done(refusal(550, '5.1.1 user unknown'))
      const grey = address.startsWith('grey@') && !greyed.has(address)
      greyed.add(address)
      done(asked === 'greylist' || grey ? refusal(451, '4.7.1 greylisted, come back later') : null)
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const sender = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        const mail = await read(Buffer.concat(chunks))
        const no = (mails.at(-1)?.no ?? 0) + 1
        mails.push({ ...mail, at: now(), no, to, returnPath: sender })
        for (const listener of listeners) listener()
        done(null)
      })
    },
  })
  server.on('error', () => {}) // a client that hangs up early is no reason to stop
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    to: (address) => mails.filter((mail) => mail.to.includes(address)),
    next: (what) => {
      coming = what
    },
    onMail(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}

const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })

async function read(raw: Buffer): Promise<Omit<CaughtMail, 'no' | 'at' | 'to' | 'returnPath'>> {
  const { from, replyTo, subject, messageId, text, html, headers } = await PostalMime.parse(raw)
  return {
    from: { name: from?.name ?? '', address: from?.address ?? '' },
    replyTo: replyTo?.[0]?.address ?? null,
    ...{ subject: subject ?? '', messageId: messageId ?? '', text: text ?? '', html: html ?? '' },
    headers: headers.map(({ key, value }) => ({ key, value })),
    links: (text ?? '').match(/https?:\/\/[^\s)>\]]+/g) ?? [],
  }
}
