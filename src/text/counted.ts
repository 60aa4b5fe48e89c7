/**
 * A number of things, in words: `1 user`, `2 users`.
 *
 * @param more what several are called, where that isn't `one` with an s
 */
export function counted(
  count: number,
  one: string,
  more = `${one}s`,
): string {
  return `${count} ${count === 1 ? one : more}`;
}
