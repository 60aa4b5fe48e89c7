/** How long a download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 180_000;

/** Runs this Deno, quietly; it may have to download something. */
export function denoCommand(cwd: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
  }).output();
}
