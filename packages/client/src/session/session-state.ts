import type { HawserError, Timer } from "@hawser/protocol";
import type { Attempt } from "./attempt.ts";
import type { Link } from "./link.ts";
import type { TokenRefresh } from "./token-source.ts";

/** Whether and how a session has a connection. `move` leads to the connection that takes over, when the server said so (CON-12). */
export type SessionState =
  | { readonly kind: "connecting"; readonly attempt: Attempt }
  | { readonly kind: "connected"; readonly link: Link; readonly refresh: TokenRefresh; readonly move: Move | undefined }
  | { readonly kind: "waiting"; readonly until: number; readonly timer: Timer }
  | { readonly kind: "offline" }
  | { readonly kind: "closed"; readonly error: HawserError | undefined };

type Move =
  | { readonly kind: "delayed"; readonly deadline: number; readonly timer: Timer }
  | { readonly kind: "opening"; readonly deadline: number; readonly attempt: Attempt };
