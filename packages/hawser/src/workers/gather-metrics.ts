/**
 * One text of several in the Prometheus text format: the samples of each family stand together, under one head, as the
 * format asks for. The texts tell their samples apart by a label.
 */
export function gatherMetrics(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: string[]; readonly samples: string[] }>();
  for (const text of texts) {
    let family = { head: [] as string[], samples: [] as string[] };
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name === undefined) {
        family.samples.push(line);
        continue;
      }
      const known = families.get(name) ?? { head: [], samples: [] };
      families.set(name, known);
      family = known;
      if (!known.head.includes(line)) known.head.push(line);
    }
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join("\n")}\n`).join("\n");
}
