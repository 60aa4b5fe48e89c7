import type { ConfigError, Place } from "./directive.ts";

/** Ends the reading where an error would end OpenVPN. */
export class ConfigStop extends Error {
  readonly place: ConfigError;

  constructor({ file, line }: Place, message: string) {
    super(message);
    this.place = { file, line, message };
  }
}
