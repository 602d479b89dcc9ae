import { remoteLog } from "@hawser/log-server";
import { defineConfig } from "hawser";

/** A node on the log that another one serves. */
const config = defineConfig({ log: remoteLog({ socket: process.env["LOG_SOCKET"] ?? "" }), origins: "any" });

export default config;
