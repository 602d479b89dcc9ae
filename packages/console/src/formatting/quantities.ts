const counts = new Intl.NumberFormat();

/** A count with the reader's separators: `12,345`. */
export function countText(count: number): string {
  return counts.format(count);
}

/** Bytes in the largest unit that leaves a number above 1: `512 B`, `3.4 KB`, `120 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A round trip: `0.8 ms`, `23 ms`, `1.2 s`. */
export function roundTripText(roundTripMs: number): string {
  if (roundTripMs >= 1000) return `${(roundTripMs / 1000).toFixed(1)} s`;
  return roundTripMs < 10 ? `${roundTripMs.toFixed(1)} ms` : `${Math.round(roundTripMs)} ms`;
}

/** `1 message`, `2 messages`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
