import type { Locator, Page } from '@playwright/test';

/** The terminals of a host that can be seen. */
export function terminalOf(page: Page, host: string): Locator {
  return page.getByLabel(`Terminal ${host}`, { exact: true }).filter({ visible: true });
}

/** What stands on a terminal's screen, a line a row, without the space behind it. */
export function screenOf(terminal: Locator): Promise<string[]> {
  return terminal
    .locator('.xterm-rows')
    .first()
    .evaluate((rows) =>
      Array.from(rows.children, (row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd()),
    );
}

/** tmux's prefix, then keys. */
export async function prefix(page: Page, ...keys: string[]): Promise<void> {
  await page.keyboard.press('Control+b');
  for (const key of keys) await page.keyboard.press(key);
}

/** Into what has the focus, as from the clipboard. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, text);
}
