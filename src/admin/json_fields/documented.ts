/** What fields of an object mean; `of` has those of an object, or of each object of a list, in it. */
export type Fields = { readonly [name: string]: string | { about: string; of: Fields } };

/** What a command prints with `--json`. */
export interface Documented {
  /** What is printed, if it is not one object. */
  form?: string;
  fields: Fields;
  /** What other options change: a sentence that names them, and the fields that it is about. */
  also?: { readonly [sentence: string]: Fields };
}

/**
 * The type of an object with documented fields: it lacks none. That it has no others, the compiler
 * sees only where no other object is spread into it; tests/cli/json_test.ts looks at what is printed.
 */
export type ObjectOf<Texts> = {
  [Name in keyof Texts]: Texts[Name] extends { of: infer Inner }
    ? ObjectOf<Inner> | readonly ObjectOf<Inner>[] | null
    : unknown;
};
