import type { PamHelperOptions } from "../service_options.ts";

/** Not yet. */
export function pamHelper(_options: PamHelperOptions): Promise<number> {
  return Promise.resolve(1);
}
