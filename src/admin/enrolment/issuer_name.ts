import { checkSetting, SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";

/**
 * The name that authenticator apps show: that of `--issuer`, otherwise of `totpIssuerName`,
 * otherwise the default.
 *
 * @throws Failure `usage`, `bad_setting`
 */
export function issuerName({ read }: AdminContext, option: string | undefined): string {
  const { issuerName } = SETTINGS;
  return option === undefined
    ? checkSetting(issuerName, issuerName.name, read(issuerName.name))
    : checkSetting(issuerName, "--issuer", option);
}
