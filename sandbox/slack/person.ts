/** A person in the simulated Slack, finding things by the words they read. Throws when the words are not there. */
import { choose, dispatches, find, lookUp, says, surface, type Target } from './finding.ts'
import { act, closeView, fill, type Submitted, submit, suggest, type World } from './interact.ts'
import { dmOf, findChannel, findPerson } from './people.ts'
import { common, makeTrigger, type Reply, sendCommand, sendEvent, sendInteraction } from './requests.ts'
import { openResponse, respond } from './responses.ts'
import { type Ephemeral, inputsOf, type Message, type ShownView, touched } from './shown.ts'

/** Texts of options, what to type, or a person's or channel's name; `true` ticks every box. */
type Values = Record<string, string | string[]>

export type SlackPerson = {
  id: string
  /** Waits for Slack's answer, not for what the app does afterwards. */
  command(command: string, text?: string, channel?: string): Promise<Reply>
  shortcut(callbackId: string, on?: Message): Promise<Reply>
  /** Presses a button, or picks `option` in the select or overflow menu. Gives the address a link button opens. */
  click(target: Target, label: string, option?: string): Promise<{ url: string | null }>
  /** What the select beside `label` offers for what is typed. */
  suggest(view: ShownView, label: string, typed: string): Promise<string[]>
  /** Fills fields one by one, as a person would; the app hears of those that dispatch. */
  fill(title: string, values: Values): Promise<ShownView>
  /** Fills and submits the topmost modal, which must carry this title. */
  submit(title: string, values?: Values): Promise<Submitted>
  close(): Promise<void>
  /** Opens App Home and waits until the app has published one. */
  openHome(): Promise<ShownView>
  /** Waits for the topmost modal with this title, past any "Loading" skeleton that lacks `having`. */
  modal(title: string, having?: string): Promise<ShownView>
  /** Waits for something shown only to this person that contains these words. */
  ephemeral(words: string | RegExp): Promise<Ephemeral>
  /** Waits for a direct message from the app that contains these words. */
  dm(words: string | RegExp): Promise<Message>
}

export type Waiting = <T>(what: string, look: () => T | undefined) => Promise<T>

export function personIn(world: World, who: string, wait: Waiting): SlackPerson {
  const { id } = findPerson(who)
  const looks = looking(world, who, id, wait)
  const { state, out } = world

  const fillIn = async (title: string, values: Values) => {
    let view = await looks.modal(title)
    for (const [label, given] of Object.entries(values)) {
      view = await looks.modal(title, label)
      const input = find(view, label)
      const value = await choose(world, id, { view }, input, [given].flat())
      fill(view, input.blockId, input.element, value)
      if (dispatches(view, input.blockId)) await act(world, id, { view }, { ...input, value })
    }
    return view
  }
  return {
    ...looks,
    id,
    fill: fillIn,
    command: (command, text = '', channel = 'general') => say(world, id, command, text, channel),
    async shortcut(callbackId, on) {
      const triggerId = await makeTrigger(state, out.botToken, id)
      const place = on && {
        type: 'message_action',
        message_ts: on.ts,
        channel: findChannel(on.channel),
        message: on,
      }
      const shared = { ...common(id, triggerId), callback_id: callbackId, action_ts: '1' }
      return sendInteraction(out, { ...shared, ...(place ?? { type: 'shortcut' }) })
    },
    async click(target, label, option) {
      const found = find(target, label)
      const value = option === undefined ? {} : await choose(world, id, surface(target), found, [option])
      const link = value.selected_option as { url?: string } | undefined
      await act(world, id, surface(target), { ...found, value })
      return { url: (found.element.url as string | undefined) ?? link?.url ?? null }
    },
    async suggest(view, label, typed) {
      const { blockId, element } = find(view, label)
      const options = await suggest(world, id, { view }, blockId, element.action_id, typed)
      return options.map(({ text }) => text.text)
    },
    submit: async (title, values = {}) => submit(world, id, await fillIn(title, values)),
    async close() {
      const view = state.shown.modals.get(id)?.at(-1)
      if (view) await closeView(world, id, view)
    },
  }
}

function looking(world: World, who: string, id: string, wait: Waiting) {
  const { state, out } = world
  const { shown } = state
  const saying = (words: string | RegExp) => (one: Message) => says(one, words)
  return {
    async openHome(): Promise<ShownView> {
      const before = shown.homes.get(id)
      const event = {
        type: 'app_home_opened',
        user: id,
        channel: dmOf(id),
        tab: 'home',
        ...(before && { view: before }),
      }
      const hash = before?.hash
      await sendEvent(out, state.botUserId, event)
      return wait(`${who}'s App Home`, () => {
        const home = shown.homes.get(id)
        return home && home.hash !== hash ? home : undefined
      })
    },
    modal: (title: string, having?: string): Promise<ShownView> =>
      wait(`a modal "${title}"${having ? ` with "${having}"` : ''} for ${who}`, () => {
        const view = shown.modals.get(id)?.at(-1)
        if (view?.title?.text !== title) return undefined
        if (having !== undefined) return lookUp(view, having) ? view : undefined
        return inputsOf(view.blocks).length > 0 || view.blocks.length > 1 ? view : undefined
      }),
    ephemeral: (words: string | RegExp): Promise<Ephemeral> =>
      wait(`"${words}" shown only to ${who}`, () =>
        shown.ephemerals.filter((one) => one.to === id).findLast(saying(words)),
      ),
    dm: (words: string | RegExp): Promise<Message> =>
      wait(`a direct message "${words}" to ${who}`, () =>
        shown.messages.filter((one) => one.channel === dmOf(id)).findLast(saying(words)),
      ),
  }
}

/** A command typed in a channel. An answer in the HTTP reply is shown only to the person, as Slack does. */
export async function say(
  world: World,
  user: string,
  command: string,
  text: string,
  channel: string,
): Promise<Reply> {
  const { state, out, responses } = world
  const origin = { user, channel: findChannel(channel).id, ts: null, ephemeral: true }
  const triggerId = await makeTrigger(state, out.botToken, user)
  const responseUrl = openResponse(responses, out.ownUrl, origin)
  const reply = await sendCommand(out, {
    user,
    channel: origin.channel,
    command,
    text,
    triggerId,
    responseUrl,
  })
  if (reply.status !== 200)
    state.shown.problems.push(`${command} was not acknowledged (${reply.status || 'no answer in 3 s'})`)
  else if (reply.body.text || reply.body.blocks) respond(state, { ...origin, uses: 0 }, reply.body)
  touched(state.shown)
  return reply
}
