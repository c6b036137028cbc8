import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, type Locator, type Page, test } from '@playwright/test';
import headless from '@xterm/headless';
import { type Lab, startLab } from '../lab/lab.ts';
import { paste, prefix, screenOf, terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** A pane is a terminal: what programs ask of one, and the programs that ask the most, driven by keys over ssh. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

let lab: Lab;
let workbench: Workbench;
let page: Page;
let commands = 0;

const terminal = () => terminalOf(page, 'web1');
const windows = () => page.getByRole('tablist', { name: 'Windows' }).getByRole('tab');
const rows = () => terminal().locator('.xterm-rows');

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 1 });
  workbench = await openWorkbench(browser, lab.workspaceYaml);
  page = workbench.page;
  await terminal().click();
  // Its prompt is only whole once that shell prints it: not in the echo of this line.
  // In the C locale, which it has where the tests have none, readline takes the bytes of a character for keys.
  await page.keyboard.type(`exec env LC_ALL=C.UTF-8 PS1='rea''dy> ' bash --norc --noprofile\n`);
  await expect(rows()).toContainText('ready>');
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

/** Types a line on a clear screen and waits until its shell is back. */
async function run(line: string): Promise<string[]> {
  commands++;
  await page.keyboard.type(`clear; ${line}; echo "done-$((${commands}+100))"\n`);
  await expect(rows()).toContainText(`done-${commands + 100}`);
  return screenOf(terminal());
}

