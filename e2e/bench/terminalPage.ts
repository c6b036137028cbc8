import type { Page } from '@playwright/test';
import type { WebHost } from '../specs/webHost.ts';

/** Opens Fireline and waits until the pane of `host` is a shell that answers; leaves the focus in it. */
export async function openTerminal(page: Page, host: WebHost, id: string): Promise<void> {
  await page.goto(host.url);
  const terminal = page.getByLabel(`Terminal ${id}`, { exact: true });
  await terminal.click();
  await typeLine(page, `bash --norc --noprofile`);
  await typeLine(page, `PS1='P\\#> '; clear`);
  // \\# counts commands: the one that set the prompt was the first.
  await waitForText(page, id, 'P2> ');
}

export async function typeLine(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** Resolves, in the page, with the time at which `text` stood in the terminal's rows (performance.now()). */
export function waitForText(page: Page, id: string, text: string, timeoutMs = 120_000): Promise<number> {
  return page.evaluate(
    ({ label, text, timeoutMs }) =>
      new Promise<number>((resolve, reject) => {
        const rows = document.querySelector(`[aria-label="${label}"] .xterm-rows`);
        if (!rows) return reject(new Error(`no terminal ${label}`));
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
      }),
    { label: `Terminal ${id}`, text, timeoutMs },
  );
}
