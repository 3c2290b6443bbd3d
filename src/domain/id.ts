import { z } from "zod";

/**
 * An id as a caller may write it. PostgreSQL takes a UUID in either case, but sealed rows are
 * bound to its lower-case spelling: another spelling of the same id would seal what nobody opens.
 */
export const Id = z.uuid().toLowerCase();
