const paths = {
  hash: ["M9 4 7 20", "M17 4l-2 16", "M4 9h16", "M3.5 15h16"],
  plus: ["M12 5v14", "M5 12h14"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h10"],
  pulse: ["M3 12h4l3-8 4 16 3-8h4"],
  send: ["M5 12h13", "M12 5.5 18.5 12 12 18.5"],
  down: ["M12 5v14", "M6 13l6 6 6-6"],
  check: ["M5 12.500l4.5 4.500L19 7.5"],
  clock: ["M12 7v5l3 2", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18"],
  alert: ["M12 8v5", "M12 16.500v.1", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18"],
  scissors: [
    "M8.2 8.2 20 20",
    "M20 4 8.2 15.8",
    "M6 3.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
    "M6 15.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  ],
  plug: ["M9 3v5", "M15 3v5", "M6 8h12v3a6 6 0 0 1-12 0z", "M12 17v4"],
} as const;

export type IconName = keyof typeof paths;

const svgNamespace = "http://www.w3.org/2000/svg";

/** A small drawing in the colour of the text around it. Screen readers pass over it. */
export function icon(name: IconName): SVGSVGElement {
  const drawing = svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" });
  for (const path of paths[name]) drawing.append(svg("path", { d: path }));
  return drawing;
}

/** The mark of Hawser: two strands of a rope. */
export function mark(): SVGSVGElement {
  const drawing = svg("svg", { viewBox: "0 0 32 32", class: "mark", "aria-hidden": "true" });
  drawing.append(
    svg("path", { d: "M7 9c10 0 8 14 18 14", class: "mark-front" }),
    svg("path", { d: "M25 9c-4 0-6 2.3-7.5 5M14.5 18C13 20.700 11 23 7 23", class: "mark-back" }),
  );
  return drawing;
}

/** Makes an SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
