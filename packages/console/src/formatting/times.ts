const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

const dayMs = 86_400_000;

/** `14:03`, as is usual where the reader lives. */
export function clockText(time: number): string {
  return clock.format(time);
}

/** `14:03:22`, for the log of the panel. */
export function secondsText(time: number): string {
  return clockWithSeconds.format(time);
}

/** The whole date and time, for a tooltip. */
export function fullText(time: number): string {
  return full.format(time);
}

/** Names a day as people do, seen from `now`: Today, Yesterday, Friday, Friday 3 May, 3 May 2024. */
export function dayText(time: number, now: number): string {
  const daysAgo = Math.round((midnight(now) - midnight(time)) / dayMs);
  if (daysAgo === 0) return "Today";
  if (daysAgo === 1) return "Yesterday";
  if (daysAgo > 1 && daysAgo < 7) return weekday.format(time);
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? day.format(time) : dayOfYear.format(time);
}

/** Whether two times lie on the same day where the reader lives. */
export function sameDay(one: number, other: number): boolean {
  return midnight(one) === midnight(other);
}

/** Since when, in few characters: `12 s`, `4 min`, `3 h`. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
