/** How long a download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 180_000;

/** Runs this Deno, which may have to download something, and shall not be led to a base binary. */
export function denoCommand(cwd: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  // Deno takes an empty one for a path.
  const { DENORT_BIN: _, ...environment } = Deno.env.toObject();
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    clearEnv: true,
    env: { ...environment, NO_COLOR: "1" },
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
  }).output();
}
