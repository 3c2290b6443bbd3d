import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { turns } from "../../src/domain/wave/turns.ts";
import type { Room } from "../../src/domain/wave/turns.ts";

interface Given {
  readonly name: string;
  readonly incidentId: string;
  readonly priority: number;
  readonly deadline: Date | null;
  readonly rows: number;
}

const SOON = new Date("2026-03-02T12:00:00Z");

function wave(name: string, incidentId: string, rows: number, given: Partial<Given> = {}): Given {
  return { name, incidentId, priority: 100, deadline: null, rows, ...given };
}

/** Give the room out until nobody has more; answers who got how much, in turns. */
function shared(waves: readonly Given[], room: Room) {
  const left = new Map(waves.map(({ name, rows }) => [name, rows]));
  const given: { name: string; rows: number; front: boolean }[] = [];
  const sharing = turns(waves, room);
  for (let turn = sharing.next(); !turn.done;) {
    const { wave: one, rowsMax, front } = turn.value;
    const rows = Math.min(rowsMax, left.get(one.name) ?? 0);
    left.set(one.name, (left.get(one.name) ?? 0) - rows);
    if (rows > 0) given.push({ name: one.name, rows, front });
    turn = sharing.next(rows);
  }
  const sums = Map.groupBy(given, ({ name }) => name);
  const totals = [...sums].map(([name, all]) => [name, all.reduce((sum, e) => sum + e.rows, 0)]);
  return { given, totals: Object.fromEntries(totals) as Record<string, number> };
}

const waitingOf = (incidentId: string, rows: number, priority = 100) => ({
  incidentId,
  rows,
  priority,
});

describe("turns", () => {
  test("a wave alone takes the whole room at once", () => {
    const { given } = shared([wave("a", "A", 1_000_000)], { most: 20_000, waiting: [] });
    expect(given).toEqual([
      { name: "a", rows: 500, front: true },
      { name: "a", rows: 19_500, front: false },
    ]);
  });

  test("two incidents share evenly, and in turns; the first of each goes to the front", () => {
    const waves = [wave("a", "A", 10_000), wave("b", "B", 10_000)];
    const { given, totals } = shared(waves, { most: 3_000, waiting: [] });
    expect(totals).toEqual({ a: 1_500, b: 1_500 });
    expect(given.slice(0, 4).map(({ name, rows, front }) => [name, rows, front])).toEqual([
      ["a", 500, true],
      ["b", 500, true],
      ["a", 500, false],
      ["b", 500, false],
    ]);
  });

  test("one that comes later has its share though another has filled the room", () => {
    const waves = [wave("a", "A", 1_000_000), wave("b", "B", 100_000)];
    const room = { most: 20_000, waiting: [waitingOf("A", 20_000)] };
    const { given, totals } = shared(waves, room);
    expect(totals).toEqual({ b: 10_000 });
    expect(given[0]).toEqual({ name: "b", rows: 500, front: true });
    const next = { most: 20_000, waiting: [waitingOf("A", 20_000), waitingOf("B", 10_000)] };
    expect(shared(waves, next).totals).toEqual({});
  });

  test("what one does not need the others have", () => {
    const waves = [wave("a", "A", 30), wave("b", "B", 100_000), wave("c", "C", 0)];
    expect(shared(waves, { most: 3_000, waiting: [] }).totals).toEqual({ a: 30, b: 2_970 });
  });

  test("an urgent wave goes first, and what waits of others takes none of its room", () => {
    const waves = [wave("now", "B", 100, { priority: 10 }), wave("a", "A", 1_000_000)];
    const { given } = shared(waves, { most: 20_000, waiting: [waitingOf("A", 19_990)] });
    expect(given.map(({ name, rows }) => [name, rows])).toEqual([["now", 100]]);
    const urgent = [waitingOf("B", 20_000, 10), waitingOf("A", 500)];
    expect(shared(waves, { most: 20_000, waiting: urgent }).totals).toEqual({});
  });

  test("deadlines come first, with longer turns and a larger share", () => {
    const waves = [wave("soon", "B", 10_000, { deadline: SOON }), wave("a", "A", 10_000)];
    const { given, totals } = shared(waves, { most: 5_000, waiting: [] });
    expect(totals).toEqual({ soon: 4_000, a: 1_000 });
    expect(given.slice(0, 3).map(({ name, rows }) => [name, rows])).toEqual([
      ["soon", 2_000],
      ["a", 500],
      ["soon", 2_000],
    ]);
  });

  test("waves of one incident follow each other", () => {
    const waves = [wave("first", "A", 700), wave("second", "A", 700), wave("b", "B", 5_000)];
    const { totals } = shared(waves, { most: 2_000, waiting: [] });
    expect(totals).toEqual({ first: 700, second: 300, b: 1_000 });
  });

  test("always end, keep within the room, and leave nobody with rows and an open share out", () => {
    const some = fc.record({
      incident: fc.constantFrom("A", "B", "C", "D"),
      priority: fc.constantFrom(10, 100, 200),
      rows: fc.integer({ min: 0, max: 30_000 }),
      pressing: fc.boolean(),
    });
    const room = fc.record({ most: fc.integer({ min: 0, max: 20_000 }), before: fc.array(some) });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), room, (all, { most, before }) => {
        const waves = all
          .map((each, i) =>
            wave(String(i), each.incident, each.rows, {
              priority: each.priority,
              deadline: each.pressing ? SOON : null,
            }),
          )
          .toSorted((a, b) => a.priority - b.priority);
        const waiting = before.map((each) => waitingOf(each.incident, each.rows, each.priority));
        const { totals } = shared(waves, { most, waiting });
        for (const priority of [10, 100, 200]) {
          const own = waves.filter((each) => each.priority === priority);
          const got = own.reduce((sum, { name }) => sum + (totals[name] ?? 0), 0);
          expect(got).toBeLessThanOrEqual(most);
          const incidents = new Set(own.map(({ incidentId }) => incidentId));
          const above = waves.filter((each) => each.priority < priority);
          const taken = above.reduce((sum, { name }) => sum + (totals[name] ?? 0), 0);
          const held = waiting
            .filter((each) => each.priority < priority)
            .reduce((sum, { rows }) => sum + rows, 0);
          const pressing = (id: string) =>
            own.find(({ incidentId }) => incidentId === id)?.deadline ? 4 : 1;
          const whole = [...incidents].reduce((sum, id) => sum + pressing(id), 0);
          for (const id of incidents) {
            const mine = own.filter(({ incidentId }) => incidentId === id);
            const share = Math.floor(((most - taken - held) * pressing(id)) / whole);
            const has = mine.reduce((sum, { name }) => sum + (totals[name] ?? 0), 0);
            const wants = mine.reduce((sum, { rows }) => sum + rows, 0);
            const waits = waiting
              .filter((each) => each.incidentId === id && each.priority === priority)
              .reduce((sum, { rows }) => sum + rows, 0);
            expect(has).toBeGreaterThanOrEqual(Math.min(wants, share - waits));
          }
        }
      }),
    );
  });
});
