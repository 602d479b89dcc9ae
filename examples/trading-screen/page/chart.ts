import { element } from "./element.ts";

const spanMs = 60_000;
const minSpanMs = 10_000;
const maxPoints = 2_000;

interface Point {
  readonly time: number;
  readonly value: number;
}

/** A time that the page was not there for, or did not read; `to` is missing while it lasts. */
export interface Absence {
  readonly from: number;
  to: number | undefined;
}

/** The last minute of a price, over the times at which the page was away: the line goes through them. */
export class Chart {
  readonly element: HTMLElement;
  readonly #canvas = element("canvas", "");
  readonly #absences: readonly Absence[];
  #points: Point[] = [];
  #asked = false;

  /** @param absences the page's, the newest last; the chart reads them whenever it draws. */
  constructor(absences: readonly Absence[]) {
    this.#absences = absences;
    this.element = element("div", "chart", this.#canvas);
  }

  add(time: number, value: number): void {
    this.#points.push({ time, value });
    if (this.#points.length > maxPoints) this.#points = this.#points.slice(-maxPoints / 2);
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const scale = devicePixelRatio;
    const [pixelWidth, pixelHeight] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== pixelWidth) this.#canvas.width = pixelWidth;
    if (this.#canvas.height !== pixelHeight) this.#canvas.height = pixelHeight;
    const context = this.#canvas.getContext("2d");
    const last = this.#points.at(-1);
    if (context === null || last === undefined) return;
    const span = Math.min(spanMs, Math.max(minSpanMs, last.time - (this.#points[0]?.time ?? last.time)));
    const begin = last.time - span;
    const shown = this.#points.filter((point) => point.time >= begin);
    const low = Math.min(...shown.map((point) => point.value));
    const high = Math.max(...shown.map((point) => point.value));
    const x = (time: number): number => ((time - begin) / span) * (width - 6);
    const y = (value: number): number => 6 + (1 - (value - low) / (high - low || 1)) * (height - 12);

    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = "rgb(217 162 78 / 16%)";
    for (const { from, to = last.time } of this.#absences)
      if (to > begin) context.fillRect(x(from), 0, Math.max(2, x(to) - x(from)), height);

    const color = last.value >= (shown[0]?.value ?? 0) ? "#5cc2ae" : "#e5806f";
    context.beginPath();
    for (const point of shown) context.lineTo(x(point.time), y(point.value));
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke();
    context.lineTo(x(last.time), height);
    context.lineTo(x(shown[0]?.time ?? begin), height);
    const fade = context.createLinearGradient(0, 0, 0, height);
    fade.addColorStop(0, `${color}33`);
    fade.addColorStop(1, `${color}00`);
    context.fillStyle = fade;
    context.fill();
    context.beginPath();
    context.arc(x(last.time), y(last.value), 2.5, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
  }
}
