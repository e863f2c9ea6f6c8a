/** To the requester: the owner declined, named somebody else, asked a question or for a fresh link. */
import { ownerAsk } from '../../flows/connect/decide-ask.ts'
import { ownerAskMessage } from '../../templates/slack/owner-ask.ts'
import type { Compose } from './composed.ts'

export const composeOwnerAsk: Compose = async (services, { orgId, subjectId }) => {
  const found = subjectId ? await ownerAsk(services, orgId, subjectId) : null
  if (found?.ask.status !== 'open') return null
  const { ask, clientName, connectorNames, ownerLabel: owner } = found
  const { id: askId, requestId, kind, email, text } = ask
  return {
    slack: ownerAskMessage({ askId, requestId, kind, clientName, connectorNames, owner, email, text }),
  }
}
