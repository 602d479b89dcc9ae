export { lmdbLog } from "./lmdb-log.ts";
export type { LmdbLogOptions } from "./limits.ts";
