// Finding things by what is typed of their names: the name itself, its pinyin (zhujianju), or the
// initials of it (zjj), as the server spells them.

// How well what was typed finds the item: 6 its name begins so, 5 its name holds it, 4 its initials
// are just this, 3 its initials or pinyin begin so, 2 its initials hold it, 1 what stands around its
// name holds it, 0 not at all.
export function match(item, typed, pathOf) {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return 1;
  const name = item.name.toLowerCase();
  if (name.startsWith(wanted)) return 6;
  if (name.includes(wanted)) return 5;
  if (item.initials === wanted) return 4;
  if (item.initials?.startsWith(wanted) || item.pinyin?.startsWith(wanted)) return 3;
  if (item.initials?.includes(wanted)) return 2;
  return pathOf?.(item).toLowerCase().includes(wanted) ? 1 : 0;
}

// The best `most` of the items, the better match first, else in their order.
export function find(items, typed, { pathOf, most = 60 } = {}) {
  const found = items.map((item) => [match(item, typed, pathOf), item]).filter(([score]) => score);
  return found.sort((a, b) => b[0] - a[0]).slice(0, most).map(([, item]) => item);
}
