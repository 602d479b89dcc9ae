import { HawserError } from "@hawser/protocol";
import type { AuthenticateFrame, ClientFrame, ErrorCode, ServerFrame } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import { Caller } from "../calls/caller.ts";
import type { Reader } from "../delivery/subscription.ts";
import { SubscriptionTable } from "../delivery/subscription-table.ts";
import { HistoryReader } from "../history/history-reader.ts";
import type { NodeServices } from "../node-services.ts";
import { PresenceTable } from "../presence/presence-table.ts";
import { Publisher } from "../publish/publisher.ts";
import { ClientSockets } from "../sockets/client-sockets.ts";
import type { Peer } from "../transport/transport.ts";
import type { ClientContext, Published } from "./client-context.ts";
import type { Rates } from "./rates.ts";
import { RequestTable } from "./request-table.ts";
import { Rights } from "./rights.ts";

/** The connection of a client, as the client sees it. */
export interface ClientHost extends Reader {
  /** Sends a frame, if it `stands` when it is written. */
  send(frame: ServerFrame, stands?: () => boolean): void;
  /** Sends the answer to a publish that the log has. */
  sendPublished(id: number, outcome: Published): void;
  /** The connection is closed, for the reason of that error. */
  end(error: HawserError): void;
  /** A fresh token came (CON-8); answered by the connection, which keeps the time of its end. */
  reauthenticate(client: ConnectedClient, frame: AuthenticateFrame): void;
  /** Whether there is room for a reply that is large. */
  readonly mayReply: boolean;
}

export interface ConnectedClientOptions {
  readonly services: NodeServices;
  readonly host: ClientHost;
  readonly session: string;
  readonly identity: Identity;
  readonly rates: Rates;
  readonly peer: Peer;
}

/**
 * One client behind one connection, after `connected`: takes its frames to those who handle them, and answers. Those who
 * handle what most clients never ask for are made when they are first needed.
 */
export class ConnectedClient implements ClientContext {
  readonly session: string;
  readonly rights: Rights;
  readonly requests: RequestTable;
  readonly rates: Rates;
  readonly subscriptions: SubscriptionTable;
  readonly #services: NodeServices;
  readonly #host: ClientHost;
  readonly #peer: Peer;
  #history: HistoryReader | undefined;
  #publisher: Publisher | undefined;
  #caller: Caller | undefined;
  #presence: PresenceTable | undefined;
  #sockets: ClientSockets | undefined;
  #closed = false;

  constructor(options: ConnectedClientOptions) {
    const { services } = options;
    this.#services = services;
    this.#host = options.host;
    this.#peer = options.peer;
    this.rates = options.rates;
    this.session = options.session;
    this.rights = new Rights(options.identity, options.session, services.authorize);
    this.requests = new RequestTable(services.limits.maxRequests);
    this.subscriptions = new SubscriptionTable(this, services);
  }

