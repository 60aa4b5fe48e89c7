import { printable } from "../../text/printable.ts";

/** A piece of HTML that is safe as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What stands in a template: texts are escaped, markup isn't. */
type Value = string | number | Markup | readonly Markup[];

/**
 * A template of HTML. Each text in it is shown as it is, in an element or a quoted attribute: what
 * means something in HTML is escaped, and what hides or turns text around becomes `\u{…}`.
 */
export function markup(
  literals: TemplateStringsArray,
  ...values: readonly Value[]
): Markup {
  return new Markup(
    literals.map((literal, i) => literal + safe(values[i] ?? "")).join(""),
  );
}

function safe(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return printable(String(value)).replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
