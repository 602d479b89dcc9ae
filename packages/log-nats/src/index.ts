export type { NatsBinding } from "./bindings/bindings.ts";
export { textOfHeader } from "./message/header-text.ts";
export { channelOfTokens, channelSubject } from "./message/subject.ts";
export { natsLog } from "./nats-log.ts";
export type { NatsLogOptions } from "./nats-log.ts";
export type { FlushProof, NatsOptions } from "./nats-options.ts";
export { natsSource } from "./nats-source.ts";
export { natsOptionsOf } from "./nats-url.ts";
