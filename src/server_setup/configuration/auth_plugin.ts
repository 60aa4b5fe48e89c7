import { type Config, type Directive, directivesNamed } from "../openvpn_config/directive.ts";

/** The `plugin` that may check passwords: OpenVPN's own for PAM if it is there; null if none is. */
export function authPlugin(config: Config): Directive | null {
  // OpenVPN's other plugin, down-root, only runs scripts as root.
  const plugins = directivesNamed(config, "plugin")
    .filter(({ words }) => !/down-root[^/]*$/.test(words[0] ?? ""));
  return plugins.findLast(isPamPlugin) ?? plugins.at(-1) ?? null;
}

/** Says whether a plugin is OpenVPN's own for PAM. */
export function isPamPlugin({ words }: Directive): boolean {
  return words[0]?.includes("auth-pam") ?? false;
}
