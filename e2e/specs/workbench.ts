import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test';
import { startWebHost, type WebHost } from './webHost.ts';

/** The web host with a workspace of its own, and a page that shows it. */
export interface Workbench {
  fireline: WebHost;
  page: Page;
  /** Waits until the fleet says of each host that its link is good. */
  seeGoodLinks(hosts: readonly { id: string }[]): Promise<void>;
  /** Through the palette, by the first that the words find. */
  doAnything(words: string): Promise<void>;
  /** In the export dialog that is open. Gives the report's HTML. */
  exportReport(): Promise<string>;
  /** Ends both, and removes the workspace and its record. */
  close(): Promise<void>;
}

/** @param workspace the text of a workspace file */
export async function openWorkbench(
  browser: Browser,
  workspace: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Workbench> {
  const home = await mkdtemp(join(tmpdir(), 'fireline-home-'));
  const file = join(home, 'workspace.yaml');
  await writeFile(file, workspace);
  const fireline = await startWebHost({ workspace: file, home, environment });
  // A context of its own: what looks at a page from outside, as axe does, opens others beside it.
  const context = await browser.newContext();

  async function close(): Promise<void> {
    await context.close();
    await fireline.stop();
    await rm(home, { recursive: true, force: true });
  }

  try {
    const page = await context.newPage();
    await page.goto(fireline.url);
    return { fireline, page, ...handsOn(page), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What any page of the context asks or says in a box of the browser's own, from now on: where text acts, it is here. */
export function collectAlerts(context: BrowserContext): string[] {
  const alerts: string[] = [];
  context.on('dialog', (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  return alerts;
}

function handsOn(page: Page): Pick<Workbench, 'seeGoodLinks' | 'doAnything' | 'exportReport'> {
  return {
    async seeGoodLinks(hosts) {
      for (const { id } of hosts)
        await expect(page.getByRole('option', { name: new RegExp(`link good ${id}\\b`) })).toBeVisible({
          timeout: 45_000,
        });
    },
    async doAnything(words) {
      await page.getByRole('button', { name: 'Search or do anything' }).click();
      await page.getByPlaceholder('Search or do anything').fill(words);
      await page.keyboard.press('Enter');
    },
    async exportReport() {
      const download = page.waitForEvent('download');
      await page.getByRole('dialog').getByRole('button', { name: 'Export report' }).click();
      return readFile(await (await download).path(), 'utf8');
    },
  };
}
