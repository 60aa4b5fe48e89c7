/** A text as PostgreSQL can hold it, whose texts can have neither NUL nor half a character. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
