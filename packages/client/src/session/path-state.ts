import type { Timer } from "@hawser/protocol";
import type { Attempt } from "./attempt.ts";
import type { Link } from "./link.ts";
import type { TokenRefresh } from "./token-source.ts";

/** Whether and how a path has a connection. `move` leads to the connection that takes over (CON-12). */
export type PathState =
  | { readonly kind: "connecting"; readonly attempt: Attempt }
  | { readonly kind: "connected"; readonly link: Link; readonly refresh: TokenRefresh; readonly move: Move | undefined }
  | { readonly kind: "waiting"; readonly until: number; readonly timer: Timer }
  | { readonly kind: "offline" };

type Move =
  | { readonly kind: "delayed"; readonly deadline: number; readonly timer: Timer }
  /** `asked`: by the server, which will end the connection at the deadline. */
  | { readonly kind: "opening"; readonly asked: boolean; readonly deadline: number; readonly attempt: Attempt };
