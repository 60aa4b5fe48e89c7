import { SUMS } from "./packing.ts";

/**
 * Signs the file of sums with minisign(1), which asks for the key's password itself, on the terminal.
 *
 * @param key the path of the secret key
 * @param what the program's file, whose name has version, architecture and kind of base: the trusted comment
 * @returns the signature's name
 * @throws Error if minisign refuses
 */
export async function sign(directory: string, key: string, what: string): Promise<string> {
  const signature = `${SUMS}.minisig`;
  const { success } = await new Deno.Command("minisign", {
    args: ["-S", "-s", key, "-m", `${directory}/${SUMS}`, "-t", what],
    stdout: "null",
  }).spawn().status;
  if (!success) throw new Error(`minisign did not sign with ${key}: the release is not complete`);
  await Deno.chmod(`${directory}/${signature}`, 0o644);
  return signature;
}