  get reader(): Reader {
    return this.#host;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** One frame that only a connected client sends. */
  handle(frame: ClientFrame): void {
    switch (frame.type) {
      case "subscribe":
        if (this.#begin(frame)) this.subscriptions.subscribe(frame);
        return;
      case "publish":
        if (this.#begin(frame)) this.#publishing().publish(frame);
        return;
      case "history":
        if (this.#begin(frame)) this.#reading().history(frame);
        return;
      case "call":
        if (this.#begin(frame)) this.#calling().call(frame);
        return;
      case "enter":
        if (this.#begin(frame)) this.#present().enter(frame);
        return;
      case "watch":
        if (this.#begin(frame)) this.#present().watch(frame);
        return;
      case "authenticate":
        if (this.#begin(frame)) this.#host.reauthenticate(this, frame);
        return;
      case "unsubscribe":
        return this.subscriptions.unsubscribe(frame);
      case "seek":
        return this.subscriptions.seek(frame);
      case "credit":
        return this.subscriptions.credit(frame);
      case "leave":
        return this.#presence?.leave(frame);
      case "unwatch":
        return this.#presence?.unwatch(frame);
      case "cancel":
        return this.#caller?.cancel(frame);
      case "open-socket":
      case "attach-socket":
        if (this.#begin(frame)) this.#withSockets().handle(frame);
        return;
      case "socket-data":
      case "socket-window":
      case "socket-close":
        return this.#sockets?.handle(frame);
      case "connect":
      case "ping":
      case "pong":
      case "received":
      case "close":
        return this.#violate(`A ${frame.type} frame is not for a connected client.`);
    }
  }

  /** The connection has room: whatever waited for it goes on. */
  proceed(): void {
    this.#history?.proceed();
  }

  answer(id: number, frame: ServerFrame, stands?: () => boolean): void {
    if (!this.#closed && this.requests.end(id)) this.#host.send(frame, stands);
  }

  published(id: number, outcome: Published): void {
    if (!this.#closed && this.requests.end(id)) this.#host.sendPublished(id, outcome);
  }

  refuse(id: number, error: HawserError): void {
    const { code, message, retry, retryAfterMs } = error;
    this.answer(id, { type: "error", id, code, message, retry, retryAfterMs });
  }

  tell(frame: ServerFrame): void {
    if (!this.#closed) this.#host.send(frame);
  }

  end(error: HawserError): void {
    this.#host.end(error);
  }

  report(what: string, error: unknown): void {
    this.#services.logger.error({ session: this.session, error }, `${what} failed`);
  }

  /** Another identity, or the application's `refresh`: rights are asked anew, and what is no longer allowed ends. */
  async renewRights(identity?: Identity): Promise<void> {
    this.rights.renew(identity);
    await Promise.all([this.subscriptions.recheck(), this.#presence?.recheck(), this.#sockets?.recheck()]);
  }

  /** Called from time to time: lets go of what is not needed until more is asked for. */
  sweep(): void {
    this.requests.sweep();
    this.rates.sweep();
  }

  close(): void {
    this.#closed = true;
    this.subscriptions.closeAll();
    this.#presence?.closeAll();
    this.#sockets?.close();
    this.requests.abortAll();
  }

  #violate(message: string): void {
    this.end(new HawserError("frame-unexpected", message));
  }

  #begin(frame: { readonly type: string; readonly id: number }): boolean {
    switch (this.requests.begin(frame.id)) {
      case "begun":
        return true;
      case "invalid":
        this.#violate(`Request ${frame.id} of ${frame.type} is 0 or in flight already.`);
        return false;
      case "refused":
        this.#refuseSurplus(frame);
        return false;
    }
  }

  /** Above the limit a request is answered at once, without being one. */
  #refuseSurplus(frame: { readonly type: string; readonly id: number }): void {
    const code: ErrorCode = "too-many-requests";
    const message = `This connection has its ${this.#services.limits.maxRequests} requests in flight. Wait for answers.`;
    const refusal = { id: frame.id, code, message, retry: true, retryAfterMs: 100 };
    this.#host.send(
      frame.type === "publish" ? { type: "rejected", ...refusal, last: 0 } : { type: "error", ...refusal },
    );
  }

  #reading(): HistoryReader {
    const { log, limits } = this.#services;
    return (this.#history ??= new HistoryReader({
      client: this,
      log,
      limits,
      mayReply: () => this.#host.mayReply,
    }));
  }

  #publishing(): Publisher {
    const { appender, policyOf, contract, limits, observer } = this.#services;
    return (this.#publisher ??= new Publisher({
      client: this,
      appender,
      policyOf,
      contract,
      maxKeyBytes: limits.maxKeyBytes,
      rates: this.rates,
      observer,
    }));
  }

  #present(): PresenceTable {
    const { presence, policyOf, limits, random } = this.#services;
    return (this.#presence ??= new PresenceTable({
      client: this,
      presence,
      policyOf,
      limits,
      random,
      rates: this.rates,
    }));
  }

  #withSockets(): ClientSockets {
    const { request, address } = this.#peer;
    const service = request === undefined ? this.#services.sockets : undefined;
    return (this.#sockets ??= new ClientSockets({ client: this, service, address }));
  }

  #calling(): Caller {
    const { calls, contract, timers, clock, limits, observer } = this.#services;
    return (this.#caller ??= new Caller({
      client: this,
      calls,
      contract,
      timers,
      clock,
      defaultTimeoutMs: limits.callTimeoutMs,
      maxTimeoutMs: limits.maxCallTimeoutMs,
      maxReplyBytes: limits.maxMessageBytes,
      observer,
    }));
  }
}
