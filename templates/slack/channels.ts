/** What Latchkey says when it is invited to a channel. */
import { type SlackMessage, section } from './blocks.ts'

/** Says who brought it, what it will post, and how to stop it. */
export function joinedChannel(inviter: string | null): SlackMessage {
  const by = inviter ? `<@${inviter}> invited Latchkey here. ` : ''
  const text = `${by}It posts the state of access requests made here, and alerts for clients whose channel this is. \`/access help\` shows what it can do; remove it from the channel to stop it.`
  return { text, blocks: [section(text)] }
}
