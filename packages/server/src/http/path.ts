/** The path of a request's target. The query is never looked at nor logged: people put tokens there. */
export function pathOf(url: string | undefined): string {
  return (url ?? "").split("?", 1)[0] ?? "";
}
