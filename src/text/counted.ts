/**
 * A count of things, in words: `1 user`, `2 users`.
 *
 * @param more the plural, if it is not `one` with an s
 */
export function counted(
  count: number,
  one: string,
  more = `${one}s`,
): string {
  return `${count} ${count === 1 ? one : more}`;
}
