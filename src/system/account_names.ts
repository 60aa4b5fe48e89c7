import { readUtf8 } from "../text/utf8.ts";
import { openLibrary } from "./libraries.ts";
import { cString, Memory } from "./memory.ts";

const NAMES = {
  getpwnam: {
    parameters: [
      "buffer", // const char *name
    ],
    result: "usize", // struct passwd *
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Names of the system's accounts, also after the process has given up foreign code. */
export class AccountNames {
  readonly #libc = openLibrary("libc.so.6", NAMES).symbols;
  readonly #memory: Memory;

  /** @throws Failure `library_missing` */
  constructor(memory = new Memory()) {
    this.#memory = memory;
  }

  /**
   * The name by which the system (files, directory services) lists the account that it finds for a
   * name; some services find accounts whatever the name's case, or by an alias.
   *
   * @param username without NUL
   * @returns null where there is no account, or its name is not UTF-8
   */
  of(username: string): string | null {
    // struct passwd { char *pw_name; … }
    const found = this.#libc.getpwnam(cString(username));
    if (found === 0n) return null;
    const name = this.#memory.readString(this.#memory.readAddress(found));
    return name === null ? null : readUtf8(name);
  }
}
