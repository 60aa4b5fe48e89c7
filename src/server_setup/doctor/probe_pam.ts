import { choosePamService } from "../../pam/choose_pam_service.ts";
import { PamService } from "../../pam/pam_service.ts";
import type { Settings } from "../../settings.ts";
import { messageOf } from "../../text/message_of.ts";
import type { SetUp } from "./set_up.ts";

/** Starts PAM as a login would, but asks it about nobody. */
export function probePam(settings: Settings): NonNullable<SetUp["pam"]> {
  let service: string;
  try {
    service = choosePamService(settings.pamService);
  } catch (error) {
    return { service: null, serviceTrouble: messageOf(error), startTrouble: null };
  }
  return { service, serviceTrouble: null, startTrouble: startTroubleOf(service, settings) };
}

function startTroubleOf(service: string, { pamTimeoutSeconds }: Settings): string | null {
  try {
    const status = new PamService(service, pamTimeoutSeconds).probe();
    return status === null ? null : `pam_start returns ${status} for the service ${service}`;
  } catch (error) {
    return messageOf(error);
  }
}
