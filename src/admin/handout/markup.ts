import { printable } from "../../text/printable.ts";

/** A piece of HTML that is safe as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text is escaped, markup isn't. */
type Value = string | number | Markup | readonly Markup[];

/**
 * A template of HTML. Each text in it is shown literally, in an element or a quoted attribute: what
 * has a meaning in HTML is escaped, and characters that hide or reorder text become `\u{…}`.
 */
export function markup(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(literals.map((literal, i) => literal + safe(values[i] ?? "")).join(""));
}

function safe(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return printable(String(value)).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
