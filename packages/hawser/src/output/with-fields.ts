import type { LogFields, Logger } from "@hawser/server";

/** A logger whose lines all say these fields, ahead of their own. */
export function withFields(logger: Logger, common: LogFields): Logger {
  return {
    debug: (fields, message) => logger.debug({ ...common, ...fields }, message),
    info: (fields, message) => logger.info({ ...common, ...fields }, message),
    warn: (fields, message) => logger.warn({ ...common, ...fields }, message),
    error: (fields, message) => logger.error({ ...common, ...fields }, message),
  };
}
