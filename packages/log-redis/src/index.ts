export { redisLogAsSet } from "./as-set.ts";
export type { RedisBinding } from "./bindings/bindings.ts";
export type { RedisConnectionOptions, RedisLogOptions, RedisSentinels } from "./options.ts";
export { redisLog } from "./redis-log.ts";
