import { run } from "../tests/lab/command.ts";

/** Where figures are from: the machine and the versions of what was measured, as paragraphs. */
export async function describeMachine(
  command: string,
  more: readonly string[] = [],
): Promise<string[]> {
  const { cores, model, memory } = readHardware();
  const lines = [
    `processor: ${model}, ${cores} of them`,
    `memory: ${memory}`,
    `kernel: ${Deno.osRelease()}`,
    `system: ${readSystemName()}`,
    `OpenVPN: ${await firstLine("openvpn", ["--version"])}`,
    `Python: ${await firstLine("/usr/bin/python3", ["--version"])}`,
    `Deno: ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `Debian's packages: ${await packages("openvpn", "libpam-google-authenticator", "libpam0g")}`,
    ...more,
  ];
  return [
    `\`${command}\` measured the figures below, all of them in one run, and wrote them down.`,
    lines.map((line) => `- ${line}`).join("\n"),
  ];
}

/** How many processors this machine has. */
export function coreCount(): number {
  return navigator.hardwareConcurrency;
}

function readHardware(): { cores: number; model: string; memory: string } {
  const model = Deno.readTextFileSync("/proc/cpuinfo").match(/^model name\s*: (.*)$/m)?.[1];
  const gib = Deno.systemMemoryInfo().total / 2 ** 30;
  return { cores: coreCount(), model: model ?? "unknown", memory: `${gib.toFixed(1)} GiB` };
}

function readSystemName(): string {
  return Deno.readTextFileSync("/etc/os-release").match(/^PRETTY_NAME="(.*)"$/m)?.[1] ?? "unknown";
}

async function firstLine(command: string, args: string[]): Promise<string> {
  return (await run(command, args)).stdout.split("\n")[0]!;
}

async function packages(...names: string[]): Promise<string> {
  const { stdout } = await run("dpkg-query", ["-W", "-f", "${Package} ${Version}\n", ...names]);
  return stdout.trim().split("\n").join(", ");
}
