#!/usr/bin/env bash
# Opens pages of html_report() in headless Chromium and checks what is drawn, at two widths, in light
# and in dark, and on paper.
#
#     tests/pages/check_pages.sh FOLDER       (the pages that make_pages wrote)
#
# Takes Chromium and pdfinfo (Debian: chromium, poppler-utils).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$1" && pwd)

browser() {  # no sandbox: containers have no user namespaces
  timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" \
    --enable-logging=stderr --force-device-scale-factor=1 "$@" 2>"$folder/log"
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The page in two frames, and a script beside them that looks into them.
framed() {
  local escaped
  escaped=$(sed 's/&/\&amp;/g; s/"/\&quot;/g' "$1")
  printf '<!DOCTYPE html><meta charset="utf-8"><body>\n'
  printf '<iframe width="%d" height="900" srcdoc="%s"></iframe>\n' 1000 "$escaped" 320 "$escaped"
  printf '<pre></pre><script>\n'
  cat "$here/look.js"
  printf '</script>\n'
}

for page in plain names many image; do
  schemes="light dark"
  [ $page != plain ] || schemes=light
  for scheme in $schemes; do
    framed "$folder/$page.html" >"$folder/framed.html"
    browser $([ $scheme = light ] || echo --blink-settings=preferredColorScheme=0) \
      --window-size=1100,2000 --dump-dom "file://$folder/framed.html" >"$folder/dom" ||
      fail "$page: Chromium failed: $(tail -3 "$folder/log")"
    grep -q CONSOLE "$folder/log" && fail "$page: $(grep CONSOLE "$folder/log")"
    sed -n '/^<pre>/,/<\/pre>/p' "$folder/dom" | sed 's/<[/]*pre>//g' |
      sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >"$folder/found"
    for width in 1000 320; do
      printf 'width %d\nscheme %s\n' "$width" "$scheme"
      cat "$folder/$page.expected"
      echo "faults none"
    done >"$folder/wanted"
    diff "$folder/wanted" <(grep -v '^$' "$folder/found" | sed '/^<script>/,$d') ||
      fail "$page, $scheme: not what is wanted (<), but what is found (>)."
    echo "$page, $scheme: as wanted"
  done
done

browser --print-to-pdf="$folder/many.pdf" "file://$folder/many.html"
pages=$(pdfinfo "$folder/many.pdf" | awk '/^Pages/ { print $2 }')
[ "$pages" -le 3 ] || fail "many: $pages pages of paper, though most rows are folded."
echo "many, on $pages pages of paper: as wanted"
