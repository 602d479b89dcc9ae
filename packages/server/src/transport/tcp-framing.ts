import type { Framing } from "./transport.ts";

/** Frames say by themselves where they end: on a stream of bytes a message needs no header. */
export const tcpFraming: Framing = { name: "tcp", headroomBytes: 0, frame: (message) => message };
