/** What `element` puts on an element: properties of `on` are listeners, the others attributes. */
export interface ElementOptions<Tag extends keyof HTMLElementTagNameMap> {
  readonly class?: string;
  /** `data-testid`, by which tests find it. */
  readonly test?: string;
  /** Text content: never markup. */
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: {
    readonly [Name in keyof HTMLElementEventMap]?: (
      event: HTMLElementEventMap[Name],
      target: HTMLElementTagNameMap[Tag],
    ) => void;
  };
}

type Child = Node | string | undefined | false;

/** Makes an element. Text of others gets in as text nodes only, so that nothing of it can become markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions<Tag> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  if (options.test !== undefined) made.dataset["testid"] = options.test;
  if (options.text !== undefined) made.textContent = options.text;
  setAttributes(made, options.attributes ?? {});
  for (const [name, listener] of Object.entries(options.on ?? {})) {
    made.addEventListener(name, (event) => (listener as (event: Event, target: HTMLElement) => void)(event, made));
  }
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

/** Sets attributes; `false` and `undefined` take them away, `true` sets them empty. */
function setAttributes(target: Element, attributes: NonNullable<ElementOptions<"div">["attributes"]>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) target.removeAttribute(name);
    else target.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Changes text only where it differs, so that screen readers are not told the same twice. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
