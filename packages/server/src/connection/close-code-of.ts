import { closeCodes } from "@hawser/protocol";
import type { ErrorCode } from "@hawser/protocol";

/** The close code that goes with an error of the connection itself (section 9 of the specification). */
export function closeCodeOf(code: ErrorCode): number {
  switch (code) {
    case "frame-malformed":
      return closeCodes.frameMalformed;
    case "frame-unexpected":
      return closeCodes.frameUnexpected;
    case "token-invalid":
    case "forbidden":
      return closeCodes.tokenInvalid;
    case "token-expired":
      return closeCodes.tokenExpired;
    case "disconnected":
      return closeCodes.disconnected;
    case "too-many-connections":
      return closeCodes.tooManyConnections;
    case "overloaded":
      return closeCodes.overloaded;
    case "rate-limited":
      return closeCodes.rateLimited;
    case "log-unavailable":
      return closeCodes.logUnavailable;
    default:
      return closeCodes.internal;
  }
}
