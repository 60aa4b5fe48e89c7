import { startPamHelpers } from "../tests/lab/pam_helpers.ts";
import { Serve } from "../tests/lab/serve.ts";
import type { Rig } from "./rig.ts";

/** Starts the service on a management socket, with its PAM helpers, until the end of the scope. */
export async function startService(
  rig: Rig,
  directory: string,
  management: string,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const file = `${directory}/serve.conf`;
  const lines = Object.entries(rig.settings).map(([name, value]) => `${name} ${value}\n`);
  await Deno.writeTextFile(file, lines.join(""));
  const { socket } = stack.use(
    await startPamHelpers(directory, { totpPamService: rig.passwordService }),
  );
  stack.use(
    await Serve.start([
      ...["--management", management, "--settings", file, "--pam-socket", socket],
    ]),
  );
  return stack.move();
}
