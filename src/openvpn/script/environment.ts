import { Failure } from "../../core/failure.ts";
import type { Attempt } from "../../core/challenge.ts";
import type { Client } from "../../login/client.ts";
import type { ReadVariable } from "../../settings.ts";
import { Memory } from "../../system/memory.ts";
import { readVariableBytes } from "../../system/variable.ts";

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
 * Without a client certificate, the common name is absent at the password step and empty at the
 * answer; both become null.
 *
 * @param loginName from the credentials at the password step, otherwise from `username`
 * @throws Failure `bad_call`
 */
export function readAttempt(read: ReadVariable, loginName: string): Attempt {
  return {
    id: requireVariable("auth_control_file", read),
    loginName,
    commonName: read("common_name") || null,
    address: readAddress(read),
  };
}

/** The client's address; OpenVPN has a separate variable for IPv6. */
export function readAddress(read: ReadVariable): string | null {
  return read("untrusted_ip") || read("untrusted_ip6") || null;
}

/**
 * Reads what OpenVPN reports about the client. For `crtext` this follows OpenVPN's own rule: a
 * token between commas.
 */
export function readClient(read: ReadVariable): Client {
  return {
    knowsCrtext: (read("IV_SSO") ?? "").split(",").includes("crtext"),
    hasSessionTokens: read("session_id") !== undefined,
    connectedFrom: read("trusted_ip") ?? read("trusted_ip6") ?? null,
  };
}
