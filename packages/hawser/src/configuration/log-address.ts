import { resolve } from "node:path";
import type { SocketAddress } from "@hawser/log-server";
import { brokerSchemes, isBrokerUrl } from "../brokers/broker-log.ts";
import type { Parse } from "./setting-reader.ts";

/** `unix:PATH` or `tcp:HOST:PORT`; the host must be this machine, since a log server has no authentication. */
export const logAddress: Parse<string> = (given) =>
  typeof given === "string" && parsed(given) !== undefined
    ? { value: given }
    : { mustBe: "unix:PATH, or tcp:127.0.0.1:PORT" };

/** Where a node's log is: that of a log server, as {@link logAddress} says, or the URL of a broker. */
export const logPlace: Parse<string> = (given) => {
  if (typeof given === "string" && isBrokerUrl(given)) return { value: given };
  const parsedAddress = logAddress(given);
  if ("value" in parsedAddress) return parsedAddress;
  return { mustBe: [parsedAddress.mustBe, ...brokerSchemes.map((scheme) => `${scheme}...`)].join(", or ") };
};

/** The address with an absolute path. */
export function absoluteLogAddress(text: string, folder: string): string {
  const address = parsed(text);
  return typeof address === "string" ? `unix:${resolve(folder, address)}` : text;
}

/** The address as `@hawser/log-server` takes it; `text` was looked at before. */
export function socketAddressOf(text: string): SocketAddress {
  return parsed(text) ?? "";
}

/** The text of an address that is listened on. */
export function logAddressText(address: SocketAddress): string {
  if (typeof address === "string") return `unix:${address}`;
  return `tcp:${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

function parsed(text: string): SocketAddress | undefined {
  const [, path] = /^unix:(.+)$/.exec(text) ?? [];
  if (path !== undefined) return path;
  const [, host, port] = /^tcp:(127(?:\.\d{1,3}){3}|\[::1\]|localhost):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
