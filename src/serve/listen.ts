import { Failure } from "../core/failure.ts";
import { type SocketAddress, socketText } from "../service_options.ts";
import { followTrusted, lstat } from "../system/trusted_path.ts";
import { messageOf } from "../text/message_of.ts";
import { quoted } from "../text/printable.ts";

/** A socket of ours, with its file. */
export interface ListeningSocket {
  /** @throws Deno.errors.* once it is closed */
  accept(): Promise<Deno.Conn>;
  /** Stops listening, and removes the socket's file. */
  close(): void;
}

/**
 * Listens on a socket. The file of a socket that nobody listens on any more is replaced.
 *
 * @param mode of a unix socket's file: who may write to it may connect
 * @throws Failure `file_error` where something else has the address; `untrusted_path`
 */
export async function listenOn(address: SocketAddress, mode: number): Promise<ListeningSocket> {
  try {
    if (address.transport === "tcp") return Deno.listen(address);
    const { path, info } = followTrusted(address.path);
    if (info !== null) await removeStale(path, info);
    return listenOnFile(path, mode);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const advice = error instanceof Deno.errors.AddrInUse
      ? "another program listens there: stop it, or choose another address"
      : adviceFor(error);
    throw new Failure(
      "file_error",
      `cannot listen on ${quoted(socketText(address))}: ${advice}`,
    );
  }
}

function adviceFor(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its directory doesn't exist: create it";
  if (error instanceof Deno.errors.PermissionDenied) {
    return `uid ${Deno.uid()} may not create a file there: change the directory's owner, or choose ` +
      "another path";
  }
  return messageOf(error);
}

/** Removes what an earlier run has left, which nobody answers on. */
async function removeStale(path: string, { isSocket }: Deno.FileInfo): Promise<void> {
  if (!isSocket) {
    throw new Failure(
      "file_error",
      `cannot listen on ${quoted(path)}: a file that is no socket is there and was left alone; ` +
        "choose another path, or remove the file",
    );
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    Deno.removeSync(path);
    return;
  }
  throw new Failure(
    "file_error",
    `cannot listen on ${
      quoted(path)
    }: another program listens there: stop it, or choose another path`,
  );
}

function listenOnFile(path: string, mode: number): ListeningSocket {
  const listener = Deno.listen({ transport: "unix", path });
  try {
    Deno.chmodSync(path, mode);
    const { dev, ino } = Deno.lstatSync(path);
    return {
      accept: () => listener.accept(),
      close() {
        listener.close();
        removeSame(path, { dev, ino });
      },
    };
  } catch (error) {
    listener.close();
    Deno.removeSync(path);
    throw error;
  }
}

/** Removes our file, unless another service has put its own in its place. */
function removeSame(path: string, { dev, ino }: Pick<Deno.FileInfo, "dev" | "ino">): void {
  try {
    const now = lstat(path);
    if (now?.dev === dev && now.ino === ino) Deno.removeSync(path);
  } catch {
    // The next start replaces a file that can't be removed now.
  }
}
