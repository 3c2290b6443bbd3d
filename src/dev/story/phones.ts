import { DELIVERED, isFault, usual } from "../twilio-script.ts";
import type { Script, Step } from "../twilio-script.ts";

/**
 * How the demo's SMS provider behaves: as usual, but its reports of some numbers come three times
 * over, and those of others the last one first.
 */
export const asInTheField: Script = (request) => {
  const behaviour = usual(request);
  if (isFault(behaviour)) return behaviour;
  const steps = behaviour.steps ?? DELIVERED.steps ?? [];
  const last = Number(request.to.at(-1));
  const thrice = (step: Step) => ({ ...step, copies: 3 });
  if (last === 3) return { steps: steps.map(thrice) };
  return last === 5 ? { steps: steps.toReversed() } : { steps };
};
