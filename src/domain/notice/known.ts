/**
 * People known by keyed hashes, each by one or more, and found again by any of them. Made for a
 * known number of people and keys: 20 bytes a slot, outside the heap, so that a million people take
 * about 100 MB and no time of the garbage collector.
 *
 * People who share a key are one: they are given one number, that of the first of them.
 */
export interface Known {
  /** Let the next person be known by these hashes of 16 bytes or more; answers their number. */
  add(hashes: readonly Buffer[]): number;
  /** The numbers of all who are known by one of these hashes. */
  find(hashes: readonly Buffer[]): number[];
  /** The number of the person who was added as the n-th, which others may have joined since. */
  numberOf(n: number): number;
}

/** Nobody yet. Refuses more people or keys than it was made for. */
export function createKnown(people: number, keysEach: number): Known {
  const slots = 2 ** Math.ceil(Math.log2((people * keysEach + 1) / LOAD_MAX));
  const words = new Uint32Array(slots * WORDS);
  /** Whose hash is in a slot, counted from 1. */
  const owners = new Uint32Array(slots);
  /** A person with whom somebody is one; themselves where there is none. */
  const joined = new Uint32Array(people);
  let [added, used] = [0, 0];

  /** The slot of a hash, or the free one where it belongs. Keyed hashes are spread evenly as they are. */
  function slotOf(hash: Buffer): number {
    let slot = hash.readUInt32LE() % slots;
    while (owners[slot] !== 0 && !isAt(slot, hash)) slot = (slot + 1) % slots;
    return slot;
  }
  function isAt(slot: number, hash: Buffer): boolean {
    for (let i = 0; i < WORDS; i += 1)
      if (words[slot * WORDS + i] !== hash.readUInt32LE(i * 4)) return false;
    return true;
  }
  function numberOf(n: number): number {
    let number = n;
    while (joined[number] !== number) number = joined[number] ?? number;
    return number;
  }

  return {
    numberOf,
    add(hashes) {
      if (added >= people || used + hashes.length > people * keysEach)
        throw new Error("There are more people than this was made for.");
      const own = added;
      added += 1;
      joined[own] = own;
      for (const hash of hashes) {
        const slot = slotOf(hash);
        const owner = owners[slot] ?? 0;
        if (owner !== 0) {
          const [one, other] = [numberOf(owner - 1), numberOf(own)];
          joined[Math.max(one, other)] = Math.min(one, other);
          continue;
        }
        owners[slot] = own + 1;
        used += 1;
        for (let i = 0; i < WORDS; i += 1) words[slot * WORDS + i] = hash.readUInt32LE(i * 4);
      }
      return numberOf(own);
    },
    find(hashes) {
      const found = hashes.flatMap((hash) => {
        const owner = owners[slotOf(hash)] ?? 0;
        return owner === 0 ? [] : [numberOf(owner - 1)];
      });
      return found.length > 1 ? [...new Set(found)] : found;
    },
  };
}

/** 128 bits: two people are never taken for one by chance. */
const WORDS = 4;
/** Fuller, and looking for a free slot takes long. */
const LOAD_MAX = 0.75;
