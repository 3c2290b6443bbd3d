/**
 * Which rows belong together, given that neighbours do (union by index, path halving). Numbers
 * instead of objects: a million rows take 4 MB.
 */
export function groups(size: number) {
  const parent = Int32Array.from({ length: size }, (_, item) => item);

  function root(item: number): number {
    let at = item;
    for (let up = parent[at] ?? at; up !== at; up = parent[at] ?? at) {
      parent[at] = parent[up] ?? up;
      at = parent[at] ?? at;
    }
    return at;
  }

  return {
    root,
    join(a: number, b: number): void {
      const one = root(a);
      const other = root(b);
      parent[Math.max(one, other)] = Math.min(one, other);
    },
  };
}
