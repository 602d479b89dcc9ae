import { EndpointList } from "../session/endpoint-list.ts";
import { parseUrl } from "./standard-arguments.ts";

/** Where to connect: an address, several that are tried in turn, or a function that is asked before each attempt. */
export type SocketAddress = string | URL | readonly (string | URL)[] | (() => string | URL | Promise<string | URL>);

/** Gives the address of each attempt. */
export class AddressSource {
  readonly #ask: (() => string | URL | Promise<string | URL>) | undefined;
  readonly #list: EndpointList | undefined;
  #url: string;

  /** @throws DOMException `SyntaxError` for an address that is none, or for an empty list. */
  constructor(address: SocketAddress, alternates: readonly (string | URL)[]) {
    if (typeof address === "function") {
      this.#ask = address;
      this.#url = "";
      return;
    }
    const given = Array.isArray(address) ? (address as readonly (string | URL)[]) : [address as string | URL];
    const urls = [...given, ...alternates].map(parseUrl);
    if (urls.length === 0) throw new DOMException("The list of addresses is empty", "SyntaxError");
    this.#list = new EndpointList(urls);
    this.#url = urls[0]!;
  }

  /** The address of the present attempt; "" before a function has given one. */
  get url(): string {
    return this.#url;
  }

  /** The address to try now; a promise when a function has to be asked, which rejects with what is wrong with it. */
  next(): string | Promise<string> {
    if (this.#list !== undefined) return (this.#url = this.#list.current);
    return this.#asked();
  }

  /** The present one failed: another one's turn. */
  advance(): void {
    this.#list?.advance();
  }

  async #asked(): Promise<string> {
    return (this.#url = parseUrl(await this.#ask!()));
  }
}
