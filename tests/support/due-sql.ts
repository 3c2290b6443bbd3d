import postgres from "postgres";

/*
 * When a clock runs out, reckoned a second time: by PostgreSQL, from a table of days and with its
 * own zones. It shares no code with the product and reads none of its data.
 */

/** One clock: from a day or an instant, so many of something. */
export interface SqlClock {
  /** Several of one name: the earliest counts. */
  readonly id: string;
  readonly zone: string;
  readonly calendar: string;
  /** `YYYY-MM-DD`, where only the day is known. */
  readonly day: string | null;
  readonly at: Date | null;
  readonly unit: "hours" | "days" | "business-days" | "months" | "year-day";
  /** Of a year-day: month × 100 + day. */
  readonly amount: number;
  readonly dayOne: boolean;
  readonly fromYearEnd: boolean;
  /** `same` or `HH:MM`: moves to the next working day, at the same or at that time. */
  readonly roll: string | null;
}

/** Days off: `US` → its weekend (ISO weekdays) and the holidays of the years that are used. */
export type DaysOff = Readonly<
  Record<string, { readonly weekend: readonly number[]; readonly holidays: readonly string[] }>
>;

/** Where each clock runs out. */
export async function dueBySql(
  url: string,
  clocks: readonly SqlClock[],
  daysOff: DaysOff,
): Promise<ReadonlyMap<string, Date>> {
  const sql = postgres(url, { max: 1 });
  const places = Object.entries(daysOff);
  const weekends = places.map(([calendar, { weekend }]) => ({ calendar, weekend }));
  const holidays = places.flatMap(([calendar, each]) =>
    each.holidays.map((day) => ({ calendar, day })),
  );
  try {
    const given = [clocks, weekends, holidays].map((rows) => JSON.stringify(rows));
    const rows = await sql.unsafe<{ id: string; due: Date }[]>(QUERY, given);
    return new Map(rows.map(({ id, due }) => [id, due]));
  } finally {
    await sql.end();
  }
}

/** `worked` numbers the working days, so that the n-th one after a day is a matter of looking up. */
const QUERY = `
  with given as (
    select row_number() over () as n, g.*
    from jsonb_to_recordset($1::text::jsonb) as g(
      id text, zone text, calendar text, day date, at timestamptz, unit text, amount int,
      "dayOne" boolean, "fromYearEnd" boolean, roll text)),
  weekend as (
    select * from jsonb_to_recordset($2::text::jsonb)
      as w(calendar text, weekend jsonb)),
  holiday as (
    select * from jsonb_to_recordset($3::text::jsonb) as h(calendar text, day date)),
  calendar as (
    select calendar, day, works,
      count(*) filter (where works) over (partition by calendar order by day) as worked
    from (
      select w.calendar, d::date as day,
        not w.weekend @> to_jsonb(extract(isodow from d)::int) and not exists (
          select from holiday h where h.calendar = w.calendar and h.day = d::date) as works
      from weekend w, generate_series('2026-01-01'::date, '2030-12-31', '1 day') d) days),
  started as (
    select g.*,
      coalesce(day, (at at time zone zone)::date) as first_day,
      coalesce(at at time zone zone, day::timestamp) as wall
    from given g),
  counted as (
    select s.*,
      case when "fromYearEnd" then make_date(extract(year from first_day)::int, 12, 31)
           when "dayOne" then first_day - 1
           else first_day end as zero
    from started s),
  ended as (
    select c.n, c.id, c.zone, c.calendar, c.roll,
      case c.unit
        when 'hours' then
          coalesce(at, first_day::timestamp at time zone zone) + make_interval(hours => amount)
      end as instant,
      case c.unit
        when 'days' then zero + amount + time '23:59:59'
        when 'business-days' then (
          select min(k.day) from calendar k
          where k.calendar = c.calendar and k.works and k.worked = amount + (
            select z.worked from calendar z where z.calendar = c.calendar and z.day = zero)
          ) + time '23:59:59'
        when 'months' then
          case when at is null or "fromYearEnd"
                 or extract(day from wall + make_interval(months => amount)) <> extract(day from wall)
               then (zero + make_interval(months => amount))::date + time '23:59:59'
               else wall + make_interval(months => amount) end
        when 'year-day' then
          make_date(extract(year from first_day)::int + 1, amount / 100, amount % 100)
            + time '23:59:59'
      end as until
    from counted c),
  told as (select e.*, coalesce(until, instant at time zone zone) as shows from ended e),
  rolled as (
    select t.*, (
      select min(k.day) from calendar k
      where k.calendar = t.calendar and k.works and k.day >= t.shows::date) as working
    from told t),
  moved as (
    select r.*,
      case when roll is null or working = shows::date then until
           when roll = 'same' then working + shows::time
           else working + roll::time end as finally
    from rolled r),
  -- A wall clock shows a time twice, or never: the first minute at which it shows that or later.
  minutes as (
    select m.n, min(u) as at
    from moved m, lateral (
      select (m.finally at time zone m.zone) + make_interval(mins => k) as u
      from generate_series(-180, 180) k) near
    where m.finally is not null and (u at time zone m.zone) >= m.finally
    group by m.n)
  select m.id, min(coalesce(minutes.at, m.instant)) as due
  from moved m left join minutes using (n)
  group by m.id`;
