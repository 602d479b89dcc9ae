import type { Curve } from "./curve.ts";

const [width, height] = [640, 400];
const plot = { left: 70, top: 20, right: 530, bottom: 340 };
const decades = { from: 4, to: 7.5 };
const colours = ["#1f6feb", "#bf3989", "#6e7781"];

/** Deliveries a second against messages per write, both axes logarithmic: a line for each contender. */
export function curveSvg(curves: Readonly<Record<string, Curve>>): string {
  const most = Math.max(...Object.values(curves).flatMap((curve) => Object.keys(curve).map(Number)));
  const x = (messages: number): number =>
    plot.left + (Math.log2(messages) / Math.log2(most)) * (plot.right - plot.left);
  const y = (deliveries: number): number =>
    plot.bottom - ((Math.log10(deliveries) - decades.from) / (decades.to - decades.from)) * (plot.bottom - plot.top);
  const lines: string[] = [];
  for (let messages = 1; messages <= most; messages *= 2) lines.push(...tickX(x(messages), String(messages)));
  for (let decade = decades.from; decade <= decades.to; decade += 1)
    lines.push(...tickY(y(10 ** decade), nameOf(decade)));
  for (const [index, [name, curve]] of Object.entries(curves).entries()) {
    const points = Object.entries(curve).map(([messages, value]) => [x(Number(messages)), y(value)] as const);
    const [endX, endY] = points.at(-1)!;
    const colour = colours[index % colours.length]!;
    const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
    lines.push(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`);
    lines.push(`<text x="${(endX + 8).toFixed(1)}" y="${(endY + 4).toFixed(1)}" fill="${colour}">${name}</text>`);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>Deliveries a second against messages per write</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...lines,
    `<text x="300" y="385" text-anchor="middle">messages published together</text>`,
    `<text x="16" y="180" text-anchor="middle" transform="rotate(-90 16 180)">deliveries a second</text>`,
    `</svg>`,
    "",
  ].join("\n");
}

function tickX(x: number, label: string): string[] {
  return [
    `<line x1="${x.toFixed(1)}" y1="${plot.top}" x2="${x.toFixed(1)}" y2="${plot.bottom}" stroke="#eaeef2"/>`,
    `<text x="${x.toFixed(1)}" y="${plot.bottom + 18}" text-anchor="middle">${label}</text>`,
  ];
}

function tickY(y: number, label: string): string[] {
  return [
    `<line x1="${plot.left}" y1="${y.toFixed(1)}" x2="${plot.right}" y2="${y.toFixed(1)}" stroke="#d0d7de"/>`,
    `<text x="${plot.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${label}</text>`,
  ];
}

function nameOf(decade: number): string {
  return decade < 6 ? `${10 ** (decade - 3)} k` : `${10 ** (decade - 6)} M`;
}
