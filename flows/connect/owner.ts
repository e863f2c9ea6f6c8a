/** How the record names a source owner: recognisable, never the whole address. */
import type { LinkView } from '../../storage/link-views.ts'
import { maskEmail } from '../mask.ts'

/** `identityLabel` is who the provider says signed in, where that is known already. */
export function ownerActor(link: LinkView, identityLabel?: string): string {
  if (link.forSelf) return `slack:${link.requestedBy}`
  const label = identityLabel ?? link.ownerEmail ?? link.ownerName
  return `owner:${label ? maskLabel(label) : 'unknown'}`
}

/** Providers call people by address or by name. */
export function maskLabel(label: string): string {
  if (label.includes('@')) return maskEmail(label)
  return label
    .split(/\s+/)
    .map((word) => `${Array.from(word)[0] ?? ''}…`)
    .join(' ')
}
