/** A setting's default for people, with code between backquotes; some defaults are words already. */
export function defaultText({ default: text }: { default: string }): string {
  return text.includes("`") ? text : `\`${text}\``;
}
