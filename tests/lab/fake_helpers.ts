import type { HelperRequest } from "../../src/pam/helper/protocol.ts";
import type { HelperAnswer } from "../../src/pam/helper/reply.ts";
import { Status } from "../../src/pam/status.ts";
import { ScriptedHelper } from "./scripted_helpers.ts";

/** What a scripted PAM says; null: the helper ends without an answer. */
export type ScriptedPam = (
  request: HelperRequest,
  password: string,
) => Promise<HelperAnswer | null> | HelperAnswer | null;

/** PAM with one password for everybody. */
export function pamWith(right: string): ScriptedPam {
  return (request, password) => {
    const { kind, username } = request;
    if (kind === "account_name") return { accountName: username };
    return kind === "check_account" || password === right
      ? { result: { outcome: "passed", username } }
      : { result: { outcome: "denied", call: "pam_authenticate", status: Status.AUTH_ERR } };
  };
}

/**
 * PAM's helpers, all by one script, for what real modules can't be made to do at a given moment. A test
 * that answers each connection by itself takes `ScriptedHelpers`.
 */
export class FakeHelpers implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #open = new Set<ScriptedHelper>();
  readonly #serving: Promise<void>;
  readonly #ended = Promise.withResolvers<null>();
  pam: ScriptedPam;
  /** The most connections at once. */
  mostOpen = 0;

  private constructor(path: string, pam: ScriptedPam) {
    this.pam = pam;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serving = this.#accept();
  }

  static start(path: string, pam: ScriptedPam): FakeHelpers {
    return new FakeHelpers(path, pam);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#ended.resolve(null);
    for (const helper of this.#open) helper.close();
    await this.#serving;
  }

  async #accept(): Promise<void> {
    const all: Promise<void>[] = [];
    try {
      for (;;) all.push(this.#serve(new ScriptedHelper(await this.#listener.accept())));
    } catch {
      // The listener was closed.
    }
    await Promise.all(all);
  }

  async #serve(helper: ScriptedHelper): Promise<void> {
    this.#open.add(helper);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    try {
      for (let request; (request = await helper.request()) !== null;) {
        const password = request.kind === "authenticate"
          ? new TextDecoder().decode(request.password.reveal())
          : "";
        const answer = await Promise.race([this.pam(request, password), this.#ended.promise]);
        if (answer === null) break;
        await helper.reply(answer);
      }
    } catch {
      // The service has closed it.
    } finally {
      this.#open.delete(helper);
      helper.close();
    }
  }
}
