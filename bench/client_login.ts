import type { OpenvpnClient } from "../tests/lab/openvpn_client.ts";
import { codeOf } from "../tests/lab/program.ts";
import type { Contender } from "./contender.ts";
import type { Person } from "./people.ts";

/** What a client sends to a contender. */
export function loginOf({ code }: Contender, { username, password, secret }: Person) {
  const login = { username, password, commonName: `of-${username.split("-").at(-1)}` };
  return code === "static" ? { ...login, staticAnswer: codeOf(secret) } : login;
}

/** Answers the challenge, if the contender sends one, and waits until the client is connected; gives its address in the tunnel. */
export async function enter(
  { code }: Contender,
  client: OpenvpnClient,
  { secret }: Person,
): Promise<string> {
  if (code === "step") {
    await client.challenge();
    await client.answer(codeOf(secret));
  }
  return await connected(client);
}

/** Waits until a client is connected; gives its address in the tunnel. */
export async function connected(client: OpenvpnClient): Promise<string> {
  const outcome = await client.outcome();
  if (!outcome.connected) throw new Error(`the login was refused: ${outcome.reason}`);
  return outcome.address;
}
