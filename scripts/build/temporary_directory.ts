import { ignoreMissing } from "../ignore_missing.ts";

/** The signals by which people and systems end a task, and what a shell adds 128 to. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const LISTENERS = Object.entries(SIGNALS).map(([signal, number]) =>
  [signal as keyof typeof SIGNALS, () => endBy(number)] as const
);

/** What is there now. */
const made = new Set<string>();

/** A directory that is removed when it is disposed of. */
export interface TemporaryDirectory extends AsyncDisposable {
  path: string;
}

/** Makes a directory for a while; a signal that ends this process removes it, too. */
export async function makeTemporaryDirectory(
  options: Deno.MakeTempOptions,
): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir(options);
  made.add(path);
  for (const [signal, listener] of LISTENERS) Deno.addSignalListener(signal, listener);
  return {
    path,
    async [Symbol.asyncDispose]() {
      // It may have been moved to where it is to stay.
      await Deno.remove(path, { recursive: true }).catch(ignoreMissing);
      made.delete(path);
      if (made.size > 0) return;
      for (const [signal, listener] of LISTENERS) Deno.removeSignalListener(signal, listener);
    },
  };
}

function endBy(number: number): never {
  childrenOf(Deno.pid).forEach(endAtOnce);
  for (const path of made) {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch {
      // The others are to be removed all the same.
    }
  }
  Deno.exit(128 + number);
}

/** The processes that a process has started, and that nobody has waited for. */
function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter(Boolean)
  ).map(Number);
}

/** Ends a process and all that it has started, which could go on making files. */
function endAtOnce(pid: number): void {
  try {
    // Meanwhile it starts no others.
    Deno.kill(pid, "SIGSTOP");
    childrenOf(pid).forEach(endAtOnce);
    Deno.kill(pid, "SIGKILL");
    // One that has ended has no command line, even if nobody has waited for it yet.
    while (Deno.readTextFileSync(`/proc/${pid}/cmdline`) !== "");
  } catch {
    // It is gone.
  }
}
