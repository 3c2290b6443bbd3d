import { DISK_FAULTS } from "./faults/disk.ts";
import { NETWORK_FAULTS } from "./faults/network.ts";
import { DOOR_FAULTS } from "./faults/door.ts";
import { CLOCK_FAULTS } from "./faults/clock.ts";
import { CONTROL_FAULTS } from "./faults/control.ts";
import { POISON_FAULTS } from "./faults/poison.ts";
import { POSTGRES_FAULTS } from "./faults/postgres.ts";
import { REDIS_FAULTS } from "./faults/redis.ts";
import { SMTP_FAULTS } from "./faults/smtp.ts";
import { TWILIO_FAULTS } from "./faults/twilio.ts";
import { WORKER_FAULTS } from "./faults/worker.ts";
import type { Fault } from "./lab.ts";

/** Every fault that can be brought about, by its number. */
export const FAULTS: readonly Fault[] = [
  ...WORKER_FAULTS,
  ...REDIS_FAULTS,
  ...POSTGRES_FAULTS,
  ...SMTP_FAULTS,
  ...TWILIO_FAULTS,
  ...CLOCK_FAULTS,
  ...CONTROL_FAULTS,
  ...POISON_FAULTS,
  ...DOOR_FAULTS,
  ...DISK_FAULTS,
  ...NETWORK_FAULTS,
].toSorted((a, b) => Number(a.number) - Number(b.number));
