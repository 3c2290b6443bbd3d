import { EngineStatus, statusOf } from "../views/engine.ts";
import { route } from "./route.ts";

export const engineRoutes = [
  route({
    method: "get",
    path: "/v1/status",
    summary: "Show whether anything may be sent, which workers live, and what waits for a person.",
    permission: "wave:read",
    returns: EngineStatus,
    handle: ({ ctx }) => statusOf(ctx.sql),
  }),
];
