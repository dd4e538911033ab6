# Doxygen's filter of a Markdown page, run in the root of the project. Doxygen 1.9 knows neither
# GitHub's ids of headings nor links to examples, nor `code` as a link's text:
# - a heading gets an id of its own, of the page's path and GitHub's id;
# - a link to a heading leads to that id, and a link to an example to Doxygen's page of its code.
# - a picture is beside the page.
# A link's text must stand on one line.

function id_of(page, heading) {
  heading = tolower(heading)
  gsub(/[^a-z0-9 _-]/, "", heading)
  gsub(/ /, "-", heading)
  gsub(/[^A-Za-z0-9]/, "_", page)
  return page "_" heading
}

# A path relative to this page's folder, from the project's root.
function from_root(path) {
  path = folder path
  while (sub(/[^\/]+\/\.\.\//, "", path)) {}
  return path
}

function with_links(line,   done, text, target, page, anchor) {
  while (match(line, /\[[^][]*\]\([^() ]*(\.md|#|\.cpp)[^() ]*\)/)) {
    done = done substr(line, 1, RSTART - 1)
    text = target = substr(line, RSTART + 1, RLENGTH - 2)
    line = substr(line, RSTART + RLENGTH)
    sub(/\]\(.*/, "", text)
    sub(/.*\]\(/, "", target)
    gsub(/`/, "", text)
    if (target ~ /\.cpp$/) {
      sub(/.*\//, "@ref ", target)
      sub(/^[^@]/, "@ref &", target)
    } else if (target ~ /#/ && target !~ /^https?:/) {
      page = anchor = target
      sub(/#.*/, "", page)
      sub(/.*#/, "", anchor)
      target = "@ref " id_of(page == "" ? this_page : from_root(page), anchor)
    }
    done = done "[" text "](" target ")"
  }
  return done line
}

FNR == 1 {
  this_page = FILENAME
  sub("^" ENVIRON["PWD"] "/", "", this_page)
  folder = this_page
  sub(/[^\/]*$/, "", folder)
}
/^ *```/ { in_code = !in_code }
in_code { print; next }
/^##+ / {
  heading = $0
  sub(/^#+ /, "", heading)
  print $0 " {#" id_of(this_page, heading) "}"
  next
}
{
  sub(/<img src="[^"]*\//, "<img src=\"")
  print with_links($0)
}
