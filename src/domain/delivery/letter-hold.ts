/** A letter that must not be printed as it is; `reason` says why and names no value. */
export class LetterHold extends Error {
  override readonly name = "LetterHold";
  readonly reason: string;

  constructor(reason: string) {
    super(`This letter is held: ${reason}.`);
    this.reason = reason;
  }
}
