#!/usr/bin/env bash
# The page that `serry scale` makes, of word count and of a sort over 1, 2 and 4 ranks, looked at in a real
# browser: every plot is there, and every text of it lies within it.
#
#   tests/tool/scale_page_test.sh BUILD_DIR
set -euo pipefail
apps=$(realpath "$1")/apps
if ! command -v chromium >/dev/null; then
    echo "chromium is not installed: skipped"
    exit 77
fi
dir=$(mktemp -d /tmp/serry-page-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

fail() { echo "FAILED: $1" >&2 && exit 1; }

awk 'BEGIN { srand(8); for (i = 0; i < 300000; ++i) printf "word%d%s", rand() * rand() * 9000, i % 9 ? " " : "\n" }' >words
awk 'BEGIN { srand(9); for (i = 0; i < 20000; ++i) printf "%010d%089d\n", rand() * 1e9, i }' >records

# look PAGE: what a browser makes of it, as PLOTS/WHAT IS WRONG.
look() {
    cat "$1" - >looked.html <<'END'
<script>
const wrong = [];
const plots = document.querySelectorAll('svg');
for (const plot of plots) {
    const title = plot.querySelector('title').textContent, frame = plot.getBoundingClientRect();
    if (frame.width < 300 || frame.height < 150) wrong.push(title + ' is too small');
    if (plot.querySelectorAll('.axis').length != 2) wrong.push(title + ' has no labels on its axes');
    if (!plot.querySelector('circle, rect[height]:not([height="10"])')) wrong.push(title + ' shows nothing');
    const visible = getComputedStyle(plot.querySelector('text')).fill;
    if (visible == getComputedStyle(document.body).backgroundColor) wrong.push(title + ' is invisible');
    for (const text of plot.querySelectorAll('text')) {
        const box = text.getBoundingClientRect();
        if (box.width == 0 || box.left < frame.left || box.right > frame.right + 1 || box.top < frame.top ||
            box.bottom > frame.bottom)
            wrong.push(title + ': ' + text.textContent + ' is not within it');
    }
}
document.body.textContent = 'LOOKED ' + plots.length + '/' + wrong.join('; ') + '.';
</script>
END
    # Its sandbox does not run as root; the page is ours.
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$dir/chromium" --window-size=1200,2000 \
        --dump-dom "file://$dir/looked.html" 2>browser.log | grep -o 'LOOKED [^<]*' ||
        fail "the browser shows nothing: $(tail browser.log)"
}

"$apps/serry" scale --shapes 1,2,4 --repeats 2 --output words.scaling -- "$apps/word_count" words --output counts --overwrite
"$apps/serry" scale --shapes 1,2,4 --repeats 2 --output sort.scaling -- "$apps/tera_sort" records --output sorted --overwrite
for series in words sort; do
    seen=$(look $series.scaling/report.html)
    [[ $seen == "LOOKED 6/." ]] || fail "$series: $seen"
done
# That the browser would have told.
sed 's/<text x="[0-9.]*"/<text x="9000"/' words.scaling/report.html >broken.html
[[ $(look broken.html) == *"Time: ranks is not within it"* ]] || fail "what lies outside is not seen: $(look broken.html)"
sed 's/<circle/<nothing/' words.scaling/report.html >broken.html
[[ $(look broken.html) == *"Speed-up shows nothing"* ]] || fail "what is not there is not seen: $(look broken.html)"
echo "the pages of word count and of a sort: six plots each, labelled"
