import { Failure } from "../../../core/failure.ts";
import type { AdminContext } from "../../context.ts";

/** Where `deno task build` puts the page: beside the bundle's modules. */
const PAGE = new URL("./openvpn-totp.8", import.meta.url);

/**
 * `man`: prints the manual page that was made when the program was built.
 *
 * @throws Failure `input_error` where the program runs from its sources
 */
export function man(context: AdminContext): void {
  context.out(readPage());
}

function readPage(): string {
  try {
    return Deno.readTextFileSync(PAGE);
  } catch {
    throw new Failure(
      "input_error",
      "this is not a built program, so it has no manual page: run scripts/deno task build",
    );
  }
}
