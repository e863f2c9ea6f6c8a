/** Stopping waits for what runs, and a listener that answers too late goes on undisturbed. */
import type { ReceiverEvent } from '@slack/bolt'
import { expect, test, vi } from 'vitest'
import { createGuard } from '../../bot/guard.ts'
import type { Services } from '../../flows/services.ts'
import type { Db } from '../../storage/db.ts'
import { eventually } from '../support/eventually.ts'

const services = { db: {} as Db } as Services // nothing is signed here, so nothing is looked up
const log = { debug() {}, info() {}, warn() {}, error: vi.fn() }

function guarded(listener: (event: ReceiverEvent) => Promise<void>) {
  return createGuard(
    () => ({ processEvent: listener }),
    services,
    log,
    () => ({}),
  )
}

test('drain waits for a listener that goes on after its acknowledgement', async () => {
  let finish = () => {}
  const guard = guarded(async ({ ack }) => {
    await ack()
    await new Promise<void>((done) => {
      finish = done
    })
  })
  const ack = vi.fn()
  const work = guard.process({ body: { command: '/sources' }, ack })
  await eventually(() => expect(ack).toHaveBeenCalledOnce())
  const drained = vi.fn()
  const draining = guard.drain(60_000).then(drained)
  await Promise.resolve()
  expect(drained).not.toHaveBeenCalled()
  finish()
  await Promise.all([work, draining])
  expect(drained).toHaveBeenCalledOnce()
})

test('drain gives up after its grace', async () => {
  const guard = guarded(() => new Promise(() => {}))
  void guard.process({ body: { command: '/sources' }, ack: vi.fn() })
  await guard.drain(10)
})

test('the late answer is the only one Slack hears; the listener’s own goes nowhere', async () => {
  vi.useFakeTimers()
  const ack = vi.fn(async () => {})
  const done = vi.fn()
  const guard = guarded(async (event) => {
    await new Promise((later) => setTimeout(later, 5_000))
    await event.ack({ text: 'too late' })
    done()
  })
  const work = guard.process({ body: { command: '/sources' }, ack })
  await vi.advanceTimersByTimeAsync(2_500)
  expect(ack.mock.calls).toEqual([[{ response_type: 'ephemeral', text: expect.stringContaining('again') }]])
  await vi.advanceTimersByTimeAsync(5_000)
  await work
  vi.useRealTimers()
  expect(done).toHaveBeenCalledOnce()
  expect(ack).toHaveBeenCalledOnce()
})

test('a listener that forgets to acknowledge is logged, and Slack is answered', async () => {
  const ack = vi.fn(async () => {})
  await guarded(async () => {}).process({ body: { type: 'block_actions' }, ack })
  expect(ack).toHaveBeenCalledOnce()
  expect(log.error).toHaveBeenCalledWith({ type: 'block_actions' }, 'no listener acknowledged')
})
