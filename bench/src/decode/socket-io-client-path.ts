import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Socket.IO's client, minified, as its server serves it to browsers. */
export const socketIoClientPath: string = join(
  dirname(createRequire(import.meta.url).resolve("socket.io/package.json")),
  "client-dist/socket.io.min.js",
);
