import assert from "node:assert/strict";
import { withoutPassword } from "../../../src/text/url_password.ts";

Deno.test("withoutPassword leaves out what may be a password in a URL, and nothing else", () => {
  const cases: [text: string, expected: string][] = [
    ["postgres://u:geheim@h/d", "postgres://u:[redacted]@h/d"],
    ["postgres://u:ge@he/im?@h/d", "postgres://u:[redacted]@h/d"],
    ["postgres://:geheim@h/d", "postgres://:[redacted]@h/d"],
    ["postgres://u@h/d?password=geheim&port=1", "postgres://u@h/d?password=[redacted]&port=1"],
    ["postgres://u@h:5432/d", "postgres://u@h:5432/d"],
    ["postgres://u@[::1]:5432/d", "postgres://u@[::1]:5432/d"],
    ["/var/lib/x@y:z", "/var/lib/x@y:z"],
    ["Code: a@b", "Code: a@b"],
  ];
  for (const [text, expected] of cases) assert.equal(withoutPassword(text), expected);
});
