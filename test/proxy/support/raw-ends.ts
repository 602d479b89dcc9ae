import { once } from "node:events";
import { ProxyScene, RawTarget } from "./proxy-scene.ts";
import type { ProxySceneOptions } from "./proxy-scene.ts";
import { RawClient } from "./raw-client.ts";
import { handshakes } from "./raw-target.ts";
import type { Handshaken } from "./raw-target.ts";

/** One proxied connection with both ends in hand, byte by byte. */
export class RawEnds {
  readonly scene: ProxyScene;
  readonly client: RawClient;
  readonly upstream: Handshaken;
  readonly #target: RawTarget;

  private constructor(scene: ProxyScene, client: RawClient, upstream: Handshaken, target: RawTarget) {
    this.scene = scene;
    this.client = client;
    this.upstream = upstream;
    this.#target = target;
  }

  static async open(options: ProxySceneOptions = {}): Promise<RawEnds> {
    const accepted: Handshaken[] = [];
    const target = await RawTarget.start(
      handshakes((handshaken) => {
        accepted.push(handshaken);
        handshaken.accept();
      }),
    );
    const scene = await ProxyScene.start([target.url], options);
    const client = await RawClient.open(scene.port);
    return new RawEnds(scene, client, accepted[0]!, target);
  }

  /** Everything that came to the target, when that is so many bytes. */
  async atUpstream(bytes: number): Promise<Buffer> {
    while (this.upstream.received().length < bytes) await once(this.upstream.socket, "data");
    return this.upstream.received();
  }

  /** Everything that came to the client, when that is so many bytes. */
  atClient(bytes: number): Promise<Buffer> {
    return this.client.until(({ length }) => length >= bytes);
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await this.scene.stop();
    await this.#target.stop();
  }
}
