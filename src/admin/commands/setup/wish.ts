import { resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { requirePlainPath } from "../../../server_setup/configuration/hook_lines.ts";
import type { SetupWish } from "../../../server_setup/setup/plan.ts";
import { quoted } from "../../../text/printable.ts";
import type { SetupOptions } from "./options.ts";

/** What the options ask for. */
export type Wish = Pick<SetupWish, "program" | "replace" | "tokenSecret">;

/**
 * Reads the options.
 *
 * @throws Failure `usage`
 */
export function wishOf({ program, replace, tokenSecret }: SetupOptions): Wish {
  const path = resolve(program ?? Deno.execPath());
  requireProgram(path);
  const secret = tokenSecret === undefined ? null : resolve(tokenSecret);
  if (secret !== null) {
    requirePlainPath(secret, "the path of --token-secret", "choose another place for the file");
  }
  return { program: path, replace: replace ?? false, tokenSecret: secret };
}

function requireProgram(path: string): void {
  requirePlainPath(path);
  let mode = 0;
  try {
    const info = Deno.statSync(path);
    mode = info.isFile ? info.mode ?? 0 : 0;
  } catch {
    // The same as a program that can't be run.
  }
  if ((mode & 0o111) !== 0) return;
  throw new Failure(
    "usage",
    `the program ${quoted(path)} cannot be run: name the installed one with --program`,
  );
}
