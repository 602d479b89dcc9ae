import { svg } from "./icons.ts";

const width = 240;
const height = 44;

/** A line through the newest values, scaled to the greatest of them. */
export class Sparkline {
  readonly root: SVGSVGElement;
  readonly #line: SVGPathElement;
  readonly #area: SVGPathElement;
  readonly #dot: SVGCircleElement;
  readonly #size: number;

  /** @param size how many values fill the width. */
  constructor(size: number) {
    this.#size = size;
    this.root = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      class: "sparkline",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    this.#area = svg("path", { class: "spark-area" });
    this.#line = svg("path", { class: "spark-line" });
    this.#dot = svg("circle", { class: "spark-dot", r: 2.5 });
    this.root.append(this.#area, this.#line, this.#dot);
  }

  update(values: readonly number[]): void {
    const points = sparkPoints(values, this.#size);
    const last = points.at(-1);
    this.root.classList.toggle("blank", last === undefined);
    if (last === undefined) return;
    const line = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    this.#line.setAttribute("d", line);
    this.#area.setAttribute(
      "d",
      `${line}L${last[0].toFixed(1)} ${height}L${(points[0]?.[0] ?? 0).toFixed(1)} ${height}Z`,
    );
    this.#dot.setAttribute("cx", last[0].toFixed(1));
    this.#dot.setAttribute("cy", last[1].toFixed(1));
  }
}

/** Where the values stand in the drawing: the newest at the right, zero at the foot. */
export function sparkPoints(values: readonly number[], size: number): readonly (readonly [number, number])[] {
  const greatest = Math.max(...values, 1);
  const step = (width - 8) / Math.max(1, size - 1);
  const start = width - 4 - (values.length - 1) * step;
  return values.map((value, index) => [start + index * step, height - 4 - (value / greatest) * (height - 10)] as const);
}
