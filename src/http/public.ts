import type { Router } from "express";

import type { Context } from "../context.ts";
import { checkPage } from "./public.routes.ts";

/** Every page of the public door, each a function of the context. They ask for no token. */
export const PUBLIC_PAGES: readonly ((ctx: Context) => Router)[] = [checkPage];
