import { wayIn } from "../../lab/way_in.ts";

// The same answers as to the scripts, with a real OpenVPN that asks the service.
wayIn.isService = true;
await import("../answers_test.ts");
await import("../common_name_test.ts");
await import("../lockout_test.ts");
await import("../renegotiation_external_auth_test.ts");
await import("../renegotiation_token_test.ts");
await import("../token_secret_test.ts");
