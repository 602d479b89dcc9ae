import { defineContract } from "@hawser/protocol";
import { z } from "zod";

/**
 * What the chat's channels carry, and what can be asked of its server: the only place where that is written down. The
 * server and the clients import it; the types of both come from it, and both hold what arrives against it.
 */
export const contract = defineContract({
  channels: {
    "room.{name}": { message: z.object({ say: z.string().min(1).max(200) }) },
    $inbox: { message: z.object({ from: z.string(), whisper: z.string() }) },
  },
  calls: {
    whisper: {
      request: z.object({ to: z.string(), text: z.string().min(1).max(200) }),
      reply: z.object({ delivered: z.boolean() }),
    },
    ban: {
      request: z.object({ user: z.string(), room: z.string() }),
      reply: z.object({ banned: z.array(z.string()) }),
    },
  },
});
