import type { Socket } from "node:net";
import type { Link, LinkHandlers } from "../link.ts";

/** A link over a socket that is connected. What is written in one turn leaves in one system call. */
export function socketLink(socket: Socket, handlersOf: (link: Link) => LinkHandlers): Link {
  let corked = false;
  const link: Link = {
    get unsentBytes() {
      return socket.writableLength;
    },
    write(bytes) {
      if (socket.destroyed || socket.writableEnded) return;
      if (!corked) {
        corked = true;
        socket.cork();
        process.nextTick(() => {
          corked = false;
          socket.uncork();
        });
      }
      socket.write(bytes);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
  const handlers = handlersOf(link);
  // An error is followed by `close`, which is all that matters to those who use the link.
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => handlers.onBytes(chunk));
  socket.on("drain", () => handlers.onDrain());
  socket.on("close", () => handlers.onClose());
  return link;
}
