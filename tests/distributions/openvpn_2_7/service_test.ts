import { wayIn } from "../../lab/way_in.ts";

// The same logins as by the scripts, with a real OpenVPN that asks the service.
wayIn.isService = true;
await import("./logins_test.ts");
