/** `npm run example -- NAME`: runs one of the examples, or says which there are. */
const examples: Readonly<Record<string, () => Promise<{ readonly run: () => Promise<void> }>>> = {
  "typed-chat": () => import("./typed-chat/main.ts"),
  "trading-screen": () => import("./trading-screen/main.ts"),
  gateway: () => import("./gateway/main.ts"),
  worker: () => import("./worker/main.ts"),
};

const name = process.argv[2] ?? "";
const load = Object.hasOwn(examples, name) ? examples[name] : undefined;
if (load === undefined) {
  console.error(`Usage: npm run example -- NAME\n\nNAME is one of: ${Object.keys(examples).join(", ")}`);
  process.exitCode = 2;
} else {
  await (await load()).run();
}
