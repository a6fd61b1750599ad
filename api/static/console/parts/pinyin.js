// Finding a name by the initials of its pinyin: "zjj" for 住建局. The browser sorts Chinese by pinyin,
// so the initial of a character follows from where it falls among the first characters of each letter.

const LETTERS = "abcdefghjklmnopqrstwxyz";
const FIRST = [..."阿八嚓哒妸发旮哈讥咔垃痳拏噢妑七呥扨它哇夕丫匝"];
// Characters of departments and domains with a second reading, or one that sorting does not know.
const READINGS = {
  长: "cz", 行: "hx", 重: "zc", 调: "dt", 乐: "ly", 降: "jx", 率: "ls", 藏: "cz", 单: "ds", 解: "jx", 校: "jx",
  会: "hk", 厦: "sx", 朝: "cz", 弹: "dt", 给: "gj", 系: "xj", 种: "zc", 传: "cz", 便: "bp", 车: "cj", 识: "sz",
  参: "cs", 查: "cz", 提: "td", 石: "sd", 畜: "xc", 曾: "cz", 都: "d", 区: "q", 和: "h", 还: "hh", 薄: "b", 屏: "bp",
};
const order = new Intl.Collator("zh-CN-u-co-pinyin");

function initials(character) {
  if (READINGS[character]) return READINGS[character];
  if (!/\p{Script=Han}/u.test(character)) return character.toLowerCase();
  let at = FIRST.length - 1;
  while (at > 0 && order.compare(character, FIRST[at]) < 0) at -= 1;
  return LETTERS[at];
}

const known = new Map();
const initialsOf = (character) => {
  if (!known.has(character)) known.set(character, initials(character));
  return known.get(character);
};

// How well what was typed finds the name: 3 it begins so, 2 it holds it, 1 by initials, 0 not at all.
export function match(name, typed) {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return 1;
  const low = name.toLowerCase();
  if (low.startsWith(wanted)) return 3;
  if (low.includes(wanted)) return 2;
  return /^[a-z0-9]+$/.test(wanted) && holdsInitials([...name], wanted) ? 1 : 0;
}

function holdsInitials(characters, wanted) {
  for (let start = 0; start + wanted.length <= characters.length; start += 1) {
    if ([...wanted].every((letter, at) => initialsOf(characters[start + at]).includes(letter))) return true;
  }
  return false;
}

// The best `most` of `items` by their names, the better match first, else in their order.
export function find(items, typed, nameOf, most = 60) {
  const found = items.map((item) => [match(nameOf(item), typed), item]).filter(([score]) => score);
  return found.sort((a, b) => b[0] - a[0]).slice(0, most).map(([, item]) => item);
}
