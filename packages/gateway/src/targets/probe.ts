import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";

/** Asks a target whether it lives: by `path` over HTTP, or only whether it takes a connection. Rejects, or says false, if not. */
export type Probe = (url: URL, path: string | undefined, signal: AbortSignal) => Promise<boolean>;

/** Asks over the network. */
export const nodeProbe: Probe = (url, path, signal) =>
  path === undefined ? byTcp(url, signal) : byHttp(url, path, signal);

function byTcp(url: URL, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const port = url.port === "" ? (url.protocol === "wss:" ? 443 : 80) : Number(url.port);
    const socket = connect({ host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port });
    const abort = (): void => void socket.destroy(new Error("no connection in time"));
    signal.addEventListener("abort", abort);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", reject);
    socket.once("close", () => signal.removeEventListener("abort", abort));
  });
}

function byHttp(url: URL, path: string, signal: AbortSignal): Promise<boolean> {
  const at = new URL(path, url.href.replace(/^ws/, "http"));
  return new Promise((resolve, reject) => {
    const ask = at.protocol === "https:" ? httpsRequest : httpRequest;
    const request = ask(at, { signal, agent: false }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
    });
    request.once("error", reject);
    request.end();
  });
}
