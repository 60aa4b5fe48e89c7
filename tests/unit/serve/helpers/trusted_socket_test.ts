import assert from "node:assert/strict";
import { requireTrustedSocket } from "../../../../src/serve/helpers/trusted_socket.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { testWith } from "../../../lab/requirements.ts";

const NOBODY = 65534;

/** Runs a test with a socket in a directory of its own. */
async function withSocket(test: (socket: string, directory: string) => void): Promise<void> {
  await using directory = await makeTestDirectory();
  const inner = `${directory.path}/run`;
  await Deno.mkdir(inner, { mode: 0o750 });
  const socket = `${inner}/pam.sock`;
  using _listener = Deno.listen({ transport: "unix", path: socket });
  test(socket, inner);
}

Deno.test("requireTrustedSocket takes a socket of one's own, by way of links of one's own", () =>
  withSocket((socket, directory) => {
    // Whoever may connect is the socket's own mode to say.
    Deno.chmodSync(socket, 0o666);
    assert.equal(requireTrustedSocket(socket), socket);
    Deno.symlinkSync(socket, `${directory}/link`);
    assert.equal(requireTrustedSocket(`${directory}/link`), socket);
  }));

Deno.test("requireTrustedSocket says what is there, where that is no socket", () =>
  withSocket((socket, directory) => {
    assert.throws(() => requireTrustedSocket(`${socket}2`), {
      code: "helper_lost",
      message: `the socket of PAM's helpers, ${socket}2, is not there: ` +
        "start openvpn-totp-pam.socket",
    });
    Deno.writeTextFileSync(`${directory}/file`, "");
    assert.throws(() => requireTrustedSocket(`${directory}/file`), /is no socket: start/);
    assert.throws(() => requireTrustedSocket(`${directory}/file/x`), { code: "helper_lost" });
  }));

Deno.test("requireTrustedSocket takes none that others could have put there", () =>
  withSocket((socket, directory) => {
    for (const mode of [0o770, 0o757, 0o1777]) {
      Deno.chmodSync(directory, mode);
      assert.throws(() => requireTrustedSocket(socket), {
        code: "untrusted_path",
        message: /^the socket of PAM's helpers is not to be trusted: the directory .* has mode/,
      });
    }
  }));

testWith(
  ["root"],
  "requireTrustedSocket takes none that belongs to somebody else",
  () =>
    withSocket((socket, directory) => {
      const refused = (path: string) =>
        assert.throws(() => requireTrustedSocket(socket), {
          code: "untrusted_path",
          message: "the socket of PAM's helpers is not to be trusted: something on the way to " +
            `${socket} belongs to uid ${NOBODY}, who could read passwords there: only root and the ` +
            "service's own user may own it (ls -ld)",
        }, path);
      Deno.chownSync(socket, NOBODY, 0);
      refused(socket);
      Deno.chownSync(socket, 0, NOBODY);
      assert.equal(requireTrustedSocket(socket), socket, "the group may connect");
      Deno.chownSync(directory, NOBODY, 0);
      refused(directory);
    }),
);
