import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ProductMutant } from "./mutant.ts";

/** A simulator whose product is another one. */
export interface Program {
  readonly main: string;
  readonly worker: string;
}

/** The text of a file with a mutant's fault in it. @throws Error when the text to be changed is not there exactly once. */
export function mutate(text: string, { id, file, find, replace }: ProductMutant): string {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(
      `mutant ${id}: its text stands ${parts.length - 1} times in ${file}, not once; change the mutant with the code: ${find}`,
    );
  return parts.join(replace);
}

/** The same for the file as it is. */
export function mutatedText(root: string, mutant: ProductMutant): string {
  return mutate(readFileSync(join(root, mutant.file), "utf8"), mutant);
}

/** The repository's root, from the sources as from what was built of them. */
export const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Bundles the simulator and the product from their sources, with a mutant's fault or none.
 *
 * @param folder - Where the program goes.
 */
export async function buildProgram(folder: string, mutant: ProductMutant | undefined): Promise<Program> {
  const root = repositoryRoot;
  let mutated = mutant === undefined;
  await build({
    entryPoints: [join(root, "sim/src/main.ts"), join(root, "sim/src/run/worker.ts")],
    outbase: join(root, "sim/src"),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["esbuild"],
    logLevel: "error",
    plugins: [
      {
        name: "mutant",
        setup: (bundle) => {
          // The sources of the packages, not what was built of them.
          bundle.onResolve({ filter: /^@hawser\// }, ({ path }) => ({ path: sourceOf(root, path) }));
          bundle.onLoad({ filter: /packages\/.*\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, "utf8");
            if (mutant === undefined || path !== join(root, mutant.file)) return { contents: text, loader: "ts" };
            mutated = true;
            return { contents: mutate(text, mutant), loader: "ts" };
          });
        },
      },
    ],
  });
  if (!mutated) throw new Error(`mutant ${mutant!.id}: the simulator does not run ${mutant!.file}`);
  return { main: join(folder, "main.js"), worker: join(folder, "run/worker.js") };
}

/** `@hawser/server/core` is `packages/server/src/core.ts`; a folder has an index. */
function sourceOf(root: string, specifier: string): string {
  const [, name, sub] = specifier.split("/");
  const manifest = JSON.parse(readFileSync(join(root, "packages", name!, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly default?: string; readonly import?: string }>>;
  };
  const target = manifest.exports[sub === undefined ? "." : `./${sub}`];
  const built = typeof target === "string" ? target : (target?.default ?? target?.import);
  if (built === undefined) throw new Error(`${specifier} is exported by nothing`);
  return join(root, "packages", name!, built.replace("/dist/", "/src/").replace(/\.js$/, ".ts"));
}
