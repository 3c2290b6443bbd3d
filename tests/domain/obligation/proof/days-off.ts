import type { DaysOff } from "../../../support/due-sql.ts";

/**
 * Weekends and public holidays of the years in which a case counts working days, from the law of
 * each place; no other program was asked.
 */
export const DAYS_OFF: DaysOff = {
  // 5 U.S.C. § 6103(a); on a Sunday the Monday after (E.O. 11582), on a Saturday the Friday before
  // (§ 6103(b)).
  US: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12
      2026-11-11 2026-11-26 2026-12-25
      2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-10-11
      2027-11-11 2027-11-25 2027-12-24
      2027-12-31 2028-01-17 2028-02-21 2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-10-09
      2028-11-10 2028-11-23 2028-12-25
      2029-01-01 2029-01-15 2029-02-19 2029-05-28`),
  },
  // Lei 662/1949 (as amended by Leis 10.607/2002 and 14.759/2023), Lei 6.802/1980.
  BR: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-04-21 2026-05-01 2026-09-07 2026-10-12 2026-11-02 2026-11-15 2026-11-20
      2026-12-25 2027-01-01`),
  },
  // Ley 51 de 1983: most of them on the Monday after.
  CO: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-01-12 2026-03-23 2026-04-02 2026-04-03 2026-05-01 2026-05-18 2026-06-08
      2026-06-15 2026-06-29 2026-07-20 2026-08-07 2026-08-17 2026-10-12 2026-11-02 2026-11-16
      2026-12-08 2026-12-25 2027-01-01`),
  },
  // Código de Trabajo, art. 148.
  CR: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-04-02 2026-04-03 2026-04-11 2026-05-01 2026-07-25 2026-08-02 2026-08-15
      2026-08-31 2026-09-15 2026-12-01 2026-12-25`),
  },
  // Código del Trabajo, art. 65, with the moves of 2016.
  EC: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-02-16 2026-02-17 2026-04-03 2026-05-01 2026-05-25 2026-08-10 2026-10-09
      2026-11-02 2026-11-03 2026-12-25`),
  },
  // Weekend on Friday and Saturday; the cases lie in weeks without a holiday.
  EG: { weekend: [5, 6], holidays: [] },
  // Law 267-II of 13 December 2001: Republic Day, Independence Day.
  KZ: { weekend: [6, 7], holidays: days("2026-10-25 2026-10-26 2026-12-16 2027-01-01") },
  // Of the whole Commonwealth: Good Friday, Easter Monday, Anzac Day (Fair Work Act 2009 s 115).
  AU: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-01-26 2026-04-03 2026-04-06 2026-04-25 2026-12-25 2026-12-26 2026-12-28`),
  },
  // Act on National Holidays (1948) arts. 2 and 3; 29 December to 3 January (Act 91 of 1988).
  JP: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-01-02 2026-01-03 2026-01-12 2026-02-11 2026-02-23 2026-03-20 2026-04-29
      2026-05-03 2026-05-04 2026-05-05 2026-05-06 2026-07-20 2026-08-11 2026-09-21 2026-09-22
      2026-09-23 2026-10-12 2026-11-03 2026-11-23 2026-12-29 2026-12-30 2026-12-31
      2027-01-01 2027-01-02 2027-01-03`),
  },
  // Belgium, for a financial entity there: Law of 4 January 1974 and the decree of 18 April 1974.
  BE: {
    weekend: [6, 7],
    holidays: days(`
      2026-01-01 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-07-21 2026-08-15 2026-11-01
      2026-11-11 2026-12-25`),
  },
  /** A contract's, of no place. */
  XX: { weekend: [6, 7], holidays: [] },
};

function days(lines: string): string[] {
  return lines.trim().split(/\s+/);
}
