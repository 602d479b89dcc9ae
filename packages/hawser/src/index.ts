export { defineConfig } from "./configuration/define-config.ts";
export type { HawserConfig } from "./configuration/define-config.ts";
export { exitCodes } from "./exit-codes.ts";
export type { ExitCode } from "./exit-codes.ts";
export { main } from "./main.ts";
export type { TextOutput, World } from "./world.ts";
export { HawserError, defineContract } from "@hawser/protocol";
export { anonymous, jwt } from "@hawser/server";
