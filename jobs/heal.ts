declare module '../flows/services.ts' {
  interface Jobs {
    heal: { orgId: string; connectionId: string; requestId: string | null }
  }
}
export {}
