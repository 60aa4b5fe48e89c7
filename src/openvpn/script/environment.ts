import { Failure } from "../../core/failure.ts";
import type { Attempt } from "../../core/challenge.ts";
import type { ReadVariable } from "../../settings.ts";
import { Memory } from "../../system/memory.ts";
import { readVariableBytes } from "../../system/variable.ts";
import { readAttempt } from "../client_variables.ts";

/** The variables that OpenVPN gives to a script. */
export interface ScriptEnvironment {
  /**
   * Reads a variable as text; undefined if it is not set.
   *
   * @throws Failure `bad_call` if it is not UTF-8, without its value: it may be a password
   */
  read: ReadVariable;
  /** Says whether a variable is set, even if it is not UTF-8. */
  has(name: string): boolean;
  /** Reads a variable as bytes; null if it is not set. */
  readBytes(name: string): Uint8Array<ArrayBuffer> | null;
  /** Removes a variable from the environment. */
  delete(name: string): void;
}

/** The environment of this process. */
export const processEnvironment: ScriptEnvironment = {
  read(name) {
    try {
      return Deno.env.get(name);
    } catch {
      throw new Failure("bad_call", `the variable ${name} is not valid UTF-8`);
    }
  },
  has(name) {
    try {
      return Deno.env.has(name);
    } catch {
      return true;
    }
  },
  readBytes: (name) => readVariableBytes(new Memory(), name),
  delete: (name) => Deno.env.delete(name),
};

/**
 * Reads a variable that OpenVPN must have set.
 *
 * @throws Failure `bad_call`
 */
export function requireVariable(name: string, read: ReadVariable): string {
  const value = read(name);
  if (value === undefined || value === "") {
    throw new Failure(
      "bad_call",
      `the variable ${name} is not set: use OpenVPN 2.6.1 or newer`,
    );
  }
  return value;
}

/**
 * Reads who is logging in. The path of OpenVPN's `auth_control_file` identifies the attempt.
 *
 * @param loginName from the credentials at the password step, otherwise from `username`
 * @throws Failure `bad_call`
 */
export function readScriptAttempt(read: ReadVariable, loginName: string): Attempt {
  return readAttempt(read, requireVariable("auth_control_file", read), loginName);
}
