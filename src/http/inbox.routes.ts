import { z } from "zod";

import { InboxItem, inbox } from "../views/inbox.ts";
import { route } from "./route.ts";

export const inboxRoutes = [
  route({
    method: "get",
    path: "/v1/inbox",
    summary: "List what waits for you, over all incidents; what is due first comes first.",
    permission: "self:write",
    returns: z.object({ items: z.array(InboxItem) }),
    handle: async ({ ctx, actor }) => ({ items: await inbox(ctx.sql, actor, ctx.now()) }),
  }),
];
