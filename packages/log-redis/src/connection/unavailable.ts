import { HawserError } from "@hawser/protocol";

/** `log-unavailable`, to be tried again. */
export function unavailable(message: string): HawserError {
  return new HawserError("log-unavailable", message, { retry: true });
}

/** What a server answers to those whom it does not let in (`NOAUTH`, `WRONGPASS`, `NOPERM`), and the client to a server of an authority that is not known. */
export function isRefused(error: unknown): boolean {
  const { message, code } = error as { message?: unknown; code?: unknown };
  return /^(NOAUTH|WRONGPASS|NOPERM)/.test(String(message)) || certificateErrors.test(String(code));
}

/** Codes of Node's `tls`, most of them those of OpenSSL ("X509 certificate error codes" of Node's documentation). */
const certificateErrors = /^(ERR_TLS_|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_)/;
