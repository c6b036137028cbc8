import type { PlainPage } from './plainBrowser.ts';

/** Waits until the pane of `host` is a shell that answers; leaves the focus in it. */
export async function enterTerminal(page: PlainPage, id: string): Promise<void> {
  await page.click(`Terminal ${id}`);
  await typeLine(page, `bash --norc --noprofile`);
  await typeLine(page, `PS1='P\\#> '; clear`);
  // \\# counts commands: the one that set the prompt was the first.
  await waitForText(page, id, 'P2> ');
}

export async function typeLine(page: PlainPage, text: string): Promise<void> {
  await page.type(text);
  await page.press('Enter');
}

/** Resolves, in the page, with the time at which `text` stood in the terminal's rows (performance.now()). */
export function waitForText(page: PlainPage, id: string, text: string, timeoutMs = 120_000): Promise<number> {
  return page.evaluate(`(${waitInPage.toString()})(${JSON.stringify({ id, text, timeoutMs })})`);
}

/** Runs in the page. */
function waitInPage({
  id,
  text,
  timeoutMs,
}: {
  id: string;
  text: string;
  timeoutMs: number;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    const rows = document.querySelector(`[aria-label="Terminal ${id}"] .xterm-rows`);
    if (!rows) {
      reject(new Error(`no terminal ${id}`));
      return;
    }
    // Told of each drawing; asking for frames would make the page draw more than a person's does.
    const observer = new MutationObserver(look);
    const bound = setTimeout(() => finish(() => reject(new Error(`${text} did not appear`))), timeoutMs);
    function finish(settle: () => void) {
      observer.disconnect();
      clearTimeout(bound);
      settle();
    }
    function look() {
      // xterm pads with no-break spaces where it must keep a cell.
      if (rows?.textContent?.replaceAll('\u00a0', ' ').includes(text))
        finish(() => resolve(performance.now()));
    }
    observer.observe(rows, { childList: true, characterData: true, subtree: true });
    look();
  });
}
