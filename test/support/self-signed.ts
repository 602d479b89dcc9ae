/** A key and its self-signed certificate for `localhost` and 127.0.0.1, good until 2126: for tests, and known to everybody. */
export const selfSigned = {
  key: ``,
  cert: ``,
} as const;
