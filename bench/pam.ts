/**
 * Times one PAM authentication with nothing around it, for `deno task bench`: the username is the
 * argument, the password comes on standard input, the milliseconds go to standard output.
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
