import { cleanName } from "../formatting/names.ts";
import { element, setText } from "./element.ts";
import { mark } from "./icons.ts";

/** What the dialog asks for. */
export type WelcomeQuestion =
  | { readonly kind: "name"; readonly suggestion: string; readonly problem: string | undefined }
  /** The server does not take names: it wants a token. */
  | { readonly kind: "token"; readonly problem: string };

/** Asks who the reader is: a name at the first visit, or a token where the server wants one. */
export class WelcomeView {
  readonly root: HTMLDialogElement;
  readonly #title: HTMLElement;
  readonly #text: HTMLElement;
  readonly #label: HTMLLabelElement;
  readonly #input: HTMLInputElement;
  readonly #problem: HTMLElement;
  readonly #cancel: HTMLButtonElement;
  readonly #other: HTMLButtonElement;
  readonly #answer: (answer: { readonly kind: "name" | "token"; readonly value: string }) => void;
  #question: WelcomeQuestion = { kind: "name", suggestion: "", problem: undefined };

  constructor(answer: (answer: { readonly kind: "name" | "token"; readonly value: string }) => void) {
    this.#answer = answer;
    this.#title = element("h1", { attributes: { id: "welcome-title" } });
    this.#text = element("p", { class: "welcome-text" });
    this.#label = element("label", { attributes: { for: "welcome-input" } });
    this.#input = element("input", {
      test: "name",
      attributes: {
        id: "welcome-input",
        required: true,
        spellcheck: "false",
        autocapitalize: "words",
        "aria-describedby": "welcome-problem",
      },
    });
    this.#problem = element("p", {
      class: "welcome-problem",
      test: "welcome-problem",
      attributes: { id: "welcome-problem", role: "alert" },
    });
    this.#cancel = element("button", {
      class: "quiet",
      text: "Cancel",
      attributes: { type: "button" },
      on: { click: () => this.root.close() },
    });
    this.#other = element("button", {
      class: "link",
      attributes: { type: "button" },
      on: { click: () => this.#switch() },
    });
    this.root = element(
      "dialog",
      { class: "welcome", test: "welcome", attributes: { "aria-labelledby": "welcome-title" } },
      element(
        "form",
        { on: { submit: (event) => this.#submit(event) } },
        mark(),
        this.#title,
        this.#text,
        this.#label,
        this.#input,
        this.#problem,
        element(
          "div",
          { class: "welcome-buttons" },
          this.#cancel,
          element("button", { class: "primary", test: "enter", text: "Enter", attributes: { type: "submit" } }),
        ),
        this.#other,
      ),
    );
  }

  /** @param mayCancel the reader is in already, and only changes the name. */
  ask(question: WelcomeQuestion, mayCancel: boolean): void {
    this.#question = question;
    const name = question.kind === "name";
    setText(this.#title, name ? (mayCancel ? "Change your name" : "Welcome aboard") : "A token, please");
    setText(
      this.#text,
      name
        ? "A chat that loses nothing, whatever happens to the connection."
        : "This server lets in only those who show a token.",
    );
    setText(this.#label, name ? "What shall others call you?" : "Token");
    this.#input.type = name ? "text" : "password";
    this.#input.maxLength = name ? 32 : 16_384;
    this.#input.setAttribute("autocomplete", name ? "nickname" : "off");
    this.#input.value = name ? question.suggestion : "";
    setText(this.#problem, question.problem ?? "");
    setText(this.#other, name ? "" : "Use a name instead");
    this.#other.hidden = name;
    this.#cancel.hidden = !mayCancel;
    // Without a name there is nothing behind the dialog: Escape leads nowhere then.
    this.root.oncancel = (event) => {
      if (!mayCancel) event.preventDefault();
    };
    if (!this.root.open) this.root.showModal();
    this.#input.focus();
    this.#input.select();
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const value = this.#question.kind === "name" ? cleanName(this.#input.value) : this.#input.value.trim();
    if (value === "") {
      setText(
        this.#problem,
        this.#question.kind === "name" ? "Letters or digits make a name." : "Paste the token here.",
      );
      return;
    }
    this.root.close();
    this.#answer({ kind: this.#question.kind, value });
  }

  #switch(): void {
    this.ask({ kind: "name", suggestion: "", problem: undefined }, false);
  }
}
