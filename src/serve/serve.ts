import type { ServeOptions } from "../service_options.ts";

/** Not yet. */
export function serve(_options: ServeOptions): Promise<number> {
  return Promise.resolve(1);
}
