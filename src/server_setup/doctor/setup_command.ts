import { shellWord } from "../../text/shell_word.ts";
import type { LineFacts } from "./set_up.ts";

/** The command that sets a server up in the way that it has already, for hooks or for the service. */
export function setupCommand(
  { configPath, serviceSettings }: Pick<LineFacts, "configPath" | "serviceSettings">,
): string {
  const mode = serviceSettings === null ? "" : "--serve ";
  return `openvpn-totp setup ${mode}--config ${shellWord(configPath)}`;
}
