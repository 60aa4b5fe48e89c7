/** The result of a finished command. */
export interface Output {
  status: number;
  stdout: string;
  stderr: string;
}

/** How {@link run} starts a command. */
export interface RunOptions {
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  /** Whether the command gets no variables but `env`. */
  clearEnv?: boolean;
  cwd?: string;
  /**
   * Runs it as another user, in the root directory, because that user may not enter this process's.
   */
  uid?: number;
}

/** Runs a command to its end. If a signal ends it, the status is 128 plus the signal's number. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Output> {
  const { stdin, ...others } = options;
  const rest = { ...others.uid === undefined ? {} : { cwd: "/" }, ...others };
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...rest,
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
    await writer.write(bytes);
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return {
    status: code,
    stdout: text.decode(stdout),
    stderr: text.decode(stderr),
  };
}

/** Runs a command that must succeed, and returns its standard output. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`,
    );
  }
  return stdout;
}
