import type { HttpConnectorOptions } from "@hawser/client";

type Fetch = NonNullable<HttpConnectorOptions["fetch"]>;

/** The platform's `fetch`, with a count of what went wrong under it: each a cut that a client felt. */
export class BrokenAnswers {
  #count = 0;

  /** Requests that failed, and answers that broke before they were whole, without having been left. */
  get count(): number {
    return this.#count;
  }

  readonly fetch: Fetch = async (url, init) => {
    const note = (error: unknown): never => {
      if (init.signal?.aborted !== true) this.#count += 1;
      throw error;
    };
    const response = await fetch(url, init).catch(note);
    const reader = response.body?.getReader();
    if (reader === undefined) return response;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await reader.read().catch(note);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
    const { status, headers } = response;
    return new Response(body, { status, headers });
  };
}
