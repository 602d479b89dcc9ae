import { lmdbLog } from "@hawser/log-lmdb";
import { remoteLog, serveLog } from "@hawser/log-server";
import { defineGateway } from "hawser";

/** A gateway that owns a log and serves it, or one that uses that of another: as the environment says. */
const { LOG_FOLDER: folder, LOG_SOCKET: socket = "", API_KEY: key = "", FILE_TARGET: target } = process.env;
const log = folder === undefined ? remoteLog({ socket }) : lmdbLog({ path: folder });
if (folder !== undefined) await serveLog({ log, socket });

const config = defineGateway({
  port: 0,
  log,
  pools: target === undefined ? {} : { file: { targets: [target] } },
  routes: [{ path: "/live", pool: "live", poolFrom: "api" }],
  api: { keys: [{ name: "operator", key }] },
});

export default config;
