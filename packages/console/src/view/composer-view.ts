import { element, setText } from "./element.ts";
import { icon } from "./icons.ts";

/** The longest message that the page sends, in characters. */
const maxMessageLength = 4000;

export interface ComposerActions {
  send(text: string): void;
  /** The text that stands there now, to be kept while another room is open. */
  draft(text: string): void;
}

/** The field in which messages are written: Enter sends, Shift and Enter starts a new line. */
export class ComposerView {
  readonly root: HTMLFormElement;
  readonly #field: HTMLTextAreaElement;
  readonly #button: HTMLButtonElement;
  readonly #hint: HTMLElement;
  readonly #actions: ComposerActions;

  constructor(actions: ComposerActions) {
    this.#actions = actions;
    this.#field = element("textarea", {
      test: "composer",
      attributes: {
        id: "composer",
        rows: 1,
        maxlength: maxMessageLength,
        autocomplete: "off",
        enterkeyhint: "send",
        "aria-describedby": "composer-hint",
      },
      on: { input: () => this.#changed(), keydown: (event) => this.#keydown(event) },
    });
    this.#button = element(
      "button",
      { class: "round", test: "send", attributes: { type: "submit", "aria-label": "Send", disabled: true } },
      icon("send"),
    );
    this.#hint = element("p", { class: "hint", attributes: { id: "composer-hint" } });
    this.root = element(
      "form",
      {
        class: "composer",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.#send();
          },
        },
      },
      element("label", { class: "hidden", text: "Message", attributes: { for: "composer" } }),
      element("div", { class: "field" }, this.#field, this.#button),
      this.#hint,
    );
  }

  /** Shows the draft of the room that was opened. */
  open(room: string, draft: string): void {
    this.#field.placeholder = `Message #${room}`;
    this.#field.value = draft;
    this.#changed();
  }

  update(connected: boolean, closed: boolean): void {
    this.#field.disabled = closed;
    const text = closed
      ? "This room is closed to you."
      : connected
        ? ""
        : "Not connected. What you write is sent when the connection is back.";
    setText(this.#hint, text);
  }

  focus(): void {
    // On a touch screen the keyboard would cover the room that was just opened.
    if (matchMedia("(pointer: fine)").matches) this.#field.focus();
  }

  #keydown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.#field.value.trim();
    if (text === "" || this.#field.disabled) return;
    this.#field.value = "";
    this.#changed();
    this.#actions.send(text);
  }

  #changed(): void {
    this.#button.disabled = this.#field.value.trim() === "";
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, 200)}px`;
    this.#actions.draft(this.#field.value);
  }
}
