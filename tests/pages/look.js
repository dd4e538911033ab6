// Writes what each frame shows, a line a fact, for check_pages.sh to compare.
window.onload = () => {
  const lines = [];
  for (const frame of document.querySelectorAll('iframe')) {
    const page = frame.contentDocument;
    const all = (selector) => [...page.querySelectorAll(selector)];
    const box = (element) => element.getBoundingClientRect();
    const faults = [];
    const require = (holds, fault) => holds || faults.push(fault);

    const rows = all('tbody tr');
    const bars = all('.bars .score rect:not(.zero)');
    const [red] = frame.contentWindow.getComputedStyle(page.body).backgroundColor.match(/\d+/);
    lines.push(`width ${frame.contentWindow.innerWidth}`, `scheme ${red > 127 ? 'light' : 'dark'}`);
    lines.push(`bars ${bars.length}`, `rows ${rows.length}`);
    lines.push(`hidden ${rows.filter((row) => !row.checkVisibility()).length}`);
    lines.push(`lines ${all('.line').filter((line) => box(line).width > 50).length}`);
    lines.push(`dots ${all('.since').length}`, `names ${all('.names b').length}`);
    lines.push(`cells ${all('.map rect').filter((cell) => box(cell).width > 3).length}`);
    lines.push(`first ${page.querySelector('tbody th').textContent}`);

    const fits = () => page.documentElement.scrollWidth <= page.documentElement.clientWidth;
    require(fits(), 'the page is wider than its window');
    require(all('script, img, iframe, link, i, tbody b').length === 0, 'a text became an element');
    require(window.evil === undefined, 'a script ran');
    require(all('table').every((table) => table.caption && table.tHead), 'a table has no caption');
    require(rows.every((row) => row.cells[0].scope === 'row'), 'a row has no name');
    require(rows.every((row) => row.cells.length === page.querySelector('thead tr').cells.length),
            'a row has more or fewer cells than titles');

    // No word of a title is broken.
    for (const title of all('thead th')) {
      const range = page.createRange();
      range.selectNodeContents(title);
      const lines = new Set([...range.getClientRects()].map((line) => line.top));
      require(lines.size <= title.textContent.split(' ').length, `${title.textContent} is broken`);
    }

    // The bars are as long as their scores say, and all begin or end at 0.
    const score = (bar) => Number(bar.closest('td').querySelector('span').textContent);
    const scale = Math.max(...bars.map((bar) => box(bar).width / Math.abs(score(bar) || Infinity)));
    for (const bar of bars) {
      require(Math.abs(box(bar).width - scale * Math.abs(score(bar))) < 1, `a bar of ${score(bar)}`);
      require(box(bar).height > 5, 'a bar without height');
    }
    const zeros = bars.map((bar) => (score(bar) < 0 ? box(bar).right : box(bar).left));
    require(Math.max(...zeros) - Math.min(...zeros) < 1, 'the bars do not begin at one place');

    // No name covers another, and all stand beside the chart.
    const names = all('.names b').map(box).sort((a, b) => a.top - b.top);
    names.forEach((name, i) => {
      require(i === 0 || name.top >= names[i - 1].bottom - 2, 'names in the chart overlap');
      require(name.right <= page.documentElement.clientWidth, 'a name leaves the page');
    });
    const drawn = all('.chart .x').filter((tick) => tick.checkVisibility());
    const ticks = drawn.map(box).sort((a, b) => a.left - b.left);
    ticks.forEach((tick, i) => require(i === 0 || tick.left > ticks[i - 1].right, 'ticks overlap'));

    for (const details of all('details')) details.open = true;
    require(rows.every((row) => row.checkVisibility()), 'a row cannot be unfolded');
    require(fits(), 'the unfolded page is wider than its window');
    lines.push(`faults ${[...new Set(faults)].join('; ') || 'none'}`);
  }
  document.querySelector('pre').textContent = '\n' + lines.join('\n') + '\n';
};
