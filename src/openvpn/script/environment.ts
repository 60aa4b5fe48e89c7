import { Failure } from "../../core/failure.ts";
import type { Attempt } from "../../core/challenge.ts";
import type { ReadVariable } from "../../settings.ts";

/**
 * Reads the process's environment as text. A variable that isn't UTF-8 is a `Failure` that doesn't
 * repeat the value: it may be a password.
 */
export const readEnvironment: ReadVariable = (name) => {
  try {
    return Deno.env.get(name);
  } catch {
    throw new Failure("bad_call", `the variable ${name} is not valid UTF-8`);
  }
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
      `the variable ${name} is not set: OpenVPN 2.6.1 or newer sets it`,
    );
  }
  return value;
}

/**
 * Who is logging in. Without a client certificate the common name is absent at the password step
 * and empty at the answer: both are null.
 *
 * @param loginName from the credentials at the password step, else from `username`
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

/** The client's address; IPv6 comes under a name of its own. */
export function readAddress(read: ReadVariable): string | null {
  return read("untrusted_ip") || read("untrusted_ip6") || null;
}

/** Says whether OpenVPN gives out session tokens (`auth-gen-token`). */
export function hasSessionTokens(read: ReadVariable): boolean {
  return read("session_id") !== undefined;
}

/** Says whether the client is connected already: this is a renegotiation. */
export function isRenegotiation(read: ReadVariable): boolean {
  return (read("trusted_ip") ?? read("trusted_ip6")) !== undefined;
}

/** Says whether the client announces `crtext`, by OpenVPN's own rule: a token among commas. */
export function knowsCrtext(read: ReadVariable): boolean {
  return (read("IV_SSO") ?? "").split(",").includes("crtext");
}
