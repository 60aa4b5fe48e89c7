import type { Settings } from "../../settings.ts";
import { authPlugin, isPamPlugin } from "../configuration/auth_plugin.ts";
import type { Config } from "../openvpn_config/directive.ts";
import { readPamStack, type StackEntry } from "../pam_stack/read_pam_stack.ts";
import { readRegularFile } from "../../system/read_regular_file.ts";
import type { PamStackFacts, SetUp } from "./set_up.ts";

/** More bytes than a file of PAM's configuration has. */
const MAX_PAM_BYTES = 64 * 1024;

const SHADOW = "/etc/shadow";
const MAX_SHADOW_BYTES = 16 * 1024 * 1024;

/** Reads the rules of the service that the program or OpenVPN's plugin uses; null if none does. */
export function pamStackOf(
  config: Config,
  { primaryAuth }: Settings,
  pam: SetUp["pam"],
): PamStackFacts | null {
  if (primaryAuth === "pam") {
    // The program has PAM refuse empty passwords, whatever the rules say.
    return pam?.service == null ? null : factsOf(pam.service, true, () => []);
  }
  const plugin = authPlugin(config);
  if (plugin === null || !isPamPlugin(plugin)) return null;
  const words = plugin.words.slice(1).flatMap((word) => word.split(/\s+/));
  const [service] = words;
  if (service === undefined) return null;
  return factsOf(service, !words.includes("OTP"), accountsWithoutPassword);
}

function factsOf(
  service: string,
  isGivenPasswordOnly: boolean,
  withoutPassword: () => string[],
): PamStackFacts {
  const read = (path: string) => readRegularFile(path, MAX_PAM_BYTES).content;
  const auth = readPamStack(service, "auth", read);
  return {
    service,
    auth,
    account: readPamStack(service, "account", read),
    isGivenPasswordOnly,
    withoutPassword: auth.entries.some(allowsEmpty) ? withoutPassword() : [],
  };
}

/** `nullok`, and its older form `nullok_secure` (pam_unix(8)). */
function allowsEmpty({ module, args }: StackEntry): boolean {
  return module !== null && /^pam_unix/.test(module) &&
    args.some((arg) => arg.startsWith("nullok"));
}

/** Names in /etc/shadow whose password is empty (shadow(5)); empty if it cannot be read. */
function accountsWithoutPassword(): string[] {
  try {
    const text = new TextDecoder().decode(readRegularFile(SHADOW, MAX_SHADOW_BYTES).content);
    return [...text.matchAll(/^([^:\n]+)::/gm)].map(([, name]) => name!);
  } catch {
    return [];
  }
}
