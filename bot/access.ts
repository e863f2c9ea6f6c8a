/** `/access <word>`: one command for what has none of its own. */
import type { App } from '@slack/bolt'
import type { Services } from '../flows/services.ts'
import { help, notHere, unknownWord } from '../templates/slack/help.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer } from './answer.ts'
import { showLinks } from './links.ts'
import type { Command } from './listener.ts'
import { openSettings } from './settings.ts'

export const commands: Command[] = [
  { command: '/access', description: 'Auth links, settings and help', usage_hint: 'links | settings | help' },
]

/** Words of other versions. */
const ELSEWHERE = ['transfer', 'offboard', 'audit', 'route-test', 'digest']

type Word = (services: Services, args: Args, actor: Actor, rest: string) => Promise<void>

const WORDS: Record<string, Word> = {
  help: (_services, args) => answer(args, help()),
  links: (services, args, actor) => showLinks(services, args, actor),
  settings: (services, args, actor) => openSettings(services, args, actor),
}

export function register(app: App, services: Services): void {
  app.command('/access', async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (!actor) return
    const [word = '', ...rest] = args.command.text.trim().split(/\s+/)
    const known = Object.hasOwn(WORDS, word.toLowerCase() || 'help') && WORDS[word.toLowerCase() || 'help']
    if (known) await known(services, args, actor, rest.join(' '))
    else await answer(args, ELSEWHERE.includes(word.toLowerCase()) ? notHere(word) : unknownWord(word))
  })
}
