/** What the sandbox's port answers itself: the page at /, and /sandbox/*. Everything else is the product's. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { commands, obey, type Sandbox, stateOf } from '../control.ts'
import { typeOf } from '../slack/files.ts'
import { act, closeView, type InputState, submit, suggest, surfaceOf } from '../slack/interact.ts'
import { dmOf, findPerson } from '../slack/people.ts'
import { say } from '../slack/person.ts'
import { blocksOf, type Element, touched } from '../slack/shown.ts'
import { inboxPage, mailBody } from './inbox.ts'
import { channelOf, channelsOf, type Place, screen } from './screen.ts'
import { shell } from './shell.ts'

type Body = Record<string, unknown>

/** False when the request is not the sandbox's. */
export async function serve(sandbox: Sandbox, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://sandbox')
  if (pathname !== '/' && !pathname.startsWith('/sandbox')) return false
  const name = pathname.replace(/^\/sandbox\/?/, '')
  if (req.method === 'POST') {
    // Other sites can make a browser post forms here, but not JSON.
    if (!req.headers['content-type']?.includes('application/json'))
      return reply(res, 415, { trouble: 'JSON, please' })
    const body = ((await readJson(req).catch(() => null)) ?? {}) as Body
    const answer = (await obey(sandbox, name, body)) ?? (await interact(sandbox, name, body))
    return reply(
      res,
      answer ? (answer.trouble ? 422 : 200) : 404,
      answer ?? { trouble: `There is no ${name} here` },
    )
  }
  if (pathname === '/' || name === '') return send(res, 'text/html', shell())
  if (/^browser\/[a-z]+\.(js|css)$/.test(name)) {
    const type = name.endsWith('js') ? 'text/javascript' : 'text/css'
    return send(res, type, await readFile(new URL(name, import.meta.url), 'utf8'))
  }
  const [, fileId] = /^files\/(\w+)\//.exec(name) ?? []
  if (fileId) return sendFile(sandbox, res, fileId)
  if (name === 'screen') return reply(res, 200, screen(sandbox.slack.shown, placeOf(searchParams)))
  if (name === 'state') return reply(res, 200, await stateOf(sandbox))
  if (name === 'changes') return stream(sandbox, req, res)
  if (name === 'inbox')
    return send(res, 'text/html', inboxPage(sandbox.mail.mails, Number(searchParams.get('mail'))))
  const mail = sandbox.mail.mails.find(({ no }) => `inbox/${no}` === name)
  if (mail) return send(res, 'text/html', mailBody(mail))
  return reply(res, 404, { trouble: 'Not found' })
}

function send(res: ServerResponse, type: string, text: string): true {
  res.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(text)
  return true
}

function sendFile({ slack }: Sandbox, res: ServerResponse, id: string): true {
  const upload = slack.world.state.uploads.get(id)
  if (!upload?.bytes) return reply(res, 404, { trouble: 'That file is gone.' })
  const headers = { 'content-type': typeOf(upload.name), 'content-length': upload.bytes.length }
  res.writeHead(200, { ...headers, 'cache-control': 'no-store' }).end(upload.bytes)
  return true
}

function reply(res: ServerResponse, status: number, body: object): true {
  res
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
  return true
}

function placeOf(params: URLSearchParams): Place {
  const as = known(params.get('as'))
  const asked = params.get('at') ?? 'northwind'
  const open = asked === 'home' || asked === 'dm' || channelsOf(as).some(({ name }) => name === asked)
  return { as, at: open ? asked : 'northwind', thread: params.get('thread') }
}

function known(who: unknown) {
  try {
    return findPerson(String(who ?? 'ben'))
  } catch {
    return findPerson('ben')
  }
}

/** Says that something changed, not what: the page asks for its screen again. */
function stream({ slack, mail }: Sandbox, req: IncomingMessage, res: ServerResponse): true {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const change = () => void res.write('data: change\n\n')
  const heartbeat = setInterval(() => void res.write(': here\n\n'), 20_000)
  slack.shown.changes.on('change', change)
  const stop = mail.onMail(() => void res.write('event: mail\ndata: mail\n\n'))
  req.once('close', () => {
    clearInterval(heartbeat)
    slack.shown.changes.off('change', change)
    stop()
  })
  res.write(': here\n\n')
  return true
}

const SILENT = 'Latchkey did not answer in time. In Slack you would see a warning triangle.'

async function interact({ slack }: Sandbox, name: string, body: Body): Promise<Body | null> {
  const { world, shown } = slack
  const user = known(body.as)
  if (name === 'home') {
    const event = { type: 'app_home_opened', user: user.id, channel: dmOf(user.id), tab: 'home' }
    const { status } = await slack.event(event)
    return status === 200 ? {} : { trouble: SILENT }
  }
  if (name === 'say')
    return speak(slack, { as: user, at: String(body.at), thread: null }, String(body.text ?? ''))
  const at = body as { viewId?: string; channel?: string; ts?: string }
  const surface = surfaceOf(world, user.id, at)
  if (!surface)
    return ['act', 'submit', 'close', 'suggest'].includes(name) ? { trouble: 'That is gone.' } : null
  const view = 'view' in surface ? surface.view : null
  if (view && body.state) view.state.values = body.state as InputState
  const [block, action] = [String(body.block), String(body.action)]
  if (name === 'suggest')
    return { options: await suggest(world, user.id, surface, block, action, String(body.typed ?? '')) }
  if (name === 'submit' && view)
    return (await submit(world, user.id, view)).kind === 'failed' ? { trouble: SILENT } : {}
  if (name === 'close' && view) return { closed: await closeView(world, user.id, view) }
  if (name !== 'act') return null
  const blocks = 'view' in surface ? surface.view.blocks : blocksOf(surface.message)
  const element = elementOf(blocks, block, action)
  if (!element) return { trouble: 'That button is gone.' }
  const { status } = await act(world, user.id, surface, {
    blockId: block,
    element,
    value: (body.value ?? {}) as Body,
  })
  touched(shown)
  return status === 200 ? {} : { trouble: SILENT }
}

function elementOf(blocks: unknown[], blockId: string, actionId: string): Element | undefined {
  const block = (
    blocks as { block_id?: string; elements?: Element[]; accessory?: Element; element?: Element }[]
  ).find((one) => one.block_id === blockId)
  return [...(block?.elements ?? []), block?.accessory, block?.element].find(
    (one) => one?.action_id === actionId,
  )
}

/** A command goes to the app; anything else is only shown, since the app reads no messages. */
async function speak({ world, shown }: Sandbox['slack'], place: Place, text: string): Promise<Body> {
  const channel = channelOf(place)
  const [command = '', ...rest] = text.split(' ')
  if (!text.startsWith('/')) {
    const now = shown.now()
    const ts = `${Math.floor(Date.now() / 1000)}.${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`
    const plain = text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c)
    shown.messages.push({ ...EMPTY, channel, ts, at: now, user: place.as.id, text: plain })
    touched(shown)
    return {}
  }
  if (!commands().some(({ name }) => name === command))
    return { trouble: `${command} is not a valid command.` }
  if (place.as.kind === 'stranger')
    return { trouble: 'People from other companies cannot use commands here.' }
  const { status } = await say(world, place.as.id, command, rest.join(' '), channel)
  return status === 200 ? {} : { trouble: SILENT }
}

const EMPTY = { threadTs: null, blocks: [], attachments: [], files: [], edited: false }
