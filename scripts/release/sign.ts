import { NAME } from "./about.ts";
import { SUMS } from "./packing.ts";

/**
 * Signs the file of sums with minisign(1), which asks for the key's password itself, on the terminal.
 *
 * @param key the path of the secret key
 * @returns the signature's name
 * @throws Error if minisign refuses
 */
export async function sign(directory: string, key: string, version: string): Promise<string> {
  const { success } = await new Deno.Command("minisign", {
    args: ["-S", "-s", key, "-m", `${directory}/${SUMS}`, "-t", `${NAME} ${version}`],
    stdout: "null",
  }).spawn().status;
  if (success) return `${SUMS}.minisig`;
  throw new Error(`minisign did not sign with ${key}: the release is not complete`);
}
