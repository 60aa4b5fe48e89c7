/**
 * Times a single PAM authentication for `deno task bench`. The username is the argument, the
 * password comes from standard input, and the milliseconds go to standard output.
 *
 * @module
 */
import { Redacted } from "../src/text/redacted.ts";
import { PamService } from "../src/pam/pam_service.ts";

const password = new Uint8Array(
  await new Response(Deno.stdin.readable).arrayBuffer(),
);
const pam = new PamService("login", 60);
const start = performance.now();
const { outcome } = await pam.authenticate(
  Deno.args[0]!,
  new Redacted(password),
  null,
);
const ms = performance.now() - start;
if (outcome !== "passed") Deno.exit(1);
Deno.stdout.writeSync(new TextEncoder().encode(ms.toFixed(3)));
Deno.exit(0);
