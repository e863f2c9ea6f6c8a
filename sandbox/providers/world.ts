/** Believable figures and campaigns for the pretended providers: the same account always has the same ones. */
import { amount, chance } from '../google/figures.ts'

const NAMES = ['Brand', 'Prospecting', 'Retargeting', 'Winterschlussverkauf', 'Neukunden Süd', 'Newsletter']

/** Three to five campaigns of an account. */
export function splitsOf(accountId: string): { id: string; name: string }[] {
  const many = 3 + Math.floor(chance(`splits ${accountId}`) * 3)
  return NAMES.slice(0, many).map((name, at) => ({
    id: String(10_000_000 + Math.floor(chance(`${accountId} ${at}`) * 89_999_999)),
    name,
  }))
}

export const steadyFigure = (seed: string, day: string, size: number): number =>
  Math.round(amount(seed, day, size * (0.6 + 0.8 * chance(seed))))
