/** The voice `mail` before a real SMTP server: one recipient, one id, refusals told apart from passing trouble. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openMailer } from '../../bot/mailer.ts'
import { startMailCatcher } from '../../sandbox/mail.ts'
import { HOSTILE } from '../support/hostile.ts'

const catcher = await startMailCatcher()
const from = { name: 'Latchkey', address: 'access@agency.example' }
const mailer = openMailer({ url: catcher.url, from }, 'access.agency.example')
const mail = { subject: 'Please connect', text: 'plain', html: '<p>html</p>' }
const options = {
  id: '8d6f3e1e-0000-4000-8000-000000000001',
  fromName: 'Söhne & Co',
  replyTo: 'anna@agency.example',
}

beforeEach(() => void catcher.mails.splice(0))
afterAll(async () => {
  mailer.close()
  await catcher.close()
})

test('the org is the sender, the requester gets the replies, the id is the delivery’s on every attempt', async () => {
  for (const _attempt of [1, 2])
    expect(await mailer.send({ name: 'Dana', address: 'dana@acme.com' }, mail, options)).toEqual({
      kind: 'sent',
    })
  expect(catcher.mails).toHaveLength(2)
  for (const caught of catcher.mails)
    expect(caught).toMatchObject({
      ...{ to: ['dana@acme.com'], from: { name: 'Söhne & Co', address: 'access@agency.example' } },
      ...{ replyTo: 'anna@agency.example', messageId: `<${options.id}@access.agency.example>` },
    })
})

test('a refusal for good is an outcome; greylisting is thrown and works later', async () => {
  const send = (address: string) => mailer.send({ name: null, address }, mail, options)
  expect(await send('nouser@acme.com')).toEqual({ kind: 'refused', code: 550, why: '5.1.1 user unknown' })
  const passing = await send('grey@acme.com').catch((error: Error) => error.message)
  expect(passing).toContain('451')
  expect(passing).not.toContain('acme.com')
  expect(await send('grey@acme.com')).toEqual({ kind: 'sent' })
})

test('a server that refuses the sender refuses us, not the owner: that is thrown', async () => {
  const strict = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false },
    onMailFrom: (_from, _session, done) =>
      done(Object.assign(new Error('5.7.1 sender not allowed'), { responseCode: 550 })),
  })
  await new Promise<void>((up) => strict.listen(0, '127.0.0.1', up))
  const { port } = strict.server.address() as AddressInfo
  const turnedAway = openMailer({ url: `smtp://127.0.0.1:${port}`, from })
  await expect(turnedAway.send({ name: null, address: 'dana@acme.com' }, mail, options)).rejects.toThrow(
    '550',
  )
  turnedAway.close()
  await new Promise<void>((closed) => strict.close(closed))
})

test('a server that does not answer is passing trouble', async () => {
  const nobody = openMailer({ url: 'smtp://127.0.0.1:1', from })
  await expect(nobody.send({ name: null, address: 'dana@acme.com' }, mail, options)).rejects.toThrow()
  nobody.close()
})

test('a password is never given to an outside server without TLS', async () => {
  const { port } = new URL(catcher.url)
  const from = { name: '', address: 'access@agency.example' }
  const [locked, open] = ['user:secret@', ''].map((who) =>
    openMailer({ url: `smtp://${who}0.0.0.0:${port}`, from }, 'agency.example'),
  )
  const to = { name: null, address: 'dana@acme.com' }
  await expect(locked?.send(to, mail, options)).rejects.toThrow(/TLS/)
  expect(await open?.send(to, mail, options)).toEqual({ kind: 'sent' })
  locked?.close()
  open?.close()
})

test.each(HOSTILE)('a hostile name adds no recipient and no header: %j', async (name) => {
  await mailer.send(
    { name, address: 'dana@acme.com' },
    { ...mail, subject: name.slice(0, 78) },
    { ...options, fromName: name },
  )
  const [caught] = catcher.mails
  expect(caught?.to).toEqual(['dana@acme.com'])
  expect(caught?.headers.filter(({ key }) => ['bcc', 'cc', 'x-evil'].includes(key))).toEqual([])
  expect(caught?.from.address).toBe('access@agency.example')
  expect(caught?.from.name).not.toContain('@')
  expect(`${caught?.from.name}${caught?.subject}`).not.toMatch(/[\r\n]/)
})

test.each(['dana@acme.com, evil@x.example', 'dana@acme.com>\r\nRCPT TO:<evil@x.example'])(
  'an address that is two reaches nobody: %j',
  async (address) => {
    await mailer.send({ name: null, address }, mail, options).catch(() => {})
    expect(catcher.mails.flatMap(({ to }) => to).filter((to) => to.includes('x.example'))).toEqual([])
  },
)
