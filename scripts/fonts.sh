#!/bin/sh
# Makes templates/fonts anew: subsets of Noto Sans and Noto Sans SC for letters. See
# templates/fonts/README.md. Needs npm, fonttools (pyftsubset) and Debian's unicode-data.
set -eu
fonts="$(cd "$(dirname "$0")/.." && pwd)/templates/fonts"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent @expo-google-fonts/noto-sans@0.4.2 @expo-google-fonts/noto-sans-sc@0.4.3
for each in *.tgz; do mkdir "${each%.tgz}" && tar -xzf "$each" -C "${each%.tgz}"; done

# Latin with all of Vietnamese, Greek, Cyrillic, punctuation, currencies.
LATIN="U+0020-007E,U+00A0-024F,U+02B0-02DF,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF"
SIGNS="U+2010-2027,U+2030-205E,U+2070-209C,U+20A0-20C0,U+2100-2122,U+2190-2193,U+2212"
for weight in 400Regular 700Bold; do
  pyftsubset expo-google-fonts-noto-sans-0*/package/$weight/NotoSans_$weight.ttf \
    --unicodes="$LATIN,$SIGNS" --layout-features=kern,mark,mkmk,ccmp --no-hinting \
    --name-IDs=0,1,2,4,6,13,14 --output-file="$fonts/NotoSans-${weight#?00}.ttf"
done

# GB 2312 and the 8,105 characters of the Table of General Standard Chinese Characters (2013),
# which has those of rarer names. Letters of other scripts in GB 2312 come from Noto Sans.
/usr/bin/python3 - > han.txt <<'END'
import bz2, glob

wanted = set()
for high in range(0xA1, 0xF8):
    for low in range(0xA1, 0xFF):
        try:
            wanted.add(ord(bytes([high, low]).decode("gb2312")))
        except UnicodeDecodeError:
            pass
for path in glob.glob("/usr/share/unicode/Unihan_*.txt.bz2"):
    for line in bz2.open(path, "rt", encoding="utf-8"):
        cells = line.split("\t")
        if len(cells) > 1 and cells[1] == "kTGH":
            wanted.add(int(cells[0][2:], 16))
wanted = {c for c in wanted if not 0x80 <= c <= 0x5FF} | {0x2018, 0x2019, 0x201C, 0x201D, 0x2026}
print("\n".join("%X" % c for c in sorted(wanted)))
END
pyftsubset expo-google-fonts-noto-sans-sc-*/package/400Regular/NotoSansSC_400Regular.ttf \
  --unicodes-file=han.txt --layout-features= --no-hinting \
  --name-IDs=0,1,2,4,6,13,14 --output-file="$fonts/NotoSansSC-Regular.ttf"
cp expo-google-fonts-noto-sans-sc-*/package/LICENSE_FONT "$fonts/OFL.txt"
