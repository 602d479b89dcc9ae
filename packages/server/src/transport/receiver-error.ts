import { abnormalClosure } from "@hawser/protocol";
/** Close codes by the error codes of `ws` (its doc/ws.md, "Error codes"): what it closed the connection with. */
const closeCodeOf: Readonly<Record<string, number>> = {
  WS_ERR_EXPECTED_FIN: 1002,
  WS_ERR_EXPECTED_MASK: 1002,
  WS_ERR_INVALID_CLOSE_CODE: 1002,
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: 1002,
  WS_ERR_INVALID_OPCODE: 1002,
  WS_ERR_UNEXPECTED_MASK: 1002,
  WS_ERR_UNEXPECTED_RSV_1: 1002,
  WS_ERR_UNEXPECTED_RSV_2_3: 1002,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};

/** The code with which a connection ends after an error of `ws` or its socket; 1006 when it was the socket's. */
export function receiverErrorCode(error: Error): number {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return Object.hasOwn(closeCodeOf, code) ? (closeCodeOf[code] ?? abnormalClosure) : abnormalClosure;
}
