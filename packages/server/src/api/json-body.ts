import type { IncomingMessage } from "node:http";
import type { Timers } from "@hawser/protocol";
import { ApiError, requestInvalid } from "./api-error.ts";

export interface JsonBodyOptions {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly timers: Timers;
}

/**
 * The JSON value of a request's body; `undefined` for none. What is left of a body that is refused is read and dropped, so that
 * the answer is not lost in a reset.
 *
 * @throws ApiError `body-too-large`, `body-late`, `request-invalid`.
 */
export async function jsonBody(request: IncomingMessage, options: JsonBodyOptions): Promise<unknown> {
  const { maxBytes } = options;
  const tooLarge = (): ApiError => new ApiError(413, "body-too-large", `A body has at most ${maxBytes} bytes.`);
  if (request.readableDidRead)
    throw new ApiError(500, "internal", "Something ahead of Hawser has read the body: let handleRequest see it first.");
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  const bytes = await read(request, options, tooLarge);
  if (bytes.length === 0) return undefined;
  const [type = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() !== "application/json")
    throw new ApiError(415, "request-invalid", "The content-type of a body must be application/json.");
  if (request.headers["content-encoding"] !== undefined)
    throw new ApiError(415, "request-invalid", "A body must come as it is, without content-encoding.");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw requestInvalid("The body is not JSON in UTF-8.");
  }
}

function read(request: IncomingMessage, options: JsonBodyOptions, tooLarge: () => ApiError): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] | undefined = [];
    let length = 0;
    const timer = options.timers.after(options.timeoutMs, () =>
      fail(new ApiError(408, "body-late", `The body did not come within ${options.timeoutMs} ms.`, true)),
    );
    const fail = (error: ApiError): void => {
      timer.cancel();
      chunks = undefined;
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > options.maxBytes) fail(tooLarge());
      else chunks?.push(chunk);
    });
    request.on("end", () => {
      timer.cancel();
      resolve(Buffer.concat(chunks ?? []));
    });
    request.on("error", () => fail(requestInvalid("The request was cut.")));
    request.on("close", () => fail(requestInvalid("The request was cut.")));
  });
}