test.describe('what programs ask of a terminal', () => {
  test('wide characters, emoji and combining marks take the cells that programs count on', async () => {
    const column = (text: string) =>
      `printf '${text}'; IFS=';' read -rsdR -p $'\\e[6n' _ C; printf '\\r\\e[K%s\\n' "column $C"`;
    for (const [text, cells] of [
      ['漢字', 4],
      ['👍🏽', 2],
      ['e\u0301', 1],
      ['ｶ', 1],
      ['┌─┐', 3],
    ] as const)
      expect(await run(column(text)), text).toContain(`column ${cells + 1}`);
  });

  test('the font is the one that is shipped: tabular, without ligatures', async () => {
    await run(`printf 'iiiiiiiiii|\\nWWWWWWWWWW|\\n=>!==-->//|\\n'`);
    const widths = await rows().evaluate((element) => {
      const width = (text: string) => {
        const row = [...element.children].find((one) => one.textContent?.startsWith(text));
        const range = document.createRange();
        if (row) range.selectNodeContents(row);
        return Math.round(range.getBoundingClientRect().width * 10);
      };
      const style = getComputedStyle(element);
      return {
        widths: [width('iiiiiiiiii|'), width('WWWWWWWWWW|'), width('=>!==-->//|')],
        ligatures: style.fontVariantLigatures,
        shipped: [...document.fonts].some(
          (font) => font.family.includes('JetBrains Mono') && font.status === 'loaded',
        ),
        family: style.fontFamily,
      };
    });
    expect(new Set(widths.widths).size).toBe(1);
    expect(widths).toMatchObject({ ligatures: 'none', shipped: true });
    expect(widths.family).toContain('JetBrains Mono');
  });

  test('24-bit colour is drawn as it was sent', async () => {
    await run(`printf '\\e[38;2;18;52;86mtrue\\e[0m\\n'`);
    const colour = await rows()
      .locator('span', { hasText: /^true$/ })
      .first()
      .evaluate((span) => getComputedStyle(span).color);
    expect(colour).toBe('rgb(18, 52, 86)');
  });

  test('a paste is bracketed where the program asked for that, and shown first where it did not', async () => {
    await page.keyboard.type(
      `clear; printf '\\e[?2004h'; echo asked-$((1+1)); cat -v; printf '\\e[?2004l'\n`,
    );
    await expect(rows()).toContainText('asked-2');
    await paste(page, 'two\nlines');
    await page.keyboard.press('Control+d');
    await page.keyboard.press('Control+d');
    await expect(rows()).toContainText('^[[200~two');
    await expect(rows()).toContainText('lines^[[201~');
    await run('bind "set enable-bracketed-paste off"');
    await paste(page, 'echo one-$((1+1))\necho three-$((1+3))\n');
    const sheet = page.getByRole('dialog', { name: /Paste 2 lines into web1/ });
    await expect(sheet).toContainText('echo three-$((1+3))');
    await sheet.getByRole('button', { name: /^Paste 2 lines/ }).click();
    await expect(rows()).toContainText('three-4');
  });

  test('the mouse is reported to a program that asks for it', async () => {
    await page.keyboard.type(`clear; printf '\\e[?1000h\\e[?1006h'; echo asked-$((1+2)); cat -v\n`);
    await expect(rows()).toContainText('asked-3');
    const box = await terminal().locator('.xterm-screen').boundingBox();
    if (!box) throw new Error('no screen');
    await page.mouse.click(box.x + 40, box.y + 40);
    await page.keyboard.press('Enter');
    await expect(rows()).toContainText(/\^\[\[<0;\d+;\d+M/);
    await page.keyboard.press('Control+c');
    await page.keyboard.type(`printf '\\e[?1000l\\e[?1006l'\n`);
    await run('true');
  });

  test('a bell is a quiet mark on its pane, and on the tab of its window', async () => {
    const tty = (await run('tty')).find((line) => line.startsWith('/dev/'));
    await prefix(page, 'c');
    await expect(windows()).toHaveCount(2);
    await lab.host('web1').exec(['sh', '-c', `printf '\\a' > ${tty}`]);
    await expect(windows().first()).toContainText('!');
    await prefix(page, 'Alt+n');
    await expect(windows().first()).toHaveAttribute('aria-selected', 'true');
    await expect(windows().first()).not.toContainText('!');
    await prefix(page, '&');
    await page.keyboard.press('n');
    await prefix(page, '1');
    await prefix(page, '&');
    await page.keyboard.press('y');
    await expect(windows()).toHaveCount(0);
  });

  test('text gets larger and smaller by keys, and stays so', async () => {
    const size = () =>
      terminal()
        .locator('.xterm-rows')
        .evaluate((rows) => Number.parseFloat(getComputedStyle(rows).fontSize));
    const before = await size();
    await page.keyboard.press('Control+=');
    await page.keyboard.press('Control+=');
    await expect.poll(size).toBeGreaterThan(before + 1);
    const larger = await size();
    await page.reload();
    await expect(terminal()).toBeVisible();
    await expect.poll(size).toBe(larger);
    await terminal().click();
    await page.keyboard.press('Control+0');
    await expect.poll(size).toBe(before);
  });

  test('the wheel goes on into the recording where the terminal forgets, and comes back', async () => {
    await run('seq 1 9000');
    const box = await terminal().locator('.xterm-screen').boundingBox();
    const bar = await terminal().locator('.scrollbar.vertical').boundingBox();
    if (!box || !bar) throw new Error('no screen');
    const first = async () => Number((await screenOf(terminal()))[0]);
    await page.mouse.move(box.x + 40, box.y + 40);
    await page.mouse.wheel(0, -100);
    await page.mouse.click(bar.x + bar.width / 2, bar.y + 2);
    // The terminal's first row is not the first that was printed.
    await expect.poll(first).toBeLessThan(5000);
    const top = await first();
    expect(top).toBeGreaterThan(3000);
    await page.mouse.move(box.x + 40, box.y + 40);
    await page.mouse.wheel(0, -100);
    const view = page.getByRole('textbox', { name: 'Scrollback web1' });
    // Three rows before it, and it is still in view.
    await expect(view.getByText(`${top - 3}`, { exact: true })).toBeVisible();
    await expect(view.getByText(`${top}`, { exact: true })).toBeVisible();
    await page.keyboard.press('g');
    // The first row of all, though the screen has been cleared many times since.
    await expect(view).toContainText('bash --norc --noprofile');
    await page.keyboard.press('G');
    await page.mouse.wheel(0, 2_000);
    await expect(view).toHaveCount(0);
    await expect(rows()).toContainText('ready>');
  });

  test('copy mode jumps to characters, and copies a rectangle of cells as they stand in the terminal', async () => {
    await run(`printf '%s\\n' 'PID  COMMAND  USER' '1    漢字漢字 root' '22   👍🏽x      app'`);
    const left = (within: Locator, text: string) =>
      within.evaluate((element, wanted) => {
        const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        const range = document.createRange();
        while (nodes.nextNode()) {
          const at = nodes.currentNode.textContent?.indexOf(wanted) ?? -1;
          if (at < 0) continue;
          range.setStart(nodes.currentNode, at);
          return Math.round(range.getBoundingClientRect().left);
        }
        return undefined;
      }, text);
    await prefix(page, '[');
    const view = page.getByRole('textbox', { name: 'Scrollback web1' });
    await expect(view).toContainText('app');
    expect(await left(view, 'root')).toBe(await left(rows(), 'root'));
    // To the table's first row, whatever prompt is below it, and to its third column.
    await page.keyboard.type('?PID');
    await page.keyboard.press('Enter');
    await expect(view.locator('[data-mark="cursor"]')).toHaveText('P');
    await page.keyboard.type('fUhh');
    await page.keyboard.press('Control+v');
    await page.keyboard.type('5ljj');
    await expect(view.getByRole('status')).toContainText('v characters');
    await expect(view.locator('[data-mark="selection"], [data-mark="cursor"]')).toHaveText([
      '  USER',
      ' root',
      '  app',
      ' ',
    ]);
    await page.screenshot({ path: 'e2e/results/copy-rectangle.png' });
    await page.keyboard.press('y');
    await expect(view).toHaveCount(0);
    await prefix(page, ']');
    const sheet = page.getByRole('dialog', { name: /Paste 3 lines into web1/ });
    await expect(sheet.locator('pre')).toHaveText('  USER\n root\n  app', { useInnerText: true });
    await page.keyboard.press('Escape');
  });

  test('a pane without room for two is not split, and that is said', async () => {
    const panes = () => page.locator('article').filter({ visible: true });
    await page.setViewportSize({ width: 560, height: 720 });
    await prefix(page, '%');
    await expect(panes()).toHaveCount(2);
    await prefix(page, '%');
    await expect(page.getByText('This pane is too small to be split.')).toBeVisible();
    await expect(panes()).toHaveCount(2);
    await prefix(page, 'x', 'y');
    await expect(panes()).toHaveCount(1);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a link opens only when asked, after its true address was shown', async () => {
    await run(`printf '\\e]8;;https://evil.example/x\\e\\\\https://bank.example/\\e]8;;\\e\\\\\\n'`);
    const link = rows().getByText('https://bank.example/').first();
    const opened: string[] = [];
    page.on('popup', (popup) => void opened.push(popup.url()));
    const box = await link.boundingBox();
    if (!box) throw new Error('no link');
    await page.mouse.move(box.x + 5, box.y + 5);
    await page.mouse.move(box.x + 40, box.y + box.height / 2, { steps: 3 });
    await expect(terminal().locator('.xterm-screen')).toHaveCSS('cursor', 'pointer');
    await page.mouse.click(box.x + 40, box.y + box.height / 2);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.keyboard.down('Control');
    await page.mouse.click(box.x + 40, box.y + box.height / 2);
    await page.keyboard.up('Control');
    const sheet = page.getByRole('dialog', { name: 'Open this link?' });
    await expect(sheet).toContainText('https://evil.example/x');
    await expect(sheet).toContainText('Its text says something else: https://bank.example/');
    await page.keyboard.press('Escape');
    await expect(sheet).toHaveCount(0);
    await prefix(page, 'u');
    await expect(sheet).toContainText('https://evil.example/x');
    await expect(sheet).toContainText('Its text says something else: https://bank.example/');
    await page.keyboard.press('Escape');
    await expect(sheet).toHaveCount(0);
    expect(opened).toEqual([]);
  });

  test('a link that goes over several rows is listed whole, and opens with the brackets of its own', async () => {
    const path = 'x'.repeat(300);
    await run(`printf '(https://a.example/%s_(y))\\n' ${path}`);
    await prefix(page, 'u');
    const sheet = page.getByRole('dialog', { name: /Open (this|a) link\?/ });
    await expect(sheet).toContainText(`https://a.example/${path}_(y)`);
    await page.keyboard.press('Escape');
    await expect(terminal().locator('textarea')).toBeFocused();
    await run(`printf 'http://[::1]:8080/a_(b).\\n'`);
    const box = await rows().getByText('http://[::1]:8080/').first().boundingBox();
    if (!box) throw new Error('no link');
    const cell = box.height / 2.2;
    await page.mouse.move(box.x + 2 * cell, box.y + box.height / 2, { steps: 3 });
    await expect(terminal().locator('.xterm-screen')).toHaveCSS('cursor', 'pointer');
    await page.keyboard.down('Control');
    await page.mouse.click(box.x + 2 * cell, box.y + box.height / 2);
    await page.keyboard.up('Control');
    await expect(page.getByRole('dialog', { name: 'Open this link?' })).toContainText(
      'http://[::1]:8080/a_(b)',
    );
    await page.keyboard.press('Escape');
  });
});

test.describe('full-screen programs', () => {
  test.beforeEach(async () => {
    await run('echo before-the-program');
  });
  test.afterEach(async () => {
    // What stood there is back: the program drew on the alternate screen.
    await expect(rows()).toContainText('before-the-program');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('vim edits, follows a resize, and saves', async () => {
    await page.keyboard.type('vim -u NONE -N /tmp/edited.txt\n');
    await expect(rows()).toContainText('~');
    await expect(rows()).not.toContainText('before-the-program');
    await page.keyboard.type('ifirst line');
    await page.keyboard.press('Enter');
    await page.keyboard.type('second');
    await page.keyboard.press('Escape');
    await page.keyboard.type('ggyyGp:set ruler\n');
    await expect(rows()).toContainText('3,1');
    const before = (await screenOf(terminal())).length;
    await page.setViewportSize({ width: 1280, height: 1000 });
    await expect.poll(async () => (await screenOf(terminal())).length).toBeGreaterThan(before);
    await expect.poll(async () => (await screenOf(terminal())).at(-1)).toContain('3,1');
    await page.keyboard.type(':wq\n');
    await expect(rows()).toContainText('before-the-program');
    expect((await lab.host('web1').exec('cat /tmp/edited.txt')).stdout).toBe(
      'first line\nsecond\nfirst line\n',
    );
  });

  test('less pages, searches and goes to the end', async () => {
    await page.keyboard.type('seq 1 5000 | less\n');
    await expect.poll(async () => (await screenOf(terminal()))[0]).toBe('1');
    await page.keyboard.press('Space');
    await expect.poll(async () => Number((await screenOf(terminal()))[0])).toBeGreaterThan(2);
    await page.keyboard.type('/^4321\n');
    await expect.poll(async () => (await screenOf(terminal()))[0]).toBe('4321');
    await page.keyboard.press('G');
    await expect(rows()).toContainText('5000');
    await expect(rows()).toContainText('(END)');
    await page.keyboard.press('q');
  });

  test('top and htop draw, follow a resize, and take their keys', async () => {
    await page.keyboard.type('top -d 1\n');
    await expect(rows()).toContainText('load average');
    await expect(rows()).toContainText('PID USER');
    // It draws on the normal screen, and leaves what it drew.
    await page.keyboard.press('q');
    await expect.poll(async () => (await screenOf(terminal())).findLast(Boolean)).toBe('ready>');
    await page.keyboard.type('clear; echo before-the-program; htop\n');
    await expect(rows()).toContainText('F10Quit');
    const last = async () => (await screenOf(terminal())).at(-1);
    await page.keyboard.press('F1');
    await expect(rows()).toContainText('Released under the GNU');
    await page.keyboard.press('q');
    await expect.poll(last).toContain('F10Quit');
    const before = (await screenOf(terminal())).length;
    await page.setViewportSize({ width: 1280, height: 1000 });
    await expect.poll(async () => (await screenOf(terminal())).length).toBeGreaterThan(before);
    await expect.poll(last).toContain('F10Quit');
    await page.keyboard.press('F10');
  });

  test('tmux runs in a pane, under its own prefix given twice', async () => {
    await page.keyboard.type('tmux -f /dev/null -L spec new -s inner\n');
    const status = async () => (await screenOf(terminal())).at(-1);
    await expect.poll(status).toContain('[inner]');
    await prefix(page, 'Control+b', '%');
    await expect(rows()).toContainText('│');
    await page.keyboard.type('echo inner-$((40+2))\n');
    await expect(rows()).toContainText('inner-42');
    await page.setViewportSize({ width: 1280, height: 1000 });
    await expect.poll(status).toContain('[inner]');
    await prefix(page, 'Control+b', 'd');
    await expect(rows()).toContainText('detached');
    await page.keyboard.type('tmux -L spec kill-server\n');
  });
});

test('the sheet of keys has every group under its heading, in one column', async () => {
  for (const [width, height] of [
    [1280, 800],
    [2560, 1440],
  ] as const) {
    await page.setViewportSize({ width, height });
    await prefix(page, '?');
    const sheet = page.getByRole('dialog', { name: 'Keys' });
    await expect(sheet.getByRole('heading', { name: 'Copy mode' })).toBeVisible();
    const columns = await sheet
      .locator('section')
      .evaluateAll((groups) =>
        groups.map((group) => new Set(Array.from(group.getClientRects(), ({ left }) => left)).size),
      );
    expect(columns.length).toBeGreaterThan(5);
    expect(new Set(columns)).toEqual(new Set([1]));
    await page.keyboard.press('Escape');
    await expect(terminal().locator('textarea')).toBeFocused();
  }
  await page.setViewportSize({ width: 1280, height: 720 });
});

test('the recording ends, in asciinema’s own tools, with the screen that the pane has', async ({
  browser,
}) => {
  const picture = [
    // No lines of boxes: the player draws them as pictures, not as text.
    '\\e[1;33mbold\\e[0m 漢字 é§',
    '\\e[7minverse\\e[0m',
    'one\\rtwo',
    '\\e[5;10Hplaced\\e[7;1H',
    'wrapped-'.repeat(40),
  ].join('\\n');
  await run(`printf '${picture}\\n'`);
  const live = await screenOf(terminal());
  const cast = join(workbench.fireline.home, castFile(workbench.fireline.home));
  // What is printed is on disk within a second.
  const whole = new RegExp(`done-${commands + 100}[^]*ready> `);
  await expect.poll(() => whole.test(readFileSync(cast, 'utf8'))).toBe(true);
  const text = readFileSync(cast, 'utf8');

  // `asciinema cat`: all the output, as a terminal of the same size takes it.
  const out = join(workbench.fireline.home, 'printed');
  // It wants a terminal of its own, whatever it writes to.
  execFileSync('script', ['-qec', `asciinema cat '${cast}' > '${out}'`, '/dev/null'], { stdio: 'ignore' });
  const printed = readFileSync(out);
  const columns = Number([...text.matchAll(/,\s*"r",\s*"(\d+)x\d+"\]$/gm)].at(-1)?.[1]);
  const size = { cols: columns, rows: live.length };
  const replayed = new headless.Terminal({ ...size, scrollback: 1000, allowProposedApi: true });
  await new Promise<void>((resolve) => replayed.write(printed, resolve));
  const { active } = replayed.buffer;
  const screen = Array.from(
    { length: size.rows },
    (_, n) =>
      active
        .getLine(active.baseY + n)
        ?.translateToString(true)
        .trimEnd() ?? '',
  );
  replayed.dispose();
  expect(screen).toEqual(live);

  // The player: its parser of the file and its own terminal.
  const player = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
  const require = createRequire(import.meta.url);
  await player.route('http://player.invalid/**', (route) =>
    route.request().url().endsWith('.cast')
      ? route.fulfill({ body: text, contentType: 'application/x-asciicast' })
      : route.fulfill({ body: '<!doctype html><div id="player"></div>', contentType: 'text/html' }),
  );
  await player.goto('http://player.invalid/');
  await player.addScriptTag({
    path: require.resolve('asciinema-player/dist/bundle/asciinema-player.min.js'),
  });
  await player.evaluate(async () => {
    const { AsciinemaPlayer } = globalThis as unknown as {
      AsciinemaPlayer: {
        create(
          source: string,
          into: Element | null,
          options: object,
        ): { play(): Promise<void>; seek(to: string): Promise<void> };
      };
    };
    const into = document.getElementById('player');
    const made = AsciinemaPlayer.create('http://player.invalid/pane.cast', into, {
      preload: true,
      fit: false,
    });
    await made.play();
    await made.seek('100%');
  });
  const played = () =>
    player.evaluate(() =>
      [...document.querySelectorAll('.ap-line')].map((line) =>
        (line.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd(),
      ),
    );
  await expect.poll(played).toEqual(live);
  await player.close();
});

function castFile(home: string): string {
  const casts = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.cast'),
  );
  const largest = casts
    .map((name) => ({ name, size: readFileSync(join(home, name)).length }))
    .reduce((a, b) => (b.size > a.size ? b : a), { name: '', size: -1 });
  return largest.name;
}

/** As the browser's own menu pastes. */
