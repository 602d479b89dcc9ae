/**
 * Grants (SUB-11 of `spec/protocol.md`): what `subscribed` gives to a user without the right to history, so that he can
 * resume later what he was granted, and nothing before it. A grant names where it began; a signature over that, the user
 * and the channel makes it useless to anyone else and anywhere else.
 */

/** Signs bytes with a secret of the service. All nodes of a service share the secret. */
export interface Signer {
  /** 32 bytes that only who has the secret can make. */
  sign(data: Uint8Array): Uint8Array;
  /** Whether `signature` is that of `data`. Takes the same time wherever the two differ. */
  verify(data: Uint8Array, signature: Uint8Array): boolean;
}

/** From where on a user may read a channel: the position of the first `subscribed`. */
export interface GrantStart {
  readonly epoch: number;
  readonly offset: number;
}

/** The version of the form below: one byte, epoch and offset as 8 bytes each (big endian), 32 bytes of signature. */
const version = 1;
const startBytes = 1 + 8 + 8;

/** How long every grant is, in bytes. */
export const grantBytes: number = startBytes + 32;

/** The grant that lets `user` resume `channel` at or above `start`. */
export function signGrant(signer: Signer, user: string, channel: string, start: GrantStart): Uint8Array {
  const head = encodeStart(start);
  const grant = new Uint8Array(grantBytes);
  grant.set(head);
  grant.set(signer.sign(signedBytes(head, user, channel)), startBytes);
  return grant;
}

/** Where the grant began, or `undefined` when it was not given to this user for this channel by this service. */
export function verifyGrant(signer: Signer, grant: Uint8Array, user: string, channel: string): GrantStart | undefined {
  if (grant.length !== grantBytes || grant[0] !== version) return undefined;
  const head = grant.subarray(0, startBytes);
  if (!signer.verify(signedBytes(head, user, channel), grant.subarray(startBytes))) return undefined;
  const view = new DataView(grant.buffer, grant.byteOffset, grant.byteLength);
  return { epoch: Number(view.getBigUint64(1)), offset: Number(view.getBigUint64(9)) };
}

function encodeStart(start: GrantStart): Uint8Array {
  const head = new Uint8Array(startBytes);
  const view = new DataView(head.buffer);
  head[0] = version;
  view.setBigUint64(1, BigInt(start.epoch));
  view.setBigUint64(9, BigInt(start.offset));
  return head;
}

/** Each part stands behind its length, so that no two users and channels give the same bytes. */
function signedBytes(head: Uint8Array, user: string, channel: string): Uint8Array {
  const encoder = new TextEncoder();
  const parts = [encoder.encode("hawser grant"), head, encoder.encode(user), encoder.encode(channel)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}
