/** How a library reaches its server: straight, through the gateway's proxy, or over a virtual socket. */
export interface Way {
  /** What takes the place of the server's own `ws://host:port`. */
  readonly url: string;
  /** The class that the library is to use; `undefined`: its own choice. */
  readonly WebSocket?: unknown;
}

/** A library's server, as its authors publish it, on a port of its own. */
export interface LibraryServer {
  /** `ws://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A library with its own server and its own client, which say something to each other. */
export interface Scenario {
  readonly name: string;
  start(): Promise<LibraryServer>;
  /** Everything a client of the library does; rejects where something is not as it should be. */
  run(way: Way): Promise<void>;
}
